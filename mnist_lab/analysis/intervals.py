"""Confidence intervals: for an accuracy measured on a finite test set, and for a mean over a few seeds."""

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist, fmean, stdev


def wilson(correct: int, total: int) -> tuple[float, float]:
    """Return Wilson's score interval for a proportion, 95 % two-sided, without continuity correction.

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
    # With none or all correct, an end is exactly 0 or 1; rounding must not move it, or move an end across p.
    lower = 0.0 if correct == 0 else min(p, max(0.0, centre - half))
    upper = 1.0 if correct == total else max(p, min(1.0, centre + half))
    return lower, upper


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float] | None:
    """Return Student's interval for the mean that `values` are drawn around.

    The interval is mean ± t·sd/sqrt(n), with n - 1 degrees of freedom. Over seeds it covers the choice of the seed
    only, not that of the test images. It assumes normal values, which matters little for ten or more, and is not
    clipped.

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
    """Return the `mean_interval` of accuracies at 95 %, clipped to [0, 1]."""
    interval = mean_interval(accuracies)
    return interval and (max(0.0, interval[0]), min(1.0, interval[1]))
