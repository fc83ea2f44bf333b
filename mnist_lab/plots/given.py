"""Predictions for a user's pictures: each picture as given, as the network sees it, and the probabilities."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from mnist_lab.plots.digits import flat
from mnist_lab.plots.style import BLUE, GREY, INK, ORANGE, axes_at, set_height, styled, titled
from mnist_lab.plots.wrapping import fitted, text_width
from mnist_lab.text.quantities import percent

MOST = 12  # pictures in a figure
BARS = 10  # classes that a panel of bars has room for
PICTURE, BETWEEN, BAR, PERCENT, LABEL = 1.5, 0.2, 1.2, 0.5, 1.3  # inches across
ROW, HEAD, SIDE = 1.98, 0.78, 0.1  # inches
WARNED, LINE = 0.16, 0.13  # inches added beneath a row for a warning: for its first line, and for each further one
SMALL, TITLE = 7, 9.5  # points
SAID = 0.005  # the lowest probability whose number is written


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
    """Draw a row for each picture, at most 12.

    It shows the picture as given, as the network sees it, and the ten highest probabilities as bars.

    Args:
        pictures: uint8, (h, w), (h, w, 1) or (h, w, 3) each, of any size.
        shown: the images that the network was given for them, of one size.
        probabilities: (n, classes).
        names: what each picture is called.
        warnings: for each picture, why its prediction is doubtful, or None; written beneath its images.
    """
    rows = min(len(names), MOST)
    more = f" (the first {rows} of {len(names)} images)" if rows < len(names) else ""
    labels = [fitted(str(name), LABEL, SMALL) for name in classes]
    beside = max(text_width(label, SMALL) for label in labels) + 0.08
    width = 2 * SIDE + 2 * (PICTURE + BETWEEN) + beside + BAR + PERCENT
    beneath = [
        doubt and fitted(f"Warning: {doubt}", width - 2 * SIDE, SMALL, lines=3)
        for doubt in (warnings or [None] * rows)[:rows]
    ]
    rooms = [ROW + (WARNED + LINE * text.count("\n") if text else 0) for text in beneath]
    figure = titled(title + more, width)
    head = HEAD + 0.18 * figure.get_suptitle().count("\n")
    height = head + sum(rooms)
    set_height(figure, height)
    for row, values in enumerate(np.asarray(probabilities, dtype=np.float64)[:rows]):
        top, best = head + sum(rooms[:row]), int(values.argmax())
        as_given = axes_at(figure, SIDE, top, PICTURE, PICTURE)
        as_seen = axes_at(figure, SIDE + PICTURE + BETWEEN, top, PICTURE, PICTURE)
        bars = axes_at(figure, SIDE + 2 * (PICTURE + BETWEEN) + beside, top, BAR, PICTURE)
        _image(as_given, pictures[row], fitted(names[row], PICTURE, SMALL + 1, lines=2))
        _image(as_seen, shown[row], "as the network sees it")
        _bars(bars, values, labels)
        if text := beneath[row]:
            below = height - top - PICTURE - 0.08
            figure.text(SIDE / width, below / height, text, va="top", color=ORANGE, fontsize=SMALL)
        share = percent(float(values[best]))
        room = beside + BAR + PERCENT - 0.2 - text_width(share, TITLE, "bold")
        name = fitted(str(classes[best]), room, TITLE, weight="bold")
        color = ORANGE if beneath[row] else BLUE
        bars.set_title(f"{name}  {share}", x=-beside / BAR, color=color, weight="bold", fontsize=TITLE)
    return figure


def _image(axes: Axes, image: ArrayLike, title: str) -> None:
    """Draw the image in a thin frame, so that a white picture has an edge on white paper."""
    pixels = flat(np.asarray(image))
    shrink = max(1, max(pixels.shape[:2]) // 800)
    blurred = "antialiased" if max(pixels.shape[:2]) > 64 else "nearest"
    axes.imshow(pixels[::shrink, ::shrink], cmap="gray", vmin=0, vmax=255, interpolation=blurred)
    axes.set(xticks=[], yticks=[], anchor="NW")
    axes.grid(visible=False)
    axes.set_title(title, color=GREY, fontsize=SMALL + 1)
    for spine in axes.spines.values():
        spine.set(visible=True, color=GREY, linewidth=0.6)


def _bars(axes: Axes, values: NDArray[np.float64], labels: Sequence[str]) -> None:
    """Draw a bar for each class, the best in colour, with its number unless it is too small to see."""
    chosen = [int(index) for index in np.sort(np.argsort(-values, kind="stable")[:BARS])]
    best = int(values.argmax())
    axes.barh(range(len(chosen)), values[chosen], height=0.72, color=[BLUE if i == best else GREY for i in chosen])
    for place, index in enumerate(chosen):
        probability = float(values[index])
        if probability >= SAID:
            said, color = percent(probability), BLUE if index == best else INK
            axes.text(min(probability, 1) + 0.02, place, said, va="center", fontsize=SMALL, color=color)
    axes.set(xlim=(0, 1), ylim=(len(chosen) - 0.4, -0.6), xticks=[])
    axes.set_yticks(range(len(chosen)), [labels[index] for index in chosen], fontsize=SMALL)
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
