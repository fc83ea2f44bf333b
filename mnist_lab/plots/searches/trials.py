"""The trials of a search as figures show them: their data, and the look of each rung."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from mnist_lab.plots.overview import Style
from mnist_lab.plots.panel import Quantity, accuracy_axis, frame
from mnist_lab.plots.style import BLUE, ORANGE
from mnist_lab.text.quantities import count

FENCE = 3.0  # a value is off the scale if it is this many interquartile ranges (of log10) worse than the upper quartile
FEWEST = 8  # fewer values than this have no outliers
LOGARITHMIC_FROM = 5.0  # above this ratio of the largest to the smallest loss, the axis is logarithmic

# From the end of training backwards. Markers keep them apart in greyscale and for the colour-blind.
LOOKS: Sequence[Style] = tuple(
    {"color": color, "marker": marker, "markersize": size, "linestyle": "none"}
    for color, marker, size in (
        (BLUE, "o", 4.8), ("#56B4E9", "^", 4.4), ("#8A8A8A", "s", 3.4),
        ("#A8A8A8", "v", 3.4), ("#A8A8A8", "D", 2.6), ("#A8A8A8", "x", 3.0),
    )
)  # fmt: skip
BEST: Style = {"color": ORANGE, "marker": "o", "mfc": "none", "mec": ORANGE, "mew": 1.5, "linestyle": "none"}


class At(NamedTuple):
    """What a trial had reached at a rung or at the end of its training."""

    epoch: int
    """The epoch of the rung; at the end of training that of the budget, even after early stopping."""
    value: float
    """Value of the objective, which is finite."""
    seconds: float
    """Seconds since the search began."""
    is_end: bool = False


@dataclass(frozen=True)
class Dimension:
    """A parameter that was searched."""

    name: str
    low: float = 0.0
    high: float = 0.0
    logarithmic: bool = False
    choices: Sequence[str] = ()
    """The labels of a choice; empty for a range."""

    def place(self, value: float | str) -> float:
        """Return the position of a value: itself, its base-10 logarithm, or the index of the label."""
        if self.choices:
            return float(self.choices.index(str(value))) if str(value) in self.choices else float("nan")
        return float(np.log10(float(value))) if self.logarithmic else float(value)

    def height(self, value: float | str) -> float:
        """Return where a value is on an axis from 0 to 1; in the middle if there is only one."""
        low, high = (0, len(self.choices) - 1) if self.choices else (self.place(self.low), self.place(self.high))
        return (self.place(value) - low) / (high - low) if high > low else 0.5


@dataclass(frozen=True)
class Tried:
    """One trial that has reached values."""

    number: int
    values: Mapping[str, float | str]
    """Values by the names of its dimensions; with two objectives, the second one is among them."""
    reached: Sequence[At]
    """At least one value, by epoch."""
    is_best: bool = False
    """Whether it is the best of all or, with two objectives, on the Pareto front."""

    @property
    def last(self) -> At:
        """The latest value."""
        return self.reached[-1]


def on_scale(trials: Sequence[Tried], quantity: Quantity) -> tuple[list[Tried], list[Line2D]]:
    """Return the trials with values that suit one axis, and what to say about it in the legend.

    Much worse values, of training that diverged, are moved to the end of the axis.
    """
    values = np.array([at.value for trial in trials for at in trial.reached], dtype=np.float64)
    costs = np.log10(np.maximum(1 - values if quantity.rises else values, 1e-6))
    low, high = np.quantile(costs, [0.25, 0.75])
    end = 10 ** float(high + FENCE * max(high - low, 0.1))
    worst = 1 - end if quantity.rises else end
    beyond = int((costs > np.log10(end)).sum())
    if len(values) < FEWEST or not beyond:
        return list(trials), []
    limit = max if quantity.rises else min
    kept = [
        replace(trial, reached=[at._replace(value=limit(at.value, worst)) for at in trial.reached]) for trial in trials
    ]
    return kept, [Line2D([], [], linestyle="none", label=f"{beyond} worse, at the edge")]


def looks(trials: Iterable[Tried]) -> dict[int, Style]:
    """Return the look of each epoch at which trials have values, ascending."""
    epochs = sorted({at.epoch for trial in trials for at in trial.reached}, reverse=True)
    known = [(epoch, LOOKS[min(i, len(LOOKS) - 1)]) for i, epoch in enumerate(epochs)]
    return dict(reversed(known))


def rung_handles(known: Mapping[int, Style], trials: Iterable[Tried]) -> list[Line2D]:
    """Return a legend of the looks."""
    ends = {at.epoch for trial in trials for at in trial.reached if at.is_end}
    names = {epoch: "at the end" if epoch in ends else f"after {count(epoch, 'epoch')}" for epoch in known}
    return [Line2D([], [], **look, label=names[epoch]) for epoch, look in known.items()]


def best_handle(several: bool) -> Line2D:
    """Return a legend of the rings."""
    return Line2D([], [], **BEST, markersize=8, label="Pareto front" if several else "the best")


def value_axis(axes: Axes, quantity: Quantity, values: Iterable[float]) -> None:
    """Let the y-axis show all values of the objective."""
    known = list(values)
    if quantity.rises:
        accuracy_axis(axes, np.array(known, dtype=np.float64), quantity.label)
    else:
        frame(axes, quantity, (), also=known, logarithmic_from=LOGARITHMIC_FROM)
