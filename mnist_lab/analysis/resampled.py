"""A test for two experiments cross-validated on the same folds, which accounts for their overlapping training sets."""

from collections.abc import Sequence
from math import inf, sqrt
from statistics import fmean, stdev

from mnist_lab.analysis.holm import ALPHA
from mnist_lab.analysis.paired import Paired, differences


def resampled(a: Sequence[float], b: Sequence[float], *, share: float, tests: int = 1) -> Paired:
    """Compare b with a, fold by fold, by the corrected resampled t-test.

    The folds share most of their training rows, so their differences are correlated and the paired t-test finds
    differences that are not there. Here the variance of the mean is sd² (1/n + share) instead of sd²/n, with Student's
    t of n - 1 degrees of freedom. With several seeds per fold, n is the number of runs.

    Source: C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52 (2003), 239-281,
    section 5; for repeated cross-validation R. R. Bouckaert and E. Frank, "Evaluating the replicability of significance
    tests for comparing learning algorithms", PAKDD 2004, 3-12.

    Args:
        a: the base's values, for example its validation accuracy on each fold.
        b: the values of what is compared with it, in the same order.
        share: validation rows divided by training rows, in each fold: 1 / (k - 1) with k folds.
        tests: the factor that p is multiplied by before it is compared with `ALPHA` (`holm.open_tests`).

    Returns:
        The comparison; its interval is at the level `ALPHA` / tests, and None for a single fold.

    Raises:
        ValueError: the lengths differ, there is no pair, a value is not finite, or the share is not positive.
    """
    given = differences(a, b)
    if not share > 0:
        raise ValueError(f"expected a positive share, received {share}")
    n, mean = len(given), fmean(given)
    if n == 1:
        return Paired(n, mean, sd=None, interval=None, p=1.0, smallest_p=1.0)
    from scipy.special import stdtr, stdtrit

    sd = stdev(given)
    error = sd * sqrt(1 / n + share)
    t = abs(mean) / error if error else inf if mean else 0.0
    half = float(stdtrit(n - 1, 1 - ALPHA / tests / 2)) * error
    return Paired(n, mean, sd, (mean - half, mean + half), p=2 * float(stdtr(n - 1, -t)), smallest_p=0.0)
