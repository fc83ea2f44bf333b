"""A response plot: test accuracy against a number that a sweep varies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from statistics import stdev

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator
from matplotlib.transforms import ScaledTranslation

from mnist_lab.plots.accuracy_axis import accuracy_axis
from mnist_lab.plots.lines import LINE, LOOKS, leaders, widest_name, write_names
from mnist_lab.plots.overview import HEIGHT, WIDTH, Style, panel, short
from mnist_lab.plots.style import BLUE, INK, headline, new_figure, styled
from mnist_lab.plots.wrapping import text_width

MOST_LINES = 8  # more are grey and have no name
DODGE = 0.07  # inches by which lines are drawn beside each other, so that no interval hides another
TICK_FONT, TICK_GAP = 9.0, 0.1  # points; inches between the labels of two ticks
LOG_FROM = 4.0  # from this ratio of the largest to the smallest value on the axis may be logarithmic

OTHERS: Style = {"color": "#B8B8B8", "linewidth": 0.9}
SEED: Style = {"marker": "_", "markersize": 6, "linestyle": "none", "alpha": 0.6}
BASE: Style = {"marker": "D", "markersize": 9.5, "mfc": "none", "mec": INK, "mew": 1.2, "linestyle": "none"}


@dataclass(frozen=True)
class Response:
    """What was measured at one value."""

    value: float
    accuracies: Sequence[float]
    """Test accuracy of each seed, as fractions of 1."""
    interval: tuple[float, float]
    """95 % confidence interval: with several seeds of their mean (Student's t), with one for the choice of test images
    (Wilson)."""
    is_base: bool = False

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return float(np.mean(self.accuracies))


class _Curve:
    """A line of the figure, as `write_names` takes it."""

    there = True

    def __init__(self, name: str, points: Sequence[Response]) -> None:
        self.name, self.points = name, sorted(points, key=lambda point: point.value)
        self.end = (self.points[-1].value, self.points[-1].mean)

    @property
    def best(self) -> float:
        return max(point.mean for point in self.points)

    @property
    def label(self) -> str:
        return short(self.name, 34)


@styled
def response(curves: Mapping[str, Sequence[Response]], *, quantity: str, title: str) -> Figure:
    """Test accuracy against a number, with its 95 % confidence interval and that of each seed.

    The axis of the number is logarithmic where its values are spaced that way. Of more than `MOST_LINES` lines those
    of the base and the best ones are named, and the others are grey.

    Args:
        curves: the points of each line, by its name; of a single line the name does not matter.
        quantity: what is varied.
        title: one line about the comparison; long ones are wrapped.
    """
    lines = [_Curve(name, points) for name, points in curves.items()]
    ranked = sorted(lines, key=lambda line: (not any(point.is_base for point in line.points), -line.best))
    named = [line for line in lines if line in ranked[:MOST_LINES]] if len(lines) > 1 else []
    looks = {line.name: look for line, look in zip(named or lines, LOOKS, strict=False)}
    fan = leaders(len(named))
    figure = new_figure(WIDTH, max(HEIGHT - 0.6, 1.15 + LINE * len(named)), layout="none")
    headline(figure, title)
    axes = panel(figure, right=fan + widest_name(figure, named) if named else 0.12)
    points = [point for line in lines for point in line.points]
    _value_axis(axes, sorted({point.value for point in points}), quantity)
    accuracy_axis(axes, _shown(points), "test accuracy")

    dodges = _dodges(axes, lines, looks)
    for line in lines:
        look, dodge = looks.get(line.name), dodges.get(line.name, 0.0)
        shifted = axes.transData + ScaledTranslation(dodge, 0, figure.dpi_scale_trans)
        if look is None:
            axes.plot([p.value for p in line.points], [p.mean for p in line.points], **OTHERS, zorder=1.5)
            continue
        axes.plot([p.value for p in line.points], [p.mean for p in line.points], **look, transform=shifted, zorder=3)
        for several in (True, False):
            some = [point for point in line.points if (len(point.accuracies) > 1) == several]
            lows, highs = zip(*(point.interval for point in some), strict=True) if some else ((), ())
            axes.vlines(
                [point.value for point in some], lows, highs, transform=shifted, zorder=2.5,
                colors=look["color"], linewidth=1.6 if several else 0.8,
            )  # fmt: skip
        seeds = [(p.value, accuracy) for p in line.points if len(p.accuracies) > 1 for accuracy in p.accuracies]
        if seeds:
            axes.plot(*zip(*seeds, strict=True), transform=shifted, color=look["color"], **SEED, zorder=2)
        for point in line.points:
            if point.is_base:
                axes.plot(point.value, point.mean, **BASE, transform=shifted, zorder=4)
    if named:
        write_names(figure, axes, named, looks, fan)
    _write_key(figure, points, unnamed=len(lines) - len(looks))
    return figure


def _value_axis(axes: Axes, values: Sequence[float], quantity: str) -> None:
    """The axis of the number, with a tick at every value that was tried, as far as there is room."""
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
    figure = axes.get_figure(root=True)
    assert figure is not None
    ends: list[tuple[float, float]] = []
    ticks: list[float] = []
    for value in (values[0], values[-1], *values[1:-1]):
        middle, half = axes.transData.transform((value, 0.5))[0] / figure.dpi, text_width(_number(value), TICK_FONT) / 2
        if all(middle - half - TICK_GAP > right or middle + half + TICK_GAP < left for left, right in ends):
            ends.append((middle - half, middle + half))
            ticks.append(value)
    axes.set_xticks(ticks, [_number(tick) for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(quantity if scale == "linear" else f"{quantity} (log scale)")


def _scale(values: Sequence[float]) -> str:
    """`log` where the ratios of the values, ascending, are more even than their differences; `symlog` with a zero."""
    positive = [value for value in values if value > 0]
    if values[0] < 0 or len(values) - len(positive) > 1 or len(positive) < 3 or positive[-1] < LOG_FROM * positive[0]:
        return "linear"
    steps = [b - a for a, b in pairwise(positive)]
    ratios = [log(b / a) for a, b in pairwise(positive)]
    if _unevenness(ratios) >= _unevenness(steps):
        return "linear"
    return "log" if len(positive) == len(values) else "symlog"


def _unevenness(steps: Sequence[float]) -> float:
    """The coefficient of variation."""
    return stdev(steps) / (sum(steps) / len(steps))


def _number(value: float) -> str:
    """`0.001`, `512`, `60,000`."""
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e7 else f"{value:g}"


def _shown(points: Sequence[Response]) -> "np.ndarray":
    """What the accuracy axis shows: all seeds, and the intervals but for those of two seeds, which are too wide."""
    intervals = [end for point in points if len(point.accuracies) != 2 for end in point.interval]
    return np.array([*intervals, *(value for point in points for value in point.accuracies)], dtype=np.float64)


def _dodges(axes: Axes, lines: Sequence[_Curve], looks: Mapping[str, Style]) -> dict[str, float]:
    """Inches by which each line that has a look moves to the side."""
    names = [line.name for line in lines if line.name in looks]
    figure = axes.get_figure(root=True)
    assert figure is not None
    values = sorted({point.value for line in lines for point in line.points})
    places = axes.transData.transform([(value, 0.5) for value in values])[:, 0] / figure.dpi
    room = float(np.diff(places).min(initial=1.0))
    step = min(DODGE, 0.6 * room / len(names))
    return {name: (i - (len(names) - 1) / 2) * step for i, name in enumerate(names)}


def _write_key(figure: Figure, points: Sequence[Response], *, unnamed: int) -> None:
    """What the markers and bars mean."""
    ours: Style = {"color": BLUE, "marker": "o"}
    handles = []
    if several := sorted({len(point.accuracies) for point in points if len(point.accuracies) > 1}):
        seeds = f"{several[0]}" if len(several) == 1 else f"{several[0]} to {several[-1]}"
        handles.append(Line2D([], [], **ours, linewidth=1.6, label=f"mean of {seeds} seeds"))
        handles.append(Line2D([], [], color=BLUE, **SEED, label="each seed"))
    if any(len(point.accuracies) == 1 for point in points):
        handles.append(Line2D([], [], **ours, linewidth=0.8, label="one seed"))
    bar: Style = {"marker": "|", "markersize": 9, "mew": 1.6, "linestyle": "none"}
    handles.append(Line2D([], [], color=BLUE, **bar, label="95 % confidence interval"))
    if any(point.is_base for point in points):
        marker: Style = BASE | {"markersize": 7}
        handles.append(Line2D([], [], **marker, label="base"))
    if unnamed > 0:
        handles.append(Line2D([], [], **OTHERS, label=f"{unnamed} more"))
    figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.006, 0), ncols=len(handles), handlelength=1.4)
