"""Two experiments with the same seeds: their differences per seed, and a paired test of the mean difference."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from mnist_lab.analysis.holm import ALPHA

if TYPE_CHECKING:
    from numpy.typing import NDArray

FLIPPED = 16
"""Up to this many pairs all 2^n flips are enumerated; for more, `RESAMPLES` random ones are drawn."""
RESAMPLES = 9_999


@dataclass(frozen=True)
class Paired:
    """The differences b - a of n pairs."""

    n: int
    mean: float
    """Mean difference, in the unit of the values."""
    sd: float | None
    """Sample standard deviation (n - 1) of the differences; None for one pair."""
    interval: tuple[float, float] | None
    """Confidence interval of the mean difference: all differences that the test does not reject. None with too few
    pairs to reject any."""
    p: float
    """Two-sided p of the sign-flip test or, for folds, the corrected resampled t-test; not corrected for other
    tests."""
    smallest_p: float
    """The smallest p that n pairs can give: 2^(1-n) in the sign-flip test, 0 in the t-test."""


def paired(a: Sequence[float], b: Sequence[float], *, tests: int = 1) -> Paired:
    """Compare b with a, pair by pair; the same pairs in any order give the same numbers.

    **p** is that of the sign-flip test (Fisher, The Design of Experiments, 1935, section 21): if a and b do not differ,
    each difference could equally well have had the opposite sign, so p is the share of all 2^n sign combinations whose
    mean is at least as far from 0. The test is exact and assumes differences that are symmetric around their centre;
    beyond 16 pairs p is estimated from 9,999 random combinations with a fixed seed.

    **interval** inverts that test: it contains every difference d for which the same test of b - a - d has a p above
    `ALPHA` / tests. So it excludes 0 exactly if `tests * p <= ALPHA`, and it covers the centre of the differences with
    a probability of at least 1 - `ALPHA` / tests. Its ends are means of subsets of the differences, since flipping the
    signs of a subset mirrors the mean exactly if that subset's mean is d (J. A. Hartigan,
    "Using subsample values as typical values", Journal of the American Statistical Association 64 (1969), 1303-1317).

    Args:
        a: the base's values, for example its test accuracy with each seed.
        b: the values of what is compared with it, in the same order.
        tests: the factor that p is multiplied by before it is compared with `ALPHA` (`holm.open_tests`).

    Raises:
        ValueError: the lengths differ, there is no pair, or a value is not finite.
    """
    given = differences(a, b)
    # Sorted, and with a mean that is not negative: neither order nor direction may change the random combinations.
    sign = -1 if fmean(given) < 0 else 1
    upwards = sorted(sign * difference for difference in given)
    p, interval = _sign_flip(upwards, tests)
    if interval and sign < 0:
        interval = -interval[1], -interval[0]
    n = len(upwards)
    return Paired(
        n=n,
        mean=sign * fmean(upwards),
        sd=stdev(upwards) if n > 1 else None,
        interval=interval,
        p=p,
        smallest_p=smallest_p(n),
    )


def differences(a: Sequence[float], b: Sequence[float]) -> list[float]:
    """Return `b` minus `a`, pair by pair.

    Raises:
        ValueError: the lengths differ, there is no pair, or a value is not finite.
    """
    if len(a) != len(b) or not a:
        raise ValueError(f"expected pairs, received {len(a)} and {len(b)} values")
    if not all(map(isfinite, (*a, *b))):
        raise ValueError("expected finite values")
    return [y - x for x, y in zip(a, b, strict=True)]


def smallest_p(n: int) -> float:
    """Return the smallest two-sided p of a sign-flip test over n pairs: all signs kept, or all flipped."""
    return 2.0 ** (1 - n)


def _sign_flip(differences: list[float], tests: int) -> tuple[float, tuple[float, float] | None]:
    """Return the p and the interval of differences whose mean is not negative.

    A sign combination divides the differences into those that keep their sign and those that do not. With d subtracted
    from all of them, the combination has a mean at least as far from 0 unless d lies strictly between the means of the
    two parts. So each has a pair (low, high), and p(d) for d below the mean is the share of pairs with low <= d.
    """
    if len(differences) == 1:
        return 1.0, None  # without waiting for NumPy

    import numpy as np

    total = sum(differences)
    # A bound on the rounding error of such a sum.
    noise = 1e-9 * sum(map(abs, differences))
    sums, sizes = _subsets(differences)
    total = 0.0 if abs(total) <= noise else total
    parts = [(sums, sizes), (total - sums, len(differences) - sizes)]
    means = [np.where(abs(some) <= noise, 0.0, some) / np.maximum(count, 1) for some, count in parts]
    whole = (sizes == 0) | (sizes == len(differences))  # no sign is changed, or all are: as far from 0 for every d
    lows = np.sort(np.where(whole, -np.inf, np.minimum(*means)))
    highs = np.sort(np.where(whole, np.inf, np.maximum(*means)))[::-1]
    p = float(np.count_nonzero(lows <= 0) / len(lows)) if total else 1.0
    rejectable = _most(len(lows), tests)
    return p, (float(lows[rejectable]), float(highs[rejectable])) if rejectable else None


def _subsets(differences: list[float]) -> "tuple[NDArray, NDArray]":
    """Return the sums and the sizes of the subsets whose signs are flipped, including the empty one."""
    import numpy as np

    if len(differences) > FLIPPED:
        flipped = np.random.default_rng(0).random((RESAMPLES + 1, len(differences))) < 0.5
        flipped[0] = False
        return flipped @ np.array(differences), flipped.sum(axis=1)
    # The first keeps its sign: each combination has a mirror image with the same distance from 0.
    sums, sizes = np.zeros(1), np.zeros(1, dtype=int)
    for difference in differences[1:]:
        sums, sizes = np.concatenate([sums, sums + difference]), np.concatenate([sizes, sizes + 1])
    return sums, sizes


def _most(choices: int, tests: int) -> int:
    """Return how many of the `choices` may at most be as far from 0 while the test still rejects."""
    most = int(ALPHA * choices / tests) + 1
    while tests * (most / choices) > ALPHA:
        most -= 1
    return most
