"""Pictures that someone gave a network: each as given, as the network sees it, and what it says."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from mnist_lab.plots.style import BLUE, GREY, INK, ORANGE, WIDTH, headline, new_figure, styled, wrapped

MOST = 12  # pictures in a figure
BARS = 10  # classes that a panel of bars has room for
ROW, GAP, TOP, FOOT = 1.5, 0.42, 0.68, 0.12  # inches
WARNED = 0.22  # inches more beneath a row with a warning
SAID = 0.005  # the least probability whose number is written


@styled
def given(
    pictures: Sequence[ArrayLike],
    shown: Sequence[ArrayLike],
    probabilities: ArrayLike,
    classes: Sequence[str],
    *,
    names: Sequence[str],
    title: str,
    warnings: Sequence[str | None] | None = None,
) -> Figure:
    """A row for each picture, at most 12: as given, as the network sees it, the probabilities as bars.

    Args:
        pictures: uint8, (h, w), (h, w, 1) or (h, w, 3) each, of any size.
        shown: what was made of them, of one size.
        probabilities: (n, classes).
        classes: the classes' names; of more than ten the most probable ones are drawn.
        names: what each picture is called.
        title: one line about the network.
        warnings: why the answer to a picture is doubtful, or None, for each; written beneath its images.
    """
    rows = min(len(names), MOST)
    more = f" (the first {rows} of {len(names)} pictures)" if rows < len(names) else ""
    gap, foot = (space + WARNED * any((warnings or [])[:rows]) for space in (GAP, FOOT))
    height = TOP + rows * ROW + (rows - 1) * gap + foot
    figure = new_figure(WIDTH, height, layout="none")
    headline(figure, title + more, width=62)
    figure.suptitle(
        figure.get_suptitle(), x=0.012, y=1 - 0.1 / height, va="top", ha="left", weight="bold", fontsize=10.5
    )
    longest = min(14, max(len(str(name)) for name in classes))
    grid = figure.add_gridspec(
        rows, 4, left=0.03, right=0.88, top=1 - TOP / height, bottom=foot / height, hspace=gap / ROW, wspace=0.1,
        width_ratios=(1, 1, 0.04 * longest, 1.15 - 0.02 * longest),
    )  # fmt: skip
    for row, values in enumerate(np.asarray(probabilities, dtype=np.float64)[:rows]):
        as_given, as_seen, bars = (figure.add_subplot(grid[row, column]) for column in (0, 1, 3))
        best = int(values.argmax())
        _image(as_given, pictures[row], _shortened(names[row]))
        _image(as_seen, shown[row], "as the network sees it")
        _bars(bars, values, classes)
        if doubt := warnings[row] if warnings else None:
            beneath = grid[row, 0].get_position(figure)
            text = wrapped(f"Warning: {doubt}", 90, 2)
            figure.text(beneath.x0, beneath.y0 - 0.05 / height, text, va="top", color=ORANGE, fontsize=7)
        bars.set_title(
            f"{wrapped(str(classes[best]), 16, 1)}  {_percent(float(values[best]))}",
            color=ORANGE if doubt else BLUE,
            weight="bold",
            fontsize=9.5,
        )
    return figure


def _image(axes: Axes, image: ArrayLike, title: str) -> None:
    """The image in a thin frame, so that a white picture has an edge on white paper."""
    pixels = np.asarray(image)
    pixels = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[-1] == 1 else pixels
    shrink = max(1, max(pixels.shape[:2]) // 800)
    blurred = "antialiased" if max(pixels.shape[:2]) > 64 else "nearest"
    axes.imshow(pixels[::shrink, ::shrink], cmap="gray", vmin=0, vmax=255, interpolation=blurred)
    axes.set(xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.set_title(title, color=GREY, fontsize=8)
    for spine in axes.spines.values():
        spine.set(visible=True, color=GREY, linewidth=0.6)


def _bars(axes: Axes, values: NDArray[np.float64], classes: Sequence[str]) -> None:
    """A bar for each class, the best in colour; the number beside those that have a visible one."""
    chosen = np.sort(np.argsort(-values, kind="stable")[:BARS])
    best = int(values.argmax())
    places = np.arange(len(chosen))
    axes.barh(places, values[chosen], height=0.72, color=[BLUE if index == best else GREY for index in chosen])
    for place, index in enumerate(chosen.tolist()):
        probability = float(values[index])
        if probability >= SAID:
            color = BLUE if index == best else INK
            axes.text(min(probability, 1) + 0.02, place, _percent(probability), va="center", fontsize=7, color=color)
    axes.set(xlim=(0, 1), ylim=(len(chosen) - 0.4, -0.6), xticks=[])
    axes.set_yticks(places, [wrapped(str(classes[index]), 14, 1) for index in chosen], fontsize=7)
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)


def _percent(probability: float) -> str:
    """One decimal; what is not quite certain is not called 100 %."""
    return ">99.9%" if 0.9995 <= probability < 1 else f"{probability:.1%}"


def _shortened(name: str, most: int = 26) -> str:
    """The beginning and the end of a name that is too long."""
    return name if len(name) <= most else f"{name[: most // 2 - 1]}…{name[-most // 2 :]}"
