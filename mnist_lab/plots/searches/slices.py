"""The objective against each parameter of a search."""

from collections.abc import Mapping, Sequence
from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from mnist_lab.plots.overview import LEFT, WIDTH, Style, above_panel
from mnist_lab.plots.panel import Quantity
from mnist_lab.plots.points import write_key
from mnist_lab.plots.searches.trials import (
    BEST,
    LOOKS,
    Dimension,
    Tried,
    best_handle,
    looks,
    on_scale,
    rung_handles,
    value_axis,
)
from mnist_lab.plots.style import axes_at, set_height, styled, titled
from mnist_lab.plots.wrapping import fitted

COLUMNS, BETWEEN, HIGH, NAME, BELOW = 3, 0.16, 1.75, 0.62, 0.14  # inches, except the first
LINE = 0.15  # inches that the third line of a tick's label takes
SPREAD = 0.3  # to either side, as a share of the distance to the next choice
QUARTERS = ("first quarter of the trials", "second", "third", "last")
MOST_LABELS = 8  # if there are more choices, only every n-th is labelled


@styled
def slices(
    trials: Sequence[Tried], dimensions: Sequence[Dimension], *, quantity: Quantity, several: bool, title: str
) -> Figure:
    """Draw the latest value of every trial against each parameter, one panel per parameter.

    The look shows for how many epochs a trial was trained or, if all were trained equally long, the quarter of the
    search that it is from, light to dark. Trials without a parameter are not in its panel.
    """
    trials, edge = on_scale(trials, quantity)
    columns = min(COLUMNS, len(dimensions))
    wide, down = (WIDTH - LEFT - 0.14 - (columns - 1) * BETWEEN) / columns, ceil(len(dimensions) / columns)
    figure = titled(title, WIDTH)
    ticks = [_ticks(dimension, wide) for dimension in dimensions]
    name = NAME + LINE * any(text.count("\n") > 1 for some in ticks for text in some.values())
    top = above_panel(figure)
    set_height(figure, top + down * (HIGH + name) + BELOW)
    known = looks(trials)
    handles, by_number = rung_handles(known, trials), {trial.number: known[trial.last.epoch] for trial in trials}
    if len({trial.last.epoch for trial in trials}) == 1:
        quarters, last = LOOKS[3::-1], max(by_number)
        by_number = {number: quarters[min(3, 4 * (number - 1) // last)] for number in by_number}
        handles = [Line2D([], [], **look, label=name) for look, name in zip(quarters, QUARTERS, strict=True)]
    for i, (dimension, some) in enumerate(zip(dimensions, ticks, strict=True)):
        row, column = divmod(i, columns)
        axes = axes_at(figure, LEFT + column * (wide + BETWEEN), top + row * (HIGH + name), wide, HIGH)
        _draw(axes, [trial for trial in trials if dimension.name in trial.values], by_number, dimension, some)
        value_axis(axes, quantity, (trial.last.value for trial in trials))
        axes.tick_params(labelleft=column == 0)
        axes.set_ylabel(axes.get_ylabel() if column == 0 else "")
        axes.set_xlabel(fitted(dimension.name + (" (log scale)" if dimension.logarithmic else ""), wide, 9.5, lines=2))
    write_key(figure, [*handles, best_handle(several), *edge])
    return figure


def _ticks(dimension: Dimension, wide: float) -> dict[int, str]:
    """Return the labels of the choices, by index, that fit under a panel so wide."""
    indices = range(0, len(dimension.choices), ceil(len(dimension.choices) / MOST_LABELS) or 1)
    return {i: fitted(dimension.choices[i], 0.95 * wide / len(indices), 9, lines=3) for i in indices}


def _draw(
    axes: Axes, trials: Sequence[Tried], by_number: Mapping[int, Style], dimension: Dimension, ticks: Mapping[int, str]
) -> None:
    counts: dict[str, int] = {}
    for trial in trials:
        value = trial.values[dimension.name]
        x = float(value) if not dimension.choices else dimension.place(value)
        if dimension.choices:  # side by side, in an order that fills the room evenly
            n = counts[str(value)] = counts.get(str(value), -1) + 1
            x += SPREAD * (2 * ((n * 0.618034) % 1) - 1)
        axes.plot(x, trial.last.value, **by_number[trial.number], zorder=3, alpha=0.9)
        if trial.is_best:
            axes.plot(x, trial.last.value, **BEST, markersize=8.5, zorder=4)
    if dimension.choices:
        axes.set_xlim(-0.6, len(dimension.choices) - 0.4)
        axes.set_xticks(list(ticks), list(ticks.values()))
        return
    if dimension.logarithmic:
        axes.set_xscale("log")
        span = dimension.high / dimension.low
        axes.set_xlim(dimension.low / span**0.05, dimension.high * span**0.05)
        axes.xaxis.set_major_locator(
            LogLocator(subs=(1,) if span >= 100 else (1, 3) if span >= 10 else (1, 2, 5), numticks=5)
        )
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        margin = 0.05 * (dimension.high - dimension.low) or 1.0
        axes.set_xlim(dimension.low - margin, dimension.high + margin)
        whole = all(float(trial.values[dimension.name]).is_integer() for trial in trials)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=whole, steps=[1, 2, 2.5, 5, 10]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{np.round(value, 10):g}"))
