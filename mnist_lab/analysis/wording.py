"""How differences, intervals, p-values, numbers of things and lists are written."""

from collections.abc import Sequence

from mnist_lab.analysis.power import ALPHA
from mnist_lab.text.quantities import count as count


def signed(points: float, digits: int = 2) -> str:
    """`+0.11`: decimals and a sign, but none before zero."""
    text = f"{points:+.{digits}f}"
    return text[1:] if float(text) == 0 else text


def difference(value: float) -> str:
    """A difference of accuracies in percentage points: `+0.11 pp`."""
    return f"{signed(100 * value)} pp"


def ends(interval: tuple[float, float]) -> str:
    """Its ends in percentage points: `+0.02 to +0.20`."""
    return " to ".join(signed(100 * end) for end in interval)


def estimate(value: float, interval: tuple[float, float] | None, p: float, comparisons: int) -> str:
    """A difference with what decides whether it is more than chance.

    `+0.11 pp (95 % confidence interval +0.02 to +0.20, p = .023; corrected for 12 comparisons)`
    """
    told = [f"95 % confidence interval {ends(interval)}"] if interval else []
    return f"{difference(value)} ({', '.join([*told, p_value(p)])}; {correction(comparisons)})"


def correction(comparisons: int) -> str:
    """What p and interval take account of."""
    return "uncorrected, one comparison" if comparisons == 1 else f"corrected for {comparisons:,} comparisons"


def p_value(p: float) -> str:
    """`p = .031`, `p < .001`, `p = 1`; `p = .0502` where three decimals would not show on which side of .05 it lies."""
    if p < 0.001:
        return "p < .001"
    text = f"{p:.3f}" if p < 0.1 else f"{p:.2f}"
    digits = 3
    while (float(text) > ALPHA) != (p > ALPHA) and digits < 6:
        digits += 1
        text = f"{p:.{digits}f}"
    return "p = 1" if float(text) == 1 else f"p = {text.removeprefix('0')}"


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`; empty for none."""
    *first, last = parts or [""]
    return f"{', '.join(first)} and {last}" if first else last
