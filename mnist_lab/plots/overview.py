"""What the figures of many experiments share: their panel, their note, and the choice of names that fit."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import blended_transform_factory

from mnist_lab.plots import labels
from mnist_lab.plots.style import GREY, axes_at, figure_of
from mnist_lab.plots.wrapping import fitted, text_width

Style = dict[str, Any]

WIDTH, HEIGHT = 7.5, 4.6  # inches
LEFT, BELOW = 0.84, 0.66  # inches beside and below the panel
FONT = 8.8
LONGEST = 2.2  # the most inches that a name takes
TEXT = 0.13  # inches: the height of a name
MOST = 45  # more names than this do not help


def panel(figure: Figure, *, right: float = 0.1, below: float = BELOW, above: float | None = None) -> Axes:
    """Return the axes of a figure that is laid out by hand.

    `right`, `below` and `above` are the inches that stay free on these sides; `above` is by default what the headline
    takes.
    """
    width, height = figure.get_size_inches()
    above = above_panel(figure) if above is None else above
    axes = axes_at(figure, LEFT, above, width - right - LEFT, height - above - below)
    at_the_edge = blended_transform_factory(figure.dpi_scale_trans, axes.transAxes)
    axes.yaxis.set_label_coords(0.2, 0.5, transform=at_the_edge)
    return axes


def above_panel(figure: Figure) -> float:
    """Return the inches that the headline takes."""
    return 0.54 if "\n" in figure.get_suptitle() else 0.36


def note(figure: Figure, parts: Sequence[str]) -> None:
    """Write at the bottom how to read the figure, on two lines if one is too short."""
    width, height = figure.get_size_inches()
    text = fitted("; ".join(parts), width * 0.98, FONT, lines=2)
    figure.text(0.012, 0.03 / height, text, fontsize=FONT, color=GREY, va="bottom")


def written(ranked: Sequence[str], bases: Collection[str]) -> set[str]:
    """Return the names to write, `ranked` from best to worst: all, or if too many, the bases and both ends."""
    if len(ranked) <= MOST:
        return set(ranked)
    best = MOST * 2 // 3
    return {*ranked[:best], *ranked[best - MOST :], *(name for name in ranked if name in bases)}


def short(name: str) -> str:
    """Return the name; the middle of a long one is elided."""
    return fitted(name, LONGEST, FONT)


def write_around(
    axes: Axes,
    points: Mapping[str, Sequence[float]],
    right: float,
    *,
    markers: Sequence[labels.Box],
    bars: Sequence[labels.Box],
    bold: Collection[str] = (),
) -> None:
    """Write the name of each point of a panel near it, with a line from the point if it is far off.

    The names are clear of each other, of `markers` and of `bars` (`labels.around`), and do not extend
    beyond `right`. All lengths are inches of the figure.
    """
    figure, box = figure_of(axes), axes.get_window_extent()
    names = {name: (short(name), "bold" if name in bold else "normal") for name in points}
    widths = [text_width(text, FONT, weight) for text, weight in names.values()]
    room = (max(LEFT, box.x0 / figure.dpi), box.y0 / figure.dpi, right, box.y1 / figure.dpi)
    places = labels.around(list(points.values()), widths, TEXT, markers=markers, bars=bars, panel=room)
    for (x, y), (text, weight), place in zip(points.values(), names.values(), places, strict=True):
        side, gap = ("left", -0.02) if place.to_the_right else ("right", 0.02)
        look = {"va": "center_baseline", "fontsize": FONT, "weight": weight}
        figure.text(place.x, place.y, text, ha=side, **look, transform=figure.dpi_scale_trans)
        if place.led:
            drawn(figure, [x, place.x + gap], [y, place.y], {"color": GREY, "linewidth": 0.5, "zorder": 1})


def drawn(figure: Figure, xs: Sequence[float], ys: Sequence[float], style: Mapping[str, Any], **more: Any) -> None:
    """Draw a line or a marker at a place in inches of the figure."""
    figure.add_artist(Line2D(xs, ys, transform=figure.dpi_scale_trans, **{**style, **more}))
