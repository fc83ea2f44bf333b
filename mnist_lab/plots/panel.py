"""The axes of one panel: scales and ticks.

An axis of accuracies is linear, or logarithmic in the error if the errors differ widely.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, isfinite
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from mnist_lab.history import is_loss
from mnist_lab.plots.style import figure_of
from mnist_lab.plots.wrapping import fitted

Floats = NDArray[np.float64]

START = 0.1  # the leading share of each line
SQUEEZED = 4.0  # the start squeezes the rest if the whole range is more than this many times that of the rest
TINY = 1e-6  # an error below this, one in a million images, counts as none
ROOM = 0.18  # inches from one tick to the next, on average
SCALES = 3.0  # above this ratio of the largest to the smallest error, the axis is logarithmic in the error
EXPLODED = 1000.0  # above this ratio of the largest to the smallest loss, the axis is logarithmic


@dataclass(frozen=True)
class Quantity:
    """What a panel shows: its key in the history, and its name."""

    key: str
    label: str

    @property
    def rises(self) -> bool:
        """Whether a good run's curve goes up, to 1 at most."""
        return not is_loss(self.key)

    @property
    def validation_key(self) -> str:
        """Its key in the history, for the validation images."""
        return f"val_{self.key}"


ACCURACY, LOSS = Quantity("accuracy", "accuracy"), Quantity("loss", "loss (cross-entropy)")


def frame(
    axes: Axes,
    quantity: Quantity,
    lines: Sequence[Floats],
    *,
    also: Sequence[float] = (),
    logarithmic_from: float = EXPLODED,
) -> None:
    """Set the y-axis to show everything that is finite: the lines, and the values `also`.

    If the leading `START` of the lines would squeeze the rest `SQUEEZED` times on a linear axis, the axis is
    logarithmic, in the loss or in the error of an accuracy; also if the largest loss is more than `logarithmic_from`
    times the smallest.
    """
    name_axis(axes, quantity.label)
    shown = [np.asarray(also, dtype=np.float64), *lines]
    values = np.concatenate(shown)
    values = values[np.isfinite(values)]
    if not len(values):
        axes.set_ylim(0, 1)
        return
    squeezed = _squeezed(lines, quantity)
    if quantity.rises and squeezed:
        accuracy_axis(axes, values, quantity.key)
        return
    low, high = float(values.min()), float(values.max())
    positive = values[values > 0]
    if not quantity.rises and len(positive) and (squeezed or high > logarithmic_from * positive.min()):
        _logarithmic(axes, quantity, float(positive.min()), high)
        return
    least = 0.01 if quantity.rises else 0.02 * high
    missing = max(0.0, least - (high - low)) / 2
    low, high = low - missing, high + missing
    if not quantity.rises and low < 0.5 * high:
        low = 0.0
    margin = 0.06 * (high - low) or 0.01
    axes.set_ylim(low - margin * (low != 0), min(high + margin, 1 + margin / 3 if quantity.rises else inf))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))


def _squeezed(lines: Sequence[Floats], quantity: Quantity) -> bool:
    """Return whether the starts of the lines leave too little of a linear axis to the rest."""
    known = [line for line in lines if np.isfinite(line).any()]
    rest = [line[ceil(START * len(line)) :] for line in known]
    if not known or not all(len(line) >= 5 and np.isfinite(late).any() for line, late in zip(known, rest, strict=True)):
        return False
    every, later = np.concatenate(known), np.concatenate(rest)
    low, high = np.nanmin(every), np.nanmax(every)
    kept = high - np.nanmin(later) if quantity.rises else np.nanmax(later) - low
    return bool(high - low > SQUEEZED * kept > 0)


def _logarithmic(axes: Axes, quantity: Quantity, low: float, high: float) -> None:
    axes.set_yscale("log")
    name_axis(axes, f"{quantity.label.partition(' (')[0]} (log scale)")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,), numticks=6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(low / 1.3, high * 1.3)


def accuracy_axis(axes: Axes, values: Floats, what: str) -> None:
    """Let the y-axis, named `what`, show all finite values: accuracies, as fractions of 1.

    If the largest error is more than `SCALES` times the smallest, the axis is logarithmic in the error, so that .98 and
    .99 are as far apart as .8 and .9; an accuracy without error is then drawn at the top.
    """
    most_ticks = max(2, int(_height(axes) / ROOM))
    errors = 1 - values[np.isfinite(values)]
    most, least = (float(errors.max()), float(errors.min())) if len(errors) else (1.0, 1.0)
    perfect = least < TINY
    if perfect:
        least = float(errors[errors >= TINY].min(initial=1.0)) / 2
    if most > SCALES * least:
        stretch = (most / least) ** 0.07
        top = least / stretch
        axes.set_yscale("function", functions=(_log_error(top), lambda y: 1 - 10.0 ** -np.asarray(y)))
        axes.set_ylim(1 - min(1.0, most * stretch), 1.0 if perfect else 1 - top)
        ticks = _apart(axes, [*_round_errors(most, least, min(10, most_ticks)), *([1.0] if perfect else [])])
        axes.set_yticks(ticks, [f"{tick:.6g}" for tick in ticks])
        name_axis(axes, f"{what} (log-error scale)")
    else:
        low, high = (1 - most, 1 - float(errors.min())) if len(errors) else (0.0, 1.0)
        margin = max(0.05 * (high - low), 0.001)
        axes.set_ylim(max(0.0, low - margin), min(high + margin, 1 + margin / 3))
        axes.yaxis.set_major_locator(MaxNLocator(min(7, most_ticks), steps=[1, 2, 2.5, 5, 10]))
        name_axis(axes, what)
    axes.yaxis.set_minor_locator(NullLocator())


def name_axis(axes: Axes, text: str) -> None:
    """Name the y-axis, on two lines if the name is longer than the panel is high."""
    axes.set_ylabel(fitted(text, _height(axes), float(axes.yaxis.label.get_fontsize()), lines=2))


def _height(axes: Axes) -> float:
    """Return the minimum height of the panel in inches: the layout may still reduce it a little."""
    return 0.85 * axes.get_position().height * figure_of(axes).get_size_inches()[1]


def _apart(axes: Axes, ticks: list[float]) -> list[float]:
    """Return those of the ascending ticks that have room for their labels, chosen from the top."""
    height, kept = _height(axes), []
    places = axes.transAxes.inverted().transform(axes.transData.transform([(0, tick) for tick in ticks]))[:, 1]
    for tick, place in zip(reversed(ticks), reversed(height * places), strict=True):
        if not kept or kept[-1][1] - place >= ROOM * 0.9:
            kept.append((tick, place))
    return [tick for tick, _ in reversed(kept)]


def _log_error(floor: float) -> Any:
    return lambda accuracy: -np.log10(np.maximum(1 - np.asarray(accuracy, dtype=np.float64), floor))


def _round_errors(most: float, least: float, number: int) -> list[float]:
    """Return accuracies whose errors are round numbers between the two errors, about `number` of them at most."""
    ticks: list[float] = []
    for steps in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        errors = (step * 10.0**-power for power in range(1, 6) for step in steps)
        ticks = [1 - error for error in errors if 0.98 * least <= error <= 1.02 * most]
        if len(ticks) <= number:
            break
    return sorted(ticks)


def epoch_axis(axes: Axes, last: int, most: int, *, first: int = 1, margin: float = 0.15) -> None:
    """Set the x-axis from one epoch to another, with about `most` ticks at most; `margin` is in epochs."""
    margin = max(margin, 0.02 * (last - first))
    axes.set(xlabel="epoch", xlim=(first - margin, last + margin))
    whole_epochs(axes, first, last, most)


def whole_epochs(axes: Axes, first: int, last: int, most: int) -> None:
    """Set ticks at whole epochs only, about `most` at most, at multiples of 1, 2 or 5 times a power of ten."""
    step = next(s * 10**p for p in range(12) for s in (1, 2, 5) if last - first <= most * s * 10**p)
    ticks = [tick for tick in range(0, last + 1, step) if tick >= first]
    if not ticks or ticks[0] - first >= step / 2:
        ticks.insert(0, first)
    axes.set_xticks(ticks, [str(tick) for tick in ticks])


def number(value: float | None) -> str:
    """Format with four decimals if they are meaningful, else with three digits."""
    if value is None or not isfinite(value):
        return "not finite"
    return f"{value:.4f}" if value == 0 or 0.001 <= abs(value) < 100 else f"{value:.3g}"


def tick_label(value: float) -> str:
    """Format like `0.001`, `512`, `60,000`."""
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e7 else f"{value:g}"
