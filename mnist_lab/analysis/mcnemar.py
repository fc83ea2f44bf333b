"""Two models tested on the same images: whether the one errs more often than the other."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Disagreement:
    """The test images that one of two models gets right and the other wrong."""

    only_a_wrong: int
    only_b_wrong: int
    both_wrong: int
    p: float
    """Of McNemar's exact test."""


def mcnemar(only_a_wrong: int, only_b_wrong: int) -> float:
    """The two-sided p of McNemar's exact test.

    If both models err equally often, an image that only one of them gets wrong is as likely to be the one's as the
    other's: p is that of a binomial test with probability one half. It is about these two models, with the weights
    they have: it says nothing about what other seeds would have given.

    Source: Q. McNemar, Psychometrika 12 (1947), 153-157; exact: A. Agresti, Categorical Data Analysis, 2nd edition
    (2002), section 10.1.

    Raises:
        ValueError: a count is negative.
    """
    if only_a_wrong < 0 or only_b_wrong < 0:
        raise ValueError(f"expected counts, received {only_a_wrong} and {only_b_wrong}")
    n, fewer = only_a_wrong + only_b_wrong, min(only_a_wrong, only_b_wrong)
    # In whole numbers: exact, and at once where importing SciPy takes half a second.
    ways = total = 1
    for k in range(fewer):
        ways = ways * (n - k) // (k + 1)
        total += ways
    return min(1.0, total / 2 ** (n - 1)) if n else 1.0


def disagreement(a: Collection[int], b: Collection[int]) -> Disagreement:
    """Compare two models by the indices of the test images that each gets wrong."""
    a, b = set(a), set(b)
    only_a, only_b = len(a - b), len(b - a)
    return Disagreement(only_a, only_b, len(a & b), mcnemar(only_a, only_b))
