"""The axes of one panel of a learning curve: scales and ticks."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, isfinite

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from mnist_lab.plots.accuracy_axis import Floats, accuracy_axis, name_axis

START = 0.1  # the leading share of each line
SQUEEZED = 4.0  # from this many times the range of the rest on, the start would squeeze it on a linear axis
EXPLODED = 1000.0  # largest over smallest loss from which the axis is logarithmic


@dataclass(frozen=True)
class Quantity:
    """What a panel shows: its key in the history, and how it is named and bounded."""

    key: str
    label: str
    rises: bool  # a good run's curve goes up
    ceiling: float  # the largest value there can be

    @property
    def validation_key(self) -> str:
        """Its key in the history for the validation rows."""
        return f"val_{self.key}"


ACCURACY = Quantity("accuracy", "accuracy", rises=True, ceiling=1.0)
LOSS = Quantity("loss", "loss (cross-entropy)", rises=False, ceiling=float("inf"))


def frame(
    axes: Axes,
    quantity: Quantity,
    lines: Sequence[Floats],
    *,
    also: Sequence[float] = (),
    logarithmic_from: float = EXPLODED,
) -> None:
    """Set the y-axis to show everything.

    Where the leading `START` of the lines would squeeze the rest `SQUEEZED` times on a linear axis, it is logarithmic:
    in the loss, or in the error of an accuracy; so is a loss whose largest value is more than `logarithmic_from` times
    the smallest.

    Args:
        axes: the panel.
        quantity: what it shows.
        lines: the values; those that are not finite do not count.
        also: more values to show.
        logarithmic_from: a ratio.
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
    axes.set_ylim(low - margin * (low != 0), min(high + margin, quantity.ceiling + margin / 3))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))


def _squeezed(lines: Sequence[Floats], quantity: Quantity) -> bool:
    """Whether the starts of the lines leave too little of a linear axis to the rest of them."""
    known = [line for line in lines if np.isfinite(line).any()]
    rest = [line[ceil(START * len(line)) :] for line in known]
    if not known or not all(len(line) >= 5 and np.isfinite(late).any() for line, late in zip(known, rest, strict=True)):
        return False
    low, high = _range(known)
    later = _range(rest)
    kept = high - later[0] if quantity.rises else later[1] - low
    return high - low > SQUEEZED * kept > 0


def _logarithmic(axes: Axes, quantity: Quantity, low: float, high: float) -> None:
    axes.set_yscale("log")
    name_axis(axes, f"{quantity.label.partition(' (')[0]} (log scale)")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,), numticks=6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(low / 1.3, high * 1.3)


def _range(lines: Sequence[Floats]) -> tuple[float, float]:
    values = np.concatenate(list(lines))
    return float(np.nanmin(values)), float(np.nanmax(values))


def epoch_axis(axes: Axes, last: int, most: int, *, first: int = 1, margin: float = 0.15) -> None:
    """The x-axis from one epoch to another, with about `most` ticks at most; `margin` is in epochs."""
    margin = max(margin, 0.02 * (last - first))
    axes.set(xlabel="epoch", xlim=(first - margin, last + margin))
    whole_epochs(axes, first, last, most)


def whole_epochs(axes: Axes, first: int, last: int, most: int) -> None:
    """Ticks at whole epochs only: at most about `most`, at multiples of 1, 2 or 5 times a power of ten."""
    step = next(s * 10**p for p in range(12) for s in (1, 2, 5) if last - first <= most * s * 10**p)
    ticks = [tick for tick in range(0, last + 1, step) if tick >= first]
    if not ticks or ticks[0] - first >= step / 2:
        ticks.insert(0, first)
    axes.set_xticks(ticks, [str(tick) for tick in ticks])


def number(value: float | None) -> str:
    """Four decimals where they say something, else three digits."""
    if value is None or not isfinite(value):
        return "not finite"
    return f"{value:.4f}" if value == 0 or 0.001 <= abs(value) < 100 else f"{value:.3g}"


def tick_label(value: float) -> str:
    """`0.001`, `512`, `60,000`."""
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e7 else f"{value:g}"
