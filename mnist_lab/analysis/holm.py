"""Holm's correction of p-values for multiple tests."""

from collections.abc import Sequence

ALPHA = 0.05
"""The probability of a false claim that is accepted, in a whole family of comparisons."""


def holm(ps: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order of `ps`.

    An adjusted p of at most .05 means that the probability of one or more false claims among all of the tests is at
    most .05, however they depend on each other.

    Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6
    (1979), 65-70.

    Raises:
        ValueError: a p is not between 0 and 1.
    """
    if not all(0 <= p <= 1 for p in ps):
        raise ValueError(f"expected values between 0 and 1, received {list(ps)}")
    adjusted = [0.0] * len(ps)
    highest = 0.0
    for rank, i in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[i]))
        adjusted[i] = highest
    return adjusted


def open_tests(ps: Sequence[float]) -> list[int]:
    """What the p of each test has to be multiplied by and still be at most `ALPHA`, given the other p-values.

    That is the number of tests that are not significant if this one is not: as Holm's correction steps down, every test
    that is significant makes it one less for those that come after. At least 1, at most all of them.
    """
    return [sum(p > ALPHA for p in holm([*ps[:i], 1.0, *ps[i + 1 :]])) for i in range(len(ps))]
