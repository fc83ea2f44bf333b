"""The axes of one panel of a learning curve: which part of the values it shows, and its ticks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, isfinite

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from mnist_lab.plots.style import GREY

Floats = NDArray[np.float64]

START = 0.1  # the leading share of each line that may leave the panel
SQUEEZED = 4.0  # ... when showing it would take this many times the range of the rest
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


ACCURACY = Quantity("accuracy", "accuracy (fraction)", rises=True, ceiling=1.0)
LOSS = Quantity("loss", "loss (nats)", rises=False, ceiling=float("inf"))


def frame(
    axes: Axes, quantity: Quantity, lines: Sequence[Floats], start: str, logarithmic_from: float = EXPLODED
) -> None:
    """Set the y-limits to the interesting range.

    That is everything, with two exceptions. The leading `START` of each line may leave the panel when it alone
    would squeeze the rest `SQUEEZED` times; the note `start` then says where the curve came from.
    A loss whose largest value is more than `logarithmic_from` times the smallest gets a logarithmic axis.
    """
    whole = [line for line in lines if np.isfinite(line).any()]
    if not whole:
        axes.set_ylim(0, 1)
        return
    low, high = _range(whole)
    if not quantity.rises and low > 0 and high / low > logarithmic_from:
        axes.set_yscale("log")
        axes.set_ylabel(f"{quantity.label}, log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,), numticks=6))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_ylim(low / 1.3, high * 1.3)
        return

    rest = [line[ceil(START * len(line)) :] for line in whole]
    if all(len(line) >= 5 and np.isfinite(late).any() for line, late in zip(whole, rest, strict=True)):
        later = _range(rest)
        kept = (later[0], high) if quantity.rises else (low, later[1])
        if high - low > SQUEEZED * (kept[1] - kept[0]) > 0:
            low, high = kept
            _note(axes, start, quantity)
    least = 0.01 if quantity.rises else 0.02 * high
    missing = max(0.0, least - (high - low)) / 2
    low, high = low - missing, high + missing
    if not quantity.rises and low < 0.5 * high:
        low = 0.0
    margin = 0.06 * (high - low) or 0.01
    axes.set_ylim(low - margin * (low != 0), min(high + margin, quantity.ceiling + margin / 3))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))


def _range(lines: Iterable[Floats]) -> tuple[float, float]:
    values = np.concatenate(list(lines))
    return float(np.nanmin(values)), float(np.nanmax(values))


def whole_epochs(axes: Axes, first: int, last: int, most: int) -> None:
    """Ticks at whole epochs only: at most about `most`, at multiples of 1, 2 or 5 times a power of ten."""
    step = next(s * 10**p for p in range(12) for s in (1, 2, 5) if last - first <= most * s * 10**p)
    ticks = [tick for tick in range(0, last + 1, step) if tick >= first]
    if not ticks or ticks[0] - first > step / 2:
        ticks.insert(0, first)
    axes.set_xticks(ticks, [str(tick) for tick in ticks])


def _note(axes: Axes, text: str, quantity: Quantity) -> None:
    """Say which value lies outside the panel, in the corner that a converging curve leaves free."""
    y, va, arrow = (0.03, "bottom", "▼") if quantity.rises else (0.97, "top", "▲")
    axes.text(
        0.98, y, f"{arrow} {text}", transform=axes.transAxes, ha="right", va=va, color=GREY, fontsize=8,
        bbox={"color": "white", "alpha": 0.8, "pad": 1},
    )  # fmt: skip


def include(axes: Axes, value: float) -> None:
    """Widen the y-limits, if need be, so that `value` lies clearly inside."""
    low, high = axes.get_ylim()
    if axes.get_yscale() == "log":
        if value > 0:
            axes.set_ylim(min(low, value / 1.3), max(high, value * 1.3))
    else:
        margin = 0.04 * (high - low)
        axes.set_ylim(min(low, value - margin), max(high, value + margin))


def number(value: float | None) -> str:
    """Four decimals where they say something, else three digits."""
    if value is None or not isfinite(value):
        return "not finite"
    return f"{value:.4f}" if value == 0 or 0.001 <= abs(value) < 100 else f"{value:.3g}"
