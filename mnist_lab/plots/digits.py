"""Grids of images: predictions, mistakes, and a sample of a data set.

Images are uint8 arrays of shape (n, height, width, channels) with 1 or 3 channels, or (n, height, width). Pixels
are shown as they are: 0 is black.
"""

from collections.abc import Sequence
from math import ceil, sqrt
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from mnist_lab.plots.style import BLUE, GREY, HEIGHT, ORANGE, WIDTH, axes_at, set_height, styled, titled
from mnist_lab.plots.wrapping import fitted, text_width
from mnist_lab.text.quantities import percent

Extent = tuple[float, float, float, float]

SIDE = 3  # images along a side of the grids of predictions
PITCH = 1.88  # from one image to the next in those grids, in images: the text is between them
BESIDE = 0.97 * WIDTH / (SIDE * PITCH) * (PITCH - 1.11)  # inches for the text there
MOST_OF_A_CLASS = 15  # the most images of one class in a sample
LONGEST = 1.2  # the most inches for the name of a class beside its sample


@styled
def predictions(
    images: ArrayLike,
    labels: ArrayLike,
    predicted: ArrayLike,
    confidence: ArrayLike,
    classes: Sequence[str],
    *,
    title: str,
) -> Figure:
    """Draw the first nine images in a 3x3 grid, each with its predicted and its true label beside it.

    Args:
        images: uint8, (n, h, w), (n, h, w, 1) or (n, h, w, 3); the caller picks them at random.
        labels: (n,) true classes as indices into `classes`.
        predicted: (n,) predicted classes.
        confidence: (n,) probability of the predicted class, 0 to 1.
    """
    pixels, truth, guess, sure = map(np.asarray, (images, labels, predicted, confidence))
    figure, axes = _tiles(title, SIDE * PITCH, SIDE * 1.06)
    shown = range(min(SIDE**2, len(pixels)))
    names = [classes[int(label)] for i in shown for label in (truth[i], guess[i])]
    sizes = (size for size in (14, 9.5) if all(text_width(name, size, "bold") <= BESIDE for name in names))
    size = next(sizes, 7.5)
    for i in shown:
        x, y = i % SIDE * PITCH, i // SIDE * 1.06
        draw_tile(axes, pixels[i], x, y, 1.0)
        color = BLUE if guess[i] == truth[i] else ORANGE
        _words(axes, x, y, "predicted", classes[int(guess[i])], size, color, percent(sure[i]))
        _words(axes, x, y + 0.56, "true", classes[int(truth[i])], size, BLUE)
    return figure


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
    """Draw the nine wrong predictions with the highest confidence in a 3x3 grid.

    Takes the whole test set and finds the wrong ones itself (for equal confidence, the lower index first); with
    fewer than nine the rest stays empty, with none the figure says so. Arguments as for `predictions`.
    """
    pixels, truth, guess, sure = map(np.asarray, (images, labels, predicted, confidence))
    wrong = np.flatnonzero(truth != guess)
    wrong = wrong[np.argsort(-sure[wrong], kind="stable")]
    order = ", most confident first" if len(wrong) > 1 else ""
    heading = f"{title}: {len(wrong):,} of {len(truth):,} wrong{order}"
    if not len(wrong):
        figure, axes = _tiles(heading, 1, 1)
        text = f"No mistakes: all {len(truth):,} are right."
        axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", fontsize=12)
        return figure
    return predictions(pixels[wrong], truth[wrong], guess[wrong], sure[wrong], classes, title=heading)


@styled
def sample_grid(images: ArrayLike, labels: ArrayLike, classes: Sequence[str], *, title: str) -> Figure:
    """Draw a sample of a data set: a row for each class with its name and as many of its first images as fit.

    More than ten classes are laid out in several columns.

    Args:
        images: as for `predictions`; may be the whole data set.
        labels: (n,) classes as indices into `classes`.
    """
    images, labels = np.asarray(images), np.asarray(labels)
    present = np.unique(labels)
    rows = max(4, min(10, len(present)), ceil(sqrt(2.5 * len(present))))
    size = min(9.5, 95 / rows)
    block, tile = rows * 1.64 / ceil(len(present) / rows), HEIGHT * 0.88 / rows  # a column's width in tiles; inches
    room = min(LONGEST, (block - 1.1) * tile - 0.06)
    names = [fitted(classes[int(label)], room, size) for label in present]
    figure, axes = _tiles(title, rows * 1.64, rows)
    beside = max(text_width(name, size) + 0.06 for name in names) / tile  # in tiles
    across = max(1, min(MOST_OF_A_CLASS, int(block - beside)))
    for place, (label, name) in enumerate(zip(present, names, strict=True)):
        x, y = place // rows * block, place % rows
        axes.text(x + beside - 0.15, y + 0.5, name, ha="right", va="center", fontsize=size)
        for n, index in enumerate(np.flatnonzero(labels == label)[:across]):
            draw_tile(axes, images[index], x + beside + n, y, 0.94)
    return figure


@styled
def augmented(images: ArrayLike, versions: ArrayLike, names: Sequence[str], *, title: str) -> Figure:
    """Draw a row for each image: the image, and augmented versions of it.

    Args:
        images: (n, h, w, c), pixels in 0..255.
        versions: (n, k, h, w, c).
        names: what each image shows.
    """
    images, versions = np.asarray(images), np.asarray(versions)
    rows, columns = versions.shape[:2]
    tile = 0.55  # inches
    names = [fitted(name, LONGEST, 9) for name in names]
    beside = max(text_width(name, 9) for name in names) + 0.15
    width = beside + tile * (columns + 1.3)
    figure, axes = canvas(title, width, rows * tile + 0.06, top=0.55)
    axes.text(beside, -0.06, "original", fontsize=8, color=GREY)
    axes.text(beside + 1.25 * tile, -0.06, "as the network sees it in training", fontsize=8, color=GREY)
    for row, name in enumerate(names):
        axes.text(beside - 0.08, (row + 0.47) * tile, name, fontsize=9, ha="right", va="center")
        draw_tile(axes, images[row], beside, row * tile, 0.94 * tile)
        for column, version in enumerate(np.clip(np.round(versions[row]), 0, 255).astype(np.uint8)):
            draw_tile(axes, version, beside + (column + 1.25) * tile, row * tile, 0.94 * tile)
    return figure


def _words(axes: Axes, x: float, y: float, what: str, name: str, size: float, color: str, beneath: str = "") -> None:
    """Write beside the image at (x, y): what it is, the name of the class, and a small line `beneath`."""
    axes.text(x + 1.07, y + 0.07, what, fontsize=8, color=GREY, va="center")
    said = fitted(name, BESIDE, size, weight="bold")
    axes.text(x + 1.07, y + 0.245, said, fontsize=size, color=color, weight="bold", va="center")
    axes.text(x + 1.07, y + 0.415, beneath, fontsize=8, color=GREY, va="center")


def _tiles(title: str, columns: float, rows: float) -> tuple[Figure, Axes]:
    """Return a figure with a title, and its only axes, in units of tiles, x to the right and y downwards."""
    figure = titled(title, WIDTH, HEIGHT)
    top = 0.9 if "\n" not in figure.get_suptitle() else 0.84
    axes = figure.add_axes((0.015, 0.015, 0.97, top - 0.015))
    axes.set_axis_off()
    axes.set(xlim=(0, columns), ylim=(rows, 0), aspect="equal", anchor="N")
    return figure, axes


def canvas(title: str, width: float, height: float, *, top: float) -> tuple[Figure, Axes]:
    """Return a figure and its only axes below the title, `width` x `height`, in inches, x to the right and y downwards.

    A title of one line takes `top` inches.
    """
    figure = titled(title, width)
    top += 0.18 * figure.get_suptitle().count("\n")
    set_height(figure, top + height)
    axes = axes_at(figure, 0, top, width, height)
    axes.set_axis_off()
    axes.set(xlim=(0, width), ylim=(height, 0), aspect="equal")
    return figure, axes


def draw_tile(axes: Axes, image: NDArray[Any], x: float, y: float, size: float, **look: Any) -> Extent:
    """Draw `image` with its longer side `size` long, centred in the square whose upper left corner is (x, y).

    `look` are arguments of `imshow`, for values that are not pixels. Returns its left, right, bottom and top.
    """
    pixels = flat(image)
    height, width = (size * side / max(pixels.shape[:2]) for side in pixels.shape[:2])
    left, upper = x + (size - width) / 2, y + (size - height) / 2
    extent = (left, left + width, upper + height, upper)
    style = {"cmap": "gray", "vmin": 0, "vmax": 255, "interpolation": "nearest", **look}
    axes.imshow(pixels, **style, extent=extent, aspect=axes.get_aspect())
    return extent


def flat(image: NDArray[Any]) -> NDArray[Any]:
    """Return the image without the channel axis if it has only one channel."""
    return image[..., 0] if image.ndim == 3 and image.shape[-1] == 1 else image
