"""How differences, intervals, p-values, numbers of things and lists are written."""

from collections.abc import Sequence

from mnist_lab.analysis.power import ALPHA


def signed(points: float, digits: int = 2) -> str:
    """`+0.11`: decimals and a sign, but none before zero."""
    text = f"{points:+.{digits}f}"
    return text[1:] if float(text) == 0 else text


def difference(value: float, interval: tuple[float, float] | None = None, confidence: str = "95 %") -> str:
    """A difference of accuracies in points (hundredths): `+0.11 points (95 % interval +0.02 to +0.20)`."""
    text = f"{signed(100 * value)} points"
    if interval is None:
        return text
    low, high = (signed(100 * end) for end in interval)
    return f"{text} ({confidence} interval {low} to {high})"


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


def corrected(p: float, adjusted: float, comparisons: int) -> str:
    """`p = .004, corrected for 12 comparisons p = .047`; p alone where the correction does not change it."""
    if p_value(adjusted) == p_value(p):
        return p_value(p)
    return f"{p_value(p)}, corrected for {count(comparisons, 'comparison')} {p_value(adjusted)}"


def count(number: int, noun: str) -> str:
    """`1 seed`, `3 seeds`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`; empty for none."""
    *first, last = parts or [""]
    return f"{', '.join(first)} and {last}" if first else last
