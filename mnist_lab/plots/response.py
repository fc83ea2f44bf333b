"""A response plot: test accuracy against a number that a sweep varies."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import log
from statistics import stdev

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator
from matplotlib.transforms import ScaledTranslation

from mnist_lab.plots.lines import LINE, LOOKS, Label, leaders, widest_name, write_names
from mnist_lab.plots.overview import HEIGHT, WIDTH, Style, panel, short
from mnist_lab.plots.panel import accuracy_axis, tick_label
from mnist_lab.plots.points import ARROWHEAD, SEED, Point, beyond, key, shown, write_key
from mnist_lab.plots.style import INK, figure_of, inches, styled, titled
from mnist_lab.plots.wrapping import text_width

MOST_LINES = 8  # further ones are grey and have no name
DODGE = 0.07  # inches by which lines are shifted, so that no interval hides another
TICK_FONT, TICK_GAP = 9.0, 0.1  # points; inches between the labels of two ticks
LOG_FROM = 4.0  # at this ratio of the largest to the smallest value or above, the axis may be logarithmic

OTHERS: Style = {"color": "#B8B8B8", "linewidth": 0.9}
BASE: Style = {"marker": "D", "markersize": 9.5, "mfc": "none", "mec": INK, "mew": 1.2, "linestyle": "none"}


@styled
def response(curves: Mapping[str, Sequence[Point]], *, quantity: str, title: str) -> Figure:
    """Draw test accuracy against a number, with its 95 % confidence interval and each seed's accuracy.

    The axis of the number is logarithmic if its values are spaced that way. If there are more than `MOST_LINES` lines,
    those of the base and the best ones are named, and the others are grey.

    Args:
        curves: the points of each line, by its name; the name of a single line does not matter.
        quantity: what is varied.
    """
    lines = {name: sorted(points, key=lambda point: point.at) for name, points in curves.items()}
    points = [point for line in lines.values() for point in line]
    ranked = sorted(
        lines, key=lambda name: (not any(p.is_base for p in lines[name]), -max(p.mean for p in lines[name]))
    )
    known = [name for name in lines if name in ranked[:MOST_LINES]]
    looks = dict(zip(known, LOOKS, strict=False))
    ends = {name: (lines[name][-1].at, lines[name][-1].mean) for name in known}
    names = [Label(short(name), looks[name], ends[name]) for name in known if len(lines) > 1]
    fan = leaders(len(names))
    figure = titled(title, WIDTH, max(HEIGHT - 0.6, 1.15 + LINE * len(names)))
    axes = panel(figure, right=fan + widest_name(names) if names else 0.12)
    values = sorted({point.at for point in points})
    _value_axis(axes, values, quantity)
    accuracy_axis(axes, shown(points), "test accuracy")

    room = float(np.diff(inches(axes, [(value, 0.5) for value in values])[:, 0]).min(initial=1.0))
    step = min(DODGE, 0.6 * room / len(looks))
    for name, line in lines.items():
        if name in looks:
            _draw(axes, line, looks[name], (known.index(name) - (len(known) - 1) / 2) * step)
        else:
            axes.plot([point.at for point in line], [point.mean for point in line], **OTHERS, zorder=1.5)
    if names:
        write_names(figure, axes, names, fan)
    handles = key(points, BASE | {"markersize": 7}, each_run=True)
    if unnamed := len(lines) - len(looks):
        handles.append(Line2D([], [], **OTHERS, label=f"{unnamed} more"))
    write_key(figure, handles)
    return figure


def _draw(axes: Axes, line: Sequence[Point], look: Style, dodge: float) -> None:
    """Draw the means, intervals and seeds of one line, shifted `dodge` inches to the right."""
    inch = axes.transData + ScaledTranslation(dodge, 0, figure_of(axes).dpi_scale_trans)
    axes.plot([point.at for point in line], [point.mean for point in line], **look, transform=inch, zorder=3)
    for point in line:
        axes.vlines(point.at, *point.interval, transform=inch, colors=look["color"], linewidth=point.bar, zorder=2.5)
        for limit, arrowhead in beyond(point, axes.get_ylim()):
            axes.plot(point.at, limit, **ARROWHEAD, marker=arrowhead, color=look["color"], transform=inch, zorder=2.5)
        if len(point.accuracies) > 1:
            at = [point.at] * len(point.accuracies)
            axes.plot(at, point.accuracies, transform=inch, color=look["color"], **SEED, zorder=2)
        if point.is_base:
            axes.plot(point.at, point.mean, **BASE, transform=inch, zorder=4)


def _value_axis(axes: Axes, values: Sequence[float], quantity: str) -> None:
    """Set the axis of the number, with a tick at every value that was tried, as far as there is room."""
    scale = _scale(values)
    if scale == "symlog":
        least = min(value for value in values if value > 0)
        axes.set_xscale("symlog", linthresh=least, linscale=0.6)
    else:
        axes.set_xscale(scale)
    places = axes.transData.transform([(value, 0.5) for value in values])[:, 0]
    low, high = places.min(), places.max()
    margin = 0.06 * (high - low) or 1.0
    inverse = axes.transData.inverted()
    axes.set_xlim(*(float(inverse.transform((place, 0))[0]) for place in (low - margin, high + margin)))
    ends: list[tuple[float, float]] = []
    ticks: list[float] = []
    for value in (values[0], values[-1], *values[1:-1]):
        middle, half = inches(axes, (value, 0.5))[0], text_width(tick_label(value), TICK_FONT) / 2
        if all(middle - half - TICK_GAP > right or middle + half + TICK_GAP < left for left, right in ends):
            ends.append((middle - half, middle + half))
            ticks.append(value)
    axes.set_xticks(ticks, [tick_label(tick) for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(quantity if scale == "linear" else f"{quantity} (log scale)")


def _scale(values: Sequence[float]) -> str:
    """Return `log` if the ratios of the ascending values are more even than their differences; `symlog` with a zero."""
    positive = [value for value in values if value > 0]
    if values[0] < 0 or len(values) - len(positive) > 1 or len(positive) < 3 or positive[-1] < LOG_FROM * positive[0]:
        return "linear"
    steps = [b - a for a, b in pairwise(positive)]
    ratios = [log(b) - log(a) for a, b in pairwise(positive)]  # b / a may be too large for a float
    if _unevenness(ratios) >= _unevenness(steps):
        return "linear"
    return "log" if len(positive) == len(values) else "symlog"


def _unevenness(steps: Sequence[float]) -> float:
    """Return the coefficient of variation."""
    return stdev(steps) / (sum(steps) / len(steps))
