"""How many seeds a significant difference needs."""

from bisect import bisect_left
from math import isfinite, isnan

from mnist_lab.analysis.holm import ALPHA
from mnist_lab.analysis.paired import smallest_p

POWER = 0.8
"""The probability of detecting a true difference."""
MOST = 1_000
"""The most seeds that are ever suggested."""


def least_seeds(arms: int) -> int:
    """Return the fewest seeds with which a difference of any size can be significant: 6 for one arm, 9 for twelve.

    The smallest p of a sign-flip test over n seeds is 2^(1-n), and Holm's correction multiplies the smallest of m by m.

    Args:
        arms: how many are compared with the same base; if some are significant already, only those that are not
            (`holm.open_tests`).
    """
    n = 1
    while arms * smallest_p(n) > ALPHA:
        n += 1
    return n


def seeds_to_settle(difference: float, sd: float, *, arms: int = 1) -> int | None:
    """Return the seeds with which a true difference of this size would be detected with 80 % power (`POWER`).

    An approximation: the power of the paired t-test, by the noncentral t distribution (J. Cohen, Statistical Power
    Analysis for the Behavioral Sciences, 2nd edition, 1988, chapter 2), at `ALPHA` / arms; never fewer than
    `least_seeds`. The sign-flip test has nearly the power of the t-test. `difference` and `sd` are themselves
    estimates, so with few seeds the answer is only an order of magnitude.

    Args:
        difference: the mean of the paired differences.
        sd: their standard deviation, in the same unit.
        arms: as for `least_seeds`.

    Returns:
        The total number of seeds; None if it is above `MOST`, or if the difference or the deviation is 0 or not finite.
    """
    if not (isfinite(difference) and isfinite(sd)) or difference == 0 or sd <= 0:
        return None
    effect, possible = abs(difference) / sd, range(least_seeds(arms), MOST + 1)
    fewest = bisect_left(possible, POWER, key=lambda n: _power(n, effect, ALPHA / arms))
    return possible[fewest] if fewest < len(possible) else None


def one_digit(number: int) -> int:
    """Return the number rounded to its first digit, as an order of magnitude: 134 is about 100, 37 about 40."""
    return int(float(f"{number:.0e}"))


def _power(n: int, effect: float, alpha: float) -> float:
    """Return the power of the two-sided paired t-test with n pairs to find the difference with the right sign."""
    from scipy.stats import nct, t

    critical, centre = float(t.isf(alpha / 2, n - 1)), effect * n**0.5
    found = float(nct.sf(critical, n - 1, centre))
    # SciPy returns NaN so far out, where the whole distribution lies on one side of the critical value.
    return float(centre > critical) if isnan(found) else found
