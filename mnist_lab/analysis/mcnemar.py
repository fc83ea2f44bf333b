"""McNemar's test: whether one of two models, tested on the same images, makes more mistakes than the other."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from mnist_lab.analysis.holm import ALPHA


@dataclass(frozen=True)
class Disagreement:
    """How the mistakes of two models on the same test images overlap."""

    only_a_wrong: int
    only_b_wrong: int
    both_wrong: int
    p: float
    """The two-sided p of McNemar's exact test."""


def mcnemar(only_a_wrong: int, only_b_wrong: int) -> float:
    """Return the two-sided p of McNemar's exact test.

    If both models err equally often, an image that only one of them gets wrong is equally likely to be wrong for
    either: p is that of a binomial test with probability one half. The test is about these two models, with the
    weights they have: it does not generalize to other seeds.

    Source: Q. McNemar, Psychometrika 12 (1947), 153-157; exact: A. Agresti, Categorical Data Analysis, 2nd edition
    (2002), section 10.1.

    Raises:
        ValueError: a count is negative.
    """
    if only_a_wrong < 0 or only_b_wrong < 0:
        raise ValueError(f"expected counts, received {only_a_wrong} and {only_b_wrong}")
    n, fewer = only_a_wrong + only_b_wrong, min(only_a_wrong, only_b_wrong)
    # Integers are exact and instant; importing SciPy takes half a second.
    ways = total = 1
    for k in range(fewer):
        ways = ways * (n - k) // (k + 1)
        total += ways
    return min(1.0, total / 2 ** (n - 1)) if n else 1.0


def accuracy_difference(only_a_wrong: int, only_b_wrong: int, total: int, *, tests: int = 1) -> tuple[float, float]:
    """Return a confidence interval for how much more accurate b is than a, which covers the choice of the test images.

    The interval agrees with McNemar's exact test: it excludes 0 exactly if `tests * mcnemar(...) <= ALPHA`. The
    difference is the share of images that only one of the two gets wrong, times how much more often that one is a than
    b: the confidence distributions of these two factors (Clopper and Pearson's) are combined into that of their
    product. The coverage is at least 1 - `ALPHA` / tests.

    Source: M. P. Fay, K. Lumbard, "Confidence intervals for difference in proportions for matched pairs compatible
    with exact McNemar's or sign tests", Statistics in Medicine 40 (2021), 1147-1159.

    Args:
        only_a_wrong: test images that only a gets wrong.
        only_b_wrong: test images that only b gets wrong.
        total: all test images, at least the sum of these; with none the interval is -1 to 1.
        tests: the factor that p is multiplied by before it is compared with `ALPHA` (`holm.open_tests`).

    Returns:
        The lower and the upper bound of the accuracy of b minus that of a.

    Raises:
        ValueError: a count is out of range.
    """
    if min(only_a_wrong, only_b_wrong) < 0 or only_a_wrong + only_b_wrong > total:
        raise ValueError(f"expected counts within {total}, received {only_a_wrong} and {only_b_wrong}")
    tail = ALPHA / tests / 2
    return (
        _lower_limit(only_a_wrong, only_b_wrong, total, tail),
        -_lower_limit(only_b_wrong, only_a_wrong, total, tail),
    )


def _lower_limit(up: int, down: int, total: int, tail: float) -> float:
    """Return the `tail` quantile of share * (2 * part - 1): `share` of the images differ, `part` of those are `up`."""
    if total == 0:
        return -1.0
    import numpy as np
    from scipy.optimize import brentq
    from scipy.special import betainc, betaincinv, betaln

    differ = up + down

    if up == 0:
        return -1.0 if differ == total else -float(betaincinv(differ + 1, total - differ, 1 - tail))
    none_better = float(betainc(up, down + 1, 0.5))  # the one-sided p of McNemar's test
    positive = none_better < tail
    if differ == total and not positive:  # then the share's upper limit is 1
        return 2 * float(betaincinv(up, down + 1, tail)) - 1
    # If the part lies on one side of a half, what lies beyond its extreme quantiles is negligible.
    ends = betaincinv(up, down + 1, np.array([1e-12, 1 - 1e-12]))
    ends = np.clip(ends, 0.5, 1) if positive else np.clip(ends, 0, 0.5)
    nodes, weights = np.polynomial.legendre.leggauss(160)
    part = ends[0] + (ends[1] - ends[0]) * (nodes + 1) / 2
    density = np.exp((up - 1) * np.log(part) + down * np.log1p(-part) - betaln(up, down + 1))
    mass, lean = density * weights * (ends[1] - ends[0]) / 2, 2 * part - 1

    def excess(difference: float) -> float:
        share = difference / lean
        if positive:
            return none_better + float(mass @ betainc(differ, total - differ + 1, np.clip(share, 0, 1))) - tail
        return float(mass @ (1 - betainc(differ + 1, total - differ, np.clip(share, 0, 1)))) - tail

    found: Any = brentq(excess, *((1e-15, 1.0) if positive else (-1.0, -1e-15)), xtol=1e-7)
    return float(found)


def disagreement(a: Collection[int], b: Collection[int]) -> Disagreement:
    """Compare two models by the indices of the test images that each gets wrong."""
    a, b = set(a), set(b)
    only_a, only_b = len(a - b), len(b - a)
    return Disagreement(only_a, only_b, len(a & b), mcnemar(only_a, only_b))
