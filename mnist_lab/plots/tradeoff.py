"""Test accuracy against the number of parameters."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, NullLocator

from mnist_lab.plots.overview import HEIGHT, WIDTH, Style, drawn, panel, write_around, written
from mnist_lab.plots.panel import accuracy_axis
from mnist_lab.plots.points import ARROWHEAD, Point, beyond, key, shown, write_key
from mnist_lab.plots.style import BLUE, INK, inches, styled, titled

APART, GAP = 0.062, 0.05  # inches between points side by side, and between bars one above the other

OURS: Style = {"color": BLUE, "marker": "o", "markersize": 4.8, "mec": "white", "mew": 0.5}
BASE: Style = OURS | {"marker": "D", "color": INK}
HOLLOW: Style = {"mfc": "white", "mew": 1.2}


class Spot(NamedTuple):
    """Where a point is drawn, in inches of the figure."""

    x: float
    y: float
    low: float
    high: float


@styled
def accuracy_against_parameters(points: Mapping[str, Point], *, title: str) -> Figure:
    """Draw the test accuracy of every experiment, with its interval, against its number of parameters.

    Points whose bars would cover each other are drawn side by side.
    """
    figure = titled(title, WIDTH, HEIGHT + 0.1 * max(0, min(len(points), 40) - 14))
    axes = panel(figure)
    count_axis(axes, [point.at for point in points.values()], "parameters (log scale)")
    accuracy_axis(axes, shown(points.values()), "test accuracy")
    spots, moved = _side_by_side(axes, points)
    if moved:
        axes.set_xlabel("parameters (log scale; overlapping points are drawn side by side)")
    for name, spot in spots.items():
        point, look = points[name], BASE if points[name].is_base else OURS
        bar = {"color": look["color"], "linewidth": point.bar, "alpha": 0.75}
        if len(point.accuracies) == 1:
            look = look | HOLLOW | {"mec": look["color"]}
        drawn(figure, [spot.x] * 2, [spot.low, spot.high], bar)
        drawn(figure, [spot.x], [spot.y], look, zorder=5)
        for limit, arrowhead in beyond(point, axes.get_ylim()):
            end = inches(axes, (1, limit))[1]
            drawn(figure, [spot.x], [end], ARROWHEAD | {"color": look["color"], "marker": arrowhead})
    bases = [name for name, point in points.items() if point.is_base]
    chosen = written(sorted(points, key=lambda name: (-points[name].mean, name)), bases)
    write_around(
        axes,
        {name: spot[:2] for name, spot in spots.items() if name in chosen},
        WIDTH - 0.03,
        markers=[(spot.x - 0.045, spot.y - 0.045, spot.x + 0.045, spot.y + 0.045) for spot in spots.values()],
        bars=[(spot.x - 0.025, spot.low, spot.x + 0.025, spot.high) for spot in spots.values()],
        bold=bases,
    )
    write_key(figure, key(list(points.values()), BASE, one=HOLLOW))
    return figure


def count_axis(axes: Axes, counts: Sequence[float], name: str) -> None:
    """Set a logarithmic x-axis for parameters or other counts."""
    low, high = max(1, min(counts, default=1)), max(1, *counts, 1)
    room = max(1.6, (high / low) ** 0.16)
    axes.set_xscale("log")
    axes.set_xlim(low / room, high * room)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 150 * low else (1,), numticks=12))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.set_xlabel(name)


def _side_by_side(axes: Axes, points: Mapping[str, Point]) -> tuple[dict[str, Spot], bool]:
    """Return a spot for each point, moved aside just far enough that its bar covers no other; and whether any is."""
    spots = []
    for point in points.values():
        ends = np.clip(point.interval, *axes.get_ylim())
        (x, y), (_, low), (_, high) = inches(axes, [(max(1, point.at), value) for value in (point.mean, *ends)])
        spots.append(Spot(x, y, low, high))
    moved: dict[int, Spot] = {}
    for i in sorted(range(len(spots)), key=lambda i: (-spots[i].y, i)):
        spot = spots[i]
        beside = [other.x for other in moved.values() if other.low < spot.high + GAP and spot.low - GAP < other.high]
        steps = (sign * k * APART for k in range(2 * len(spots) + 1) for sign in (1, -1))
        free = (spot.x + step for step in steps if all(abs(spot.x + step - x) > 0.9 * APART for x in beside))
        moved[i] = spot._replace(x=next(free))
    return {name: moved[i] for i, name in enumerate(points)}, any(moved[i].x != spots[i].x for i in moved)
