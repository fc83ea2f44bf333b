"""Holm's correction of p-values for multiple tests."""

from collections.abc import Sequence

ALPHA = 0.05
"""The accepted family-wise error rate: the probability of any false claim in a family of comparisons."""


def holm(ps: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p-values, in the order of `ps`.

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
    """Return the factor of each test, which is significant if its p times this is at most `ALPHA`, given the other ps.

    The factor is the number of tests that are not significant if this one is not: as Holm's correction steps down,
    every significant test lowers it by one for those that follow. At least 1, at most the number of tests.
    """
    return [sum(p > ALPHA for p in holm([*ps[:i], 1.0, *ps[i + 1 :]])) for i in range(len(ps))]
