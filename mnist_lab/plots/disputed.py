"""Test images that only one of two networks classifies correctly."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from mnist_lab.plots.digits import canvas, draw_tile
from mnist_lab.plots.style import BLUE, GREY, ORANGE, styled
from mnist_lab.plots.wrapping import fitted, text_width

ACROSS, DOWN = 5, 4  # images of each half
SHOWN = ACROSS * DOWN
TILE = 0.62  # inches
PITCH = (0.74, 1.04)  # inches from one image to the next, across and down
GAP, SIDE, FOOT = 0.3, 0.09, 0.06  # inches
HEADING, LEGEND, NOTE = 8.8, 7.2, 6.8  # points
LINE = 1.25 / 72  # inches from one line of text to the next, for each point of its size


@dataclass(frozen=True)
class Half:
    """The images that one side gets wrong."""

    heading: str
    """What they are, and how many."""
    legend: str
    """Their order, or what the notes mean."""
    images: ArrayLike
    """uint8, (n, h, w), (n, h, w, 1) or (n, h, w, 3), in the order in which they are shown."""
    labels: Sequence[int]
    predicted: Sequence[int]
    notes: Sequence[str]
    """A few characters about each image."""


@styled
def disputed(halves: tuple[Half, Half], classes: Sequence[str], *, title: str) -> Figure:
    """Draw two grids side by side: the images that only one side gets wrong, and those that only the other does.

    Below each image are its true and its predicted label and a note; each grid shows its first 20 images.
    """
    most = max(min(len(half.labels), SHOWN) for half in halves)
    rows = max(1, ceil(most / ACROSS))
    wide = ACROSS * PITCH[0] - (PITCH[0] - TILE)
    width = 2 * SIDE + 2 * wide + GAP
    headings = [fitted(half.heading, wide, HEADING, lines=2) for half in halves]
    legends = [fitted(half.legend, wide, LEGEND, lines=2) for half in halves]
    beneath = LINE * HEADING * max(text.count("\n") + 1 for text in headings) + 0.02
    grid = beneath + LINE * LEGEND * max(text.count("\n") + 1 for text in legends) + 0.08
    figure, axes = canvas(title, width, grid + rows * PITCH[1] + FOOT, top=0.22)
    places = (SIDE, SIDE + wide + GAP)
    for half, heading, legend, left in zip(halves, headings, legends, places, strict=True):
        axes.text(left, 0.06, heading, fontsize=HEADING, va="top")
        axes.text(left, beneath + 0.05, legend, fontsize=LEGEND, color=GREY, va="top")
        _grid(axes, half, classes, left, grid)
    return figure


def _grid(axes: Axes, half: Half, classes: Sequence[str], left: float, top: float) -> None:
    pixels = np.asarray(half.images)
    shown = list(zip(half.labels, half.predicted, half.notes, strict=True))[:SHOWN]
    for place, (label, predicted, note) in enumerate(shown):
        x, y = left + place % ACROSS * PITCH[0], top + place // ACROSS * PITCH[1]
        draw_tile(axes, pixels[place], x, y, TILE)
        _caption(axes, str(classes[label]), str(classes[predicted]), x, y + TILE)
        said = fitted(note, PITCH[0] - 0.06, NOTE)
        axes.text(x + TILE / 2, y + TILE + 0.27, said, fontsize=NOTE, color=GREY, ha="center", va="center")


def _caption(axes: Axes, label: str, predicted: str, x: float, y: float) -> None:
    """Write `4 as 9`, on two lines if the names are long."""
    middle, widths = x + TILE / 2, [text_width(name, 9.5, "bold") for name in (label, predicted)]
    if max(widths) <= TILE / 2 - 0.1:
        axes.text(middle - 0.1, y + 0.12, label, fontsize=9.5, weight="bold", color=BLUE, ha="right", va="center")
        axes.text(middle, y + 0.12, "as", fontsize=NOTE, color=GREY, ha="center", va="center")
        axes.text(middle + 0.1, y + 0.12, predicted, fontsize=9.5, weight="bold", color=ORANGE, ha="left", va="center")
    else:
        for text, color, down in ((label, BLUE, 0.07), (f"as {predicted}", ORANGE, 0.17)):
            said = fitted(text, PITCH[0] - 0.06, 6)
            axes.text(middle, y + down, said, fontsize=6, color=color, ha="center", va="center")
