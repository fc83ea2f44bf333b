"""How numbers and terms are written.

Accuracies are fractions of 1 with four decimals; differences of accuracies are percentage points (pp) with two.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mnist_lab.analysis.family import Key
from mnist_lab.analysis.holm import ALPHA
from mnist_lab.reports.runs import Spread
from mnist_lab.text.quantities import duration

if TYPE_CHECKING:
    from mnist_lab.reports.study import Published

CI = "95 % confidence interval"
GAP = "generalization gap"


def signed(value: float, digits: int = 2) -> str:
    """Format with decimals and a sign, but no sign before zero: `+0.11`, `-1,052`."""
    text = f"{value:+,.{digits}f}"
    return text if text.strip("+-0.") else text[1:]


def pp(difference: float) -> str:
    """Format a difference of accuracies: `+0.11 pp`."""
    return f"{signed(100 * difference)} pp"


def ends(interval: tuple[float, float] | None) -> str:
    """Format an interval of accuracies: `0.9767 to 0.9823`; empty for None."""
    return "{:.4f} to {:.4f}".format(*interval) if interval else ""


def ends_pp(interval: tuple[float, float] | None) -> str:
    """Format the interval of a difference, in percentage points: `+0.02 to +0.20`; empty for None."""
    return " to ".join(signed(100 * end) for end in interval) if interval else ""


def p_value(p: float) -> str:
    """Format p: `p = .031`, `p < .001`; `p = .0502` if three decimals would not show on which side of .05 it is."""
    if p < 0.001:
        return "p < .001"
    text = f"{p:.3f}" if p < 0.1 else f"{p:.2f}"
    digits = 3
    while (float(text) > ALPHA) != (p > ALPHA) and digits < 6:
        digits += 1
        text = f"{p:.{digits}f}"
    return "p = 1" if float(text) == 1 else f"p = {text.removeprefix('0')}"


def listed(parts: Sequence[str]) -> str:
    """Return `a`, `a and b`, `a, b and c`; empty for none."""
    *first, last = parts or [""]
    return f"{', '.join(first)} and {last}" if first else last


def mean(numbers: Spread | None, digits: int = 4, sign: str = "") -> str:
    """Format the mean: `0.9807`; empty for None."""
    return f"{numbers.mean:{sign}.{digits}f}" if numbers else ""


def deviation(numbers: Spread | None, digits: int = 4) -> str:
    """Format the standard deviation: `± 0.0011`; empty for a single value."""
    return "" if numbers is None or numbers.deviation is None else f"± {numbers.deviation:.{digits}f}"


def spread(numbers: Spread | None, digits: int = 4, sign: str = "") -> str:
    """Format mean and, of several values, sample standard deviation: `0.9807 ± 0.0011`; empty for None."""
    return f"{mean(numbers, digits, sign)} {deviation(numbers, digits)}".strip()


def amount(cost: float, unit: str = "") -> str:
    """Format a cost: `45.3 s` if the unit is `s`, `1.93e+12` if it is `FLOPs`, else `669,706`."""
    if unit == "s":
        return duration(cost)
    return f"{cost:.2e}" if unit == "FLOPs" else f"{cost:,.0f}"


def multiple(ratio: float) -> str:
    """Format one cost as a multiple of another: `x 1.09`, `x 0.0034`; `same` if they are equal."""
    return "same" if ratio == 1 else f"x {ratio:.2f}" if ratio >= 0.1 else f"x {ratio:.2g}"


def as_published(found: "Published") -> str:
    """Format a published accuracy: `0.9918`, or `best 0.9918`; empty if there is none."""
    return "" if found.accuracy is None else f"{'best ' if found.best else ''}{found.accuracy:.4f}"


def some_runs(keys: Sequence[Key]) -> str:
    """Name runs: `seed 4`, `seeds 1 to 10`, `seeds 1, 3 and 7`; `folds 1 to 5 of seed 1` for pairs of seed and fold."""
    pairs = [key for key in keys if isinstance(key, tuple)]
    if not pairs:
        return _numbered("seed", [key for key in keys if isinstance(key, int)])
    seeds, folds = (sorted({pair[i] for pair in pairs}) for i in (0, 1))
    return f"{_numbered('fold', folds)} of {_numbered('seed', seeds)}"


def _numbered(noun: str, numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"{noun} {numbers[0]}"
    if len(numbers) > 2 and list(numbers) == list(range(numbers[0], numbers[-1] + 1)):
        return f"{noun}s {numbers[0]} to {numbers[-1]}"
    return f"{noun}s {listed(list(map(str, numbers)))}"
