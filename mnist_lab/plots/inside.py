"""Plots of a network's inside: the weights of its first layer, and the feature maps of an image."""

from collections.abc import Mapping
from math import ceil, sqrt
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from mnist_lab.plots.digits import Extent, canvas, draw_tile
from mnist_lab.plots.style import BLUE, GREY, ORANGE, axes_at, styled
from mnist_lab.text.quantities import count

SIGNED = LinearSegmentedColormap.from_list("signed", [ORANGE, "white", BLUE])
WIDTH, SIDE, BAR = 7.5, 0.09, 0.8  # inches: the figure, beside its contents, the colour bar with its numbers
TOP, HEADING, FOOT = 0.4, 0.26, 0.3  # inches
MOST = 64  # weight images in a figure
LARGEST = 0.85  # the most inches of one of them
ACROSS = 12  # the most feature maps of a layer
SMALL = 8.0  # points


@styled
def weights(images: ArrayLike, *, unit: str, layer: str, title: str) -> Figure:
    """Draw weights as images on one scale, white at zero; if there are more than 64, those with the largest norm.

    Weights for colour images are shown as colours around a grey that means zero.

    Args:
        images: (n, h, w, 1) or (n, h, w, 3).
        unit: what each image belongs to: `filter` or `unit`.
        layer: the name of the layer.
    """
    values = np.asarray(images, dtype=np.float64)
    norms = np.sqrt((values**2).sum(axis=(1, 2, 3)))
    shown = np.sort(np.argsort(-norms, kind="stable")[:MOST])
    largest = float(np.abs(values[shown]).max()) or 1.0
    columns = ceil(sqrt(2 * len(shown)))
    tile = min(LARGEST, (WIDTH - 2 * SIDE - BAR) / columns)
    rows = ceil(len(shown) / columns)
    all_of_them = count(len(values), unit)
    which = all_of_them if len(values) <= MOST else f"the {MOST} of {all_of_them} with the largest weights"
    height = rows * tile + 0.25
    figure, axes = canvas(f"{title}: weights of {layer} ({which})", WIDTH, height, top=TOP)
    for i, index in enumerate(shown):
        x, y = SIDE + i % columns * tile, i // columns * tile
        if values.shape[-1] == 1:
            place = draw_tile(axes, values[index], x, y, 0.92 * tile, cmap=SIGNED, vmin=-largest, vmax=largest)
        else:
            place = draw_tile(axes, values[index] / (2 * largest) + 0.5, x, y, 0.92 * tile)
        _frame(axes, place)
    if values.shape[-1] == 1:
        top = figure.get_size_inches()[1] - height
        bar = axes_at(figure, SIDE + columns * tile + 0.1, top, 0.13, min(rows * tile, 2.4) - 0.08 * tile)
        scale = ScalarMappable(cmap=SIGNED)
        scale.set_clim(-largest, largest)
        figure.colorbar(scale, cax=bar).set_label("weight", fontsize=SMALL)
        bar.tick_params(labelsize=SMALL)
    else:
        axes.text(SIDE, rows * tile + 0.1, "grey: 0", fontsize=SMALL, color=GREY, va="center")
    return figure


@styled
def activations(image: ArrayLike, layers: Mapping[str, NDArray[Any]], *, title: str) -> Figure:
    """Draw the feature maps of an image: a row for each convolution, with the strongest maps if there are many.

    The maps of a layer share a scale: from black at zero to white at the largest value or, if some values are
    negative, orange below zero, white at zero and blue above.

    Args:
        image: uint8, (h, w, 1) or (h, w, 3), as the network sees it.
        layers: the output of each layer, (h, w, n), by its name.
    """
    tile = (WIDTH - 2 * SIDE) / ACROSS
    first = 2 * tile
    row = HEADING + tile
    figure, axes = canvas(title, WIDTH, first + len(layers) * row + FOOT, top=TOP)
    draw_tile(axes, np.asarray(image), SIDE, 0, 0.96 * first)
    axes.text(SIDE + first + 0.05, 0.1, "as the network sees it", fontsize=SMALL, color=GREY, va="center")
    top, signed = first, False
    for name, maps in layers.items():
        height, width, number = maps.shape
        strength = np.abs(maps).max(axis=(0, 1))
        shown = np.sort(np.argsort(-strength, kind="stable")[:ACROSS])
        some = f", the {ACROSS} strongest" if number > ACROSS else ""
        heading = f"{name}: {count(number, 'map')} of {height} x {width}{some}"
        axes.text(SIDE, top + 0.62 * HEADING, heading, fontsize=SMALL + 0.5, va="center")
        most, below = float(strength.max()) or 1.0, float(maps.min()) < 0
        look: dict[str, Any] = {"cmap": SIGNED, "vmin": -most} if below else {"vmin": 0}
        for i, index in enumerate(shown):
            x, y = SIDE + i * tile, top + HEADING
            _frame(axes, draw_tile(axes, maps[..., index], x, y, 0.94 * tile, **look, vmax=most))
        top, signed = top + row, signed or below
    note = "black: 0; white: the largest value of the layer"
    if signed:
        note += "; where values are negative, orange below 0, white at 0, blue above"
    axes.text(SIDE, top + 0.6 * FOOT, note, fontsize=SMALL, color=GREY, va="center")
    return figure


def _frame(axes: Axes, extent: Extent) -> None:
    """Draw a thin line around a tile, which may be white."""
    left, right, bottom, top = extent
    axes.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=GREY, linewidth=0.4))
