"""Parallel coordinates: every trial of a search as a line through its parameters to its result."""

from collections.abc import Collection, Sequence
from math import ceil
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mnist_lab.plots.overview import WIDTH, Style, above_panel
from mnist_lab.plots.panel import Quantity, tick_label
from mnist_lab.plots.points import write_key
from mnist_lab.plots.searches.trials import Dimension, Tried, on_scale
from mnist_lab.plots.style import BLUE, GREY, INK, ORANGE, axes_at, styled, titled
from mnist_lab.plots.wrapping import ELLIPSIS, fitted, text_width

HEIGHT, NAME, BELOW, SIDE = 3.6, 0.14, 0.42, (0.5, 1.2)  # inches
FONT = 8.4
WITHOUT = -0.13  # where trials without the parameter are drawn
REST: Style = {"color": "#A8A8A8", "linewidth": 0.7, "alpha": 0.75}
AHEAD: Style = {"color": BLUE, "linewidth": 1.3}
BEST: Style = {"color": ORANGE, "linewidth": 2.4}
MOST_LABELS = 9  # for the choices of one axis


@styled
def parallel_coordinates(
    trials: Sequence[Tried],
    dimensions: Sequence[Dimension],
    ahead: Collection[int],
    *,
    quantity: Quantity,
    several: bool,
    title: str,
) -> Figure:
    """Draw a line for each trial, through its parameters, on an axis each, to its latest value on the last axis.

    The trials with the numbers `ahead`, the next best, are highlighted.
    """
    trials, edge = on_scale(trials, quantity)
    values = [trial.last.value for trial in trials]
    result = Dimension(quantity.label, min(values), max(values))
    every = [*dimensions, result]
    right = text_width("0.0000", FONT) + 0.2
    digits = ".4f" if quantity.rises else ".4g"
    ticks = [_ticks(each, trials) for each in dimensions]
    ticks.append({result.height(value): f"{value:{digits}}" for value in (result.low, result.high)})
    side = min(SIDE[1], max(SIDE[0], *(text_width(text, FONT) + 0.12 for text in ticks[0].values())))
    room = (WIDTH - side - right) / max(1, len(dimensions))
    names, raised = _names(every, room, side, right)
    figure = titled(title, WIDTH, HEIGHT + raised)
    top = above_panel(figure) + 0.1 + raised + NAME * max(name.count("\n") + 1 for name in names)
    axes = axes_at(figure, side, top, WIDTH - side - right, HEIGHT + raised - top - BELOW)
    some_lack = any(each.name not in trial.values for trial in trials for each in dimensions)
    axes.set(xlim=(0, len(every) - 1), ylim=(WITHOUT - 0.06 if some_lack else -0.04, 1.04))
    axes.axis("off")
    rooms = [side, *[room * 0.6 + 0.1] * (len(every) - 2), right]
    for i, (name, some, wide) in enumerate(zip(names, ticks, rooms, strict=True)):
        end = "first" if i == 0 else "last" if i == len(dimensions) else ""
        _draw_axis(axes, i, name, some, wide, raised if i % 2 else 0.0, end=end)
    for trial in sorted(trials, key=lambda each: (each.is_best, each.number in ahead, each.number)):
        places = [
            dimension.height(trial.values[dimension.name]) if dimension.name in trial.values else WITHOUT
            for dimension in dimensions
        ]
        look = BEST if trial.is_best else AHEAD if trial.number in ahead else REST
        axes.plot(range(len(every)), [*places, result.height(trial.last.value)], **look, clip_on=False, zorder=2)
    handles = [Line2D([], [], **BEST, label="Pareto front" if several else "the best")]
    if ahead:
        handles.append(Line2D([], [], **AHEAD, label=f"next best {len(ahead)}"))
    write_key(figure, [*handles, Line2D([], [], **REST, label="all others"), *edge])
    return figure


def _draw_axis(axes: Axes, i: int, name: str, ticks: dict[float, str], wide: float, raised: float, *, end: str) -> None:
    """Draw an axis with its name `raised` inches and its ticks beside it, which have room for `wide` inches."""
    edge = 72 * wide - 4  # points from the axis to the edge of the figure
    across, aligned = {"first": (-edge, "left"), "last": (edge, "right"), "": (0.0, "center")}[end]
    _write(axes, name, (i, 1), (across, 8 + 72 * raised), ha=aligned, va="bottom")
    if raised:
        leader = {"arrowstyle": "-", "color": GREY, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3}
        _write(axes, "", (i, 1), (0, 6 + 72 * raised), arrowprops=leader)
    axes.plot([i, i], [0, 1], color=INK, linewidth=1.0, zorder=3, clip_on=False)
    beside, aligned = (4, "left") if end == "last" else (-4, "right")
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
    for height, text in ticks.items():
        colour = GREY if height == WITHOUT else INK
        fitting = fitted(text, wide - 0.1, FONT)
        _write(axes, fitting, (i, height), (beside, 0), ha=aligned, va="center", color=colour, bbox=box)


def _ticks(dimension: Dimension, trials: Sequence[Tried]) -> dict[float, str]:
    """Return what is written beside the axis of a parameter, by height: the ends of the range, or the choices."""
    ticks = {dimension.height(value): tick_label(value) for value in (dimension.low, dimension.high)}
    if dimension.choices:
        step = ceil(len(dimension.choices) / MOST_LABELS)
        ticks = {dimension.height(label): label for label in dimension.choices[::step]}
    if any(dimension.name not in trial.values for trial in trials):
        ticks[WITHOUT] = "none"
    return ticks


def _names(every: Sequence[Dimension], room: float, side: float, right: float) -> tuple[list[str], float]:
    """Return the axis names, and by how many inches every second one is raised if they do not fit side by side."""
    texts = [each.name + (" (log scale)" if each.logarithmic else "") for each in every]

    def within(inner: float, outer: float) -> list[str]:
        widths = [outer * room + side - 0.06, *[inner * room] * (len(every) - 2), outer * room + right - 0.06]
        return [fitted(text, wide, FONT, lines=3) for text, wide in zip(texts, widths, strict=True)]

    names = within(0.9, 0.47)
    if not any(ELLIPSIS in name for name in names):
        return names, 0.0
    names = within(1.8, 0.9)
    return names, 0.08 + NAME * max(name.count("\n") + 1 for name in names[::2])


def _write(axes: Axes, text: str, at: tuple[float, float], xytext: tuple[float, float], **more: Any) -> None:
    """Write text beside a place, `xytext` points to the right and above."""
    axes.annotate(text, at, xytext, textcoords="offset points", fontsize=FONT, annotation_clip=False, zorder=4, **more)
