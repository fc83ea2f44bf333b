"""Pictures of images: predictions, mistakes, a sample of a data set, and one image large.

Images are uint8 arrays of shape (n, height, width, channels) with 1 or 3 channels, or (n, height, width). Pixels
are shown as they are: 0 is black.
"""

from collections.abc import Sequence
from math import ceil, sqrt
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from mnist_lab.plots.style import BLUE, GREY, HEIGHT, ORANGE, WIDTH, headline, new_figure, styled
from mnist_lab.plots.wrapping import fitted, text_width

SIDE = 3  # images along a side of the grids of predictions
PITCH = 1.88  # from one image to the next in those grids, in images: the text stands between
BESIDE = 0.97 * WIDTH / (SIDE * PITCH) * (PITCH - 1.11)  # inches that the text there has
MOST_OF_A_CLASS = 15  # images of one class in a sample
LONGEST = 1.2  # inches that the name of a class takes at most beside its sample


@styled
def predictions(
    images: ArrayLike,
    labels: ArrayLike,
    predicted: ArrayLike,
    classes: Sequence[str],
    *,
    title: str,
    confidence: ArrayLike | None = None,
) -> Figure:
    """The first nine images in a 3x3 grid, each with its predicted and its true label.

    Args:
        images: uint8, (n, h, w), (n, h, w, 1) or (n, h, w, 3); the caller draws them at random.
        labels: (n,) true classes as indices into `classes`.
        predicted: (n,) predicted classes.
        classes: the classes' names.
        title: one line about the run.
        confidence: (n,) probability of the predicted class, 0 to 1.
    """
    return _grid(images, labels, predicted, confidence, classes, title, empty="No images to show.")


@styled
def mistakes(
    images: ArrayLike,
    labels: ArrayLike,
    predicted: ArrayLike,
    confidence: ArrayLike,
    classes: Sequence[str],
    *,
    title: str,
) -> Figure:
    """The wrongly predicted images in a 3x3 grid, the most confident first.

    Takes the whole test set and finds the wrong ones itself (of equal confidence the lower index first); with
    fewer than nine the rest stays empty, with none the figure says so. Arguments as for `predictions`.
    """
    truth, guess, sure = np.asarray(labels), np.asarray(predicted), np.asarray(confidence, dtype=np.float64)
    wrong = np.flatnonzero(truth != guess)
    wrong = wrong[np.argsort(-sure[wrong], kind="stable")]
    chosen = wrong[: SIDE * SIDE]
    order = ", most confident first" if len(wrong) > 1 else ""
    return _grid(
        np.asarray(images)[chosen], truth[chosen], guess[chosen], sure[chosen], classes,
        f"{title}: {len(wrong):,} of {len(truth):,} wrong{order}", empty=f"No mistakes: all {len(truth):,} are right.",
    )  # fmt: skip


@styled
def sample_grid(images: ArrayLike, labels: ArrayLike, title: str, *, classes: Sequence[str] | None = None) -> Figure:
    """A sample of a data set: a row for each class with its name and as many of its first images as fit.

    More than ten classes stand in several columns of such rows.

    Args:
        images: as for `predictions`; may be the whole data set.
        labels: (n,) integers or names.
        title: one line about the data set.
        classes: names of integer labels; without it the labels are shown as they are.
    """
    images, labels = np.asarray(images), np.asarray(labels)
    present = np.unique(labels)
    rows = max(4, min(10, len(present)), ceil(sqrt(2.5 * len(present))))
    size = min(9.5, 95 / rows)
    blocks = max(1, ceil(len(present) / rows))
    block, tile = rows * 1.64 / blocks, HEIGHT * 0.88 / rows  # the width of a column of rows in tiles; inches
    room = min(LONGEST, (block - 1.1) * tile - 0.06)
    names = [fitted(str(label if classes is None else classes[int(label)]), room, size) for label in present]
    figure, axes = _canvas(title, rows * 1.64, rows)
    if not names:
        axes.text(0.5, 0.5, "No images to show.", transform=axes.transAxes, ha="center", va="center", fontsize=12)
        return figure

    beside = max(text_width(name, size) + 0.06 for name in names) / tile  # in tiles
    across = max(1, min(MOST_OF_A_CLASS, int(block - beside)))
    for place, (label, name) in enumerate(zip(present, names, strict=True)):
        x, y = place // rows * block, place % rows
        axes.text(x + beside - 0.15, y + 0.5, name, ha="right", va="center", fontsize=size)
        for n, index in enumerate(np.flatnonzero(labels == label)[:across]):
            draw_tile(axes, images[index], x + beside + n, y, 0.94)
    return figure


@styled
def digit(image: ArrayLike, label: object, title: str) -> Figure:
    """One image large, with its pixel rows and columns and, for a grey one, the scale of its values.

    Args:
        image: uint8, (h, w), (h, w, 1) or (h, w, 3).
        label: what it shows.
        title: where it comes from.
    """
    pixels = _pixels(np.asarray(image))
    figure = new_figure()
    axes = figure.add_subplot()
    shown = axes.imshow(pixels, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.grid(visible=False)
    axes.set_xlabel("column (pixels)")
    axes.set_ylabel("row (pixels)")
    headline(figure, f"{title}: {label}")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(7, integer=True))
    if pixels.ndim == 2:
        bar = figure.colorbar(shown, ax=axes, ticks=[0, 64, 128, 192, 255])
        bar.set_label("pixel value (0 to 255)")
        bar.outline.set_visible(False)  # pyright: ignore
    return figure


def _grid(
    images: ArrayLike,
    labels: ArrayLike,
    predicted: ArrayLike,
    confidence: ArrayLike | None,
    classes: Sequence[str],
    title: str,
    *,
    empty: str,
) -> Figure:
    """Up to nine images in three columns, each with its text beside it: 3:2 leaves room there."""
    images, labels, predicted = (np.asarray(array) for array in (images, labels, predicted))
    figure, axes = _canvas(title, SIDE * PITCH, SIDE * 1.06)
    if len(images) == 0:
        axes.text(0.5, 0.5, empty, transform=axes.transAxes, ha="center", va="center", fontsize=12)
    names = [str(classes[int(index)]) for pair in zip(labels, predicted, strict=True) for index in pair][: 2 * SIDE**2]
    sizes = (size for size in (14, 9.5) if all(text_width(name, size, "bold") <= BESIDE for name in names))
    size = next(sizes, 7.5)
    for place, (image, label, guess) in enumerate(zip(images[: SIDE**2], labels, predicted, strict=False)):
        x, y = place % SIDE * PITCH, place // SIDE * 1.06
        draw_tile(axes, image, x, y, 1.0)
        sure = "" if confidence is None else f"{np.asarray(confidence)[place]:.1%}"
        _words(axes, x, y, "predicted", str(classes[int(guess)]), size, BLUE if guess == label else ORANGE, sure)
        _words(axes, x, y + 0.56, "true", str(classes[int(label)]), size, BLUE)
    return figure


def _words(axes: Axes, x: float, y: float, what: str, name: str, size: float, color: str, beneath: str = "") -> None:
    """Beside the image at (x, y): what it is, the class's name, a small line."""
    axes.text(x + 1.07, y + 0.07, what, fontsize=8, color=GREY, va="center")
    said = fitted(name, BESIDE, size, weight="bold")
    axes.text(x + 1.07, y + 0.245, said, fontsize=size, color=color, weight="bold", va="center")
    axes.text(x + 1.07, y + 0.415, beneath, fontsize=8, color=GREY, va="center")


def _canvas(title: str, columns: float, rows: float) -> tuple[Figure, Axes]:
    """A figure whose one axes counts in tiles, x to the right and y downwards, below a title."""
    figure = new_figure(layout="none")
    headline(figure, title)
    top = 0.9 if "\n" not in figure.get_suptitle() else 0.84
    axes = figure.add_axes((0.015, 0.015, 0.97, top - 0.015))
    axes.set_axis_off()
    axes.set(xlim=(0, columns), ylim=(rows, 0), aspect="equal", anchor="N")
    return figure, axes


def draw_tile(axes: Axes, image: NDArray[Any], x: float, y: float, size: float) -> None:
    """Draw `image` with its longer side `size` long, centred in the square whose upper left corner is (x, y)."""
    pixels = _pixels(image)
    height, width = (size * side / max(pixels.shape[:2]) for side in pixels.shape[:2])
    left, upper = x + (size - width) / 2, y + (size - height) / 2
    axes.imshow(
        pixels, cmap="gray", vmin=0, vmax=255, interpolation="nearest",
        extent=(left, left + width, upper + height, upper), aspect=axes.get_aspect(),
    )  # fmt: skip


def _pixels(image: NDArray[Any]) -> NDArray[Any]:
    return image[..., 0] if image.ndim == 3 and image.shape[-1] == 1 else image
