"""Two models tested on the same images: whether the one errs more often than the other."""

from collections.abc import Collection
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist


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


def accuracy_difference(
    only_a_wrong: int, only_b_wrong: int, total: int, confidence: float = 0.95
) -> tuple[float, float]:
    """An interval for how much more accurate model b is than a, for another choice of as many test images.

    The Wald interval for paired proportions with one image added to each of the two counts, so that it covers what it
    should with small ones too. It is centred a little nearer to 0 than the difference that was seen; at a confidence of
    .8 and more it holds that difference for all counts there are. McNemar's exact test may see a difference a little
    later than the interval leaves 0.

    Source: D. G. Bonett, R. M. Price, "Adjusted Wald confidence interval for a difference of binomial proportions based
    on paired data", Journal of Educational and Behavioral Statistics 37 (2012), 479-488.

    Args:
        only_a_wrong: test images that only a gets wrong.
        only_b_wrong: the same for b.
        total: test images, at least as many as these together; of none the interval is -1 to 1.
        confidence: two-sided coverage, between 0 and 1.

    Returns:
        The lower and the upper bound of the accuracy of b less that of a.

    Raises:
        ValueError: a count is out of range.
    """
    if min(only_a_wrong, only_b_wrong) < 0 or only_a_wrong + only_b_wrong > total:
        raise ValueError(f"expected counts within {total}, received {only_a_wrong} and {only_b_wrong}")
    up, down = (only_a_wrong + 1) / (total + 2), (only_b_wrong + 1) / (total + 2)
    centre = up - down
    half = NormalDist().inv_cdf(0.5 + confidence / 2) * sqrt((up + down - centre**2) / (total + 2))
    return max(-1.0, centre - half), min(1.0, centre + half)


def disagreement(a: Collection[int], b: Collection[int]) -> Disagreement:
    """Compare two models by the indices of the test images that each gets wrong."""
    a, b = set(a), set(b)
    only_a, only_b = len(a - b), len(b - a)
    return Disagreement(only_a, only_b, len(a & b), mcnemar(only_a, only_b))
