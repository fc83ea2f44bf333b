"""Differences and their intervals as bars on a common scale, for pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor, log10
from statistics import median

ROOM = 2.0
"""The scale reaches this many times the median extent to either side; what lies beyond is cut off."""

Estimate = tuple[float, tuple[float, float] | None]
"""A difference, as a fraction of 1, and its 95 % interval, if it has one."""


@dataclass(frozen=True)
class Bar:
    """A difference and its interval on a scale from 0 to 100, with no difference at 50."""

    low: float
    mean: float
    high: float
    cut: str
    """`left` or `right` if the mean is beyond that end of the scale, else empty."""


def bar(found: Estimate, end: float) -> Bar:
    """Return the bar of a difference on a scale that ends at the difference `end`."""
    mean, interval = found
    places = [round(50 + 50 * value / end, 6) for value in (*(interval or (mean, mean)), mean)]
    low, high, middle = (min(100.0, max(0.0, place)) for place in places)
    return Bar(low, middle, high, "left" if places[2] < 0 else "right" if places[2] > 100 else "")


def end_of_scale(found: Iterable[Estimate]) -> float:
    """Return the difference at the end of the bars' scale, round in percentage points; outliers are cut off."""
    extents = [100 * max(map(abs, (mean, *(interval or ())))) for mean, interval in found]
    extents = [extent for extent in extents if extent > 0]
    needed = min(max(extents), ROOM * median(extents)) if extents else 1.0
    power = 10.0 ** floor(log10(needed))
    return next(step * power for step in (1, 1.5, 2, 3, 5, 7, 10) if step * power >= needed * (1 - 1e-9)) / 100
