"""Shared by the figures of many experiments: their panel, their note, and the choice of names that fit."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import blended_transform_factory

from mnist_lab.plots.labels import Place
from mnist_lab.plots.style import GREY, axes_at
from mnist_lab.plots.wrapping import fitted

Style = dict[str, Any]

WIDTH, HEIGHT = 7.5, 4.6  # inches
LEFT, BELOW = 0.84, 0.66  # inches beside and below the panel
FONT = 8.8
LONGEST = 2.2  # inches that a name may take
TEXT = 0.13  # inches: the height of a name
MOST = 45  # more names than this do not help


def panel(figure: Figure, *, right: float = 0.1, below: float = BELOW, above: float | None = None) -> Axes:
    """The axes of a figure that is laid out by hand, so many inches from its edges: by default below its headline."""
    width, height = figure.get_size_inches()
    above = above_panel(figure) if above is None else above
    axes = axes_at(figure, LEFT, above, width - right - LEFT, height - above - below)
    at_the_edge = blended_transform_factory(figure.dpi_scale_trans, axes.transAxes)
    axes.yaxis.set_label_coords(0.2, 0.5, transform=at_the_edge)
    return axes


def above_panel(figure: Figure) -> float:
    """Inches that the headline takes."""
    return 0.54 if "\n" in figure.get_suptitle() else 0.36


def note(figure: Figure, parts: Sequence[str]) -> None:
    """A line at the bottom that says how to read the figure."""
    figure.text(0.012, 0.05 / figure.get_size_inches()[1], "; ".join(parts), fontsize=FONT, color=GREY)


def written(ranked: Sequence[str], bases: Collection[str]) -> set[str]:
    """The names to write, of those `ranked` from best to worst: all, or of too many the bases and both ends."""
    if len(ranked) <= MOST:
        return set(ranked)
    best = MOST * 2 // 3
    return {*ranked[:best], *ranked[best - MOST :], *(name for name in ranked if name in bases)}


def short(name: str) -> str:
    """The name; the middle of a long one is elided."""
    return fitted(name, LONGEST, FONT)


def write_beside(figure: Figure, point: tuple[float, float], place: Place, name: str, weight: str = "normal") -> None:
    """Write a name at its place, with a line from its point where that is far off; both in inches of the figure."""
    figure.text(
        place.x, place.y, name, ha="left" if place.to_the_right else "right", va="center_baseline", fontsize=FONT,
        weight=weight, transform=figure.dpi_scale_trans,
    )  # fmt: skip
    if place.led:
        end = place.x - 0.02 if place.to_the_right else place.x + 0.02
        drawn(figure, [point[0], end], [point[1], place.y], {"color": GREY, "linewidth": 0.5, "zorder": 1})


def drawn(figure: Figure, xs: Sequence[float], ys: Sequence[float], style: Mapping[str, Any], **more: Any) -> None:
    """A line or a marker at a place in inches of the figure."""
    figure.add_artist(Line2D(xs, ys, transform=figure.dpi_scale_trans, **{**style, **more}))
