"""Confidence intervals: of an accuracy measured on a finite test set, and of a mean over a few seeds."""

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist, fmean, stdev


def wilson(correct: int, total: int) -> tuple[float, float]:
    """Wilson's score interval for a proportion, 95 % two-sided, without continuity correction.

    Unlike the textbook p ± 1.96·sqrt(p(1-p)/n) it stays inside [0, 1] and keeps its coverage near 1, where
    accuracies on MNIST are. It covers the choice of test images only, not that of the seed.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the
    American Statistical Association 22 (1927), 209-212; method 3 of R. G. Newcombe, Statistics in Medicine 17
    (1998), 857-872.

    Args:
        correct: number of successes, 0 to `total`.
        total: number of trials, at least 1.

    Returns:
        The lower and the upper bound, as fractions of 1.

    Raises:
        ValueError: the counts are out of range.
    """
    if not 0 <= correct <= total or total == 0:
        raise ValueError(f"expected 0 <= correct <= total and total > 0, received {correct} of {total}")
    z = NormalDist().inv_cdf(0.975)
    p = correct / total
    shrink = 1 + z * z / total
    centre = (p + z * z / (2 * total)) / shrink
    half = z / shrink * sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    # The ends are exact at no and at all correct; rounding must not move them off 0 and 1, or across p.
    lower = 0.0 if correct == 0 else min(p, max(0.0, centre - half))
    upper = 1.0 if correct == total else max(p, min(1.0, centre + half))
    return lower, upper


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float] | None:
    """Student's interval for the mean that `values` are drawn around: mean ± t·sd/sqrt(n), t of n - 1 degrees.

    Over seeds it covers the choice of the seed only, not that of the test images. It takes the values to be normal,
    which matters little from some ten on. It is not kept within 0 and 1.

    Source: Student, "The probable error of a mean", Biometrika 6 (1908), 1-25.

    Returns:
        The lower and the upper bound; None for fewer than two values.
    """
    if len(values) < 2:
        return None
    from scipy.special import stdtrit

    n, mean = len(values), fmean(values)
    half = float(stdtrit(n - 1, 0.5 + confidence / 2)) * stdev(values) / sqrt(n)
    return mean - half, mean + half


def mean_accuracy_interval(accuracies: Sequence[float]) -> tuple[float, float] | None:
    """The 95 % interval of `mean_interval`, of accuracies, which cannot leave 0 to 1."""
    interval = mean_interval(accuracies)
    return interval and (max(0.0, interval[0]), min(1.0, interval[1]))
