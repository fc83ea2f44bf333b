"""Comparisons over shared seeds that are tested as one family: their corrected p-values, and the seeds they need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from mnist_lab.analysis.holm import ALPHA, holm, open_tests
from mnist_lab.analysis.paired import Paired, paired
from mnist_lab.analysis.power import least_seeds, one_digit, seeds_to_settle
from mnist_lab.analysis.resampled import resampled

KNOWN = 2.0
"""Standard errors that a mean difference must be away from 0 for the order of magnitude of it to be known."""

Key = int | tuple[int, int]
"""A seed; or, of cross-validated runs, a seed and a fold."""
BySeed = Mapping[Any, float]
"""A number that was measured with each seed (`Key`)."""
FEWEST_FOLDS = 2
"""Folds below which nothing can be significant."""


@dataclass(frozen=True)
class Tested:
    """An experiment, an arm, against its base, as one comparison of a family."""

    arms: int
    """How many comparisons the family has: what p and the interval are corrected for."""
    remaining: int
    """How many of them would not be significant if this one were not: what its own p may at most be multiplied by."""
    seeds: tuple[Any, ...]
    """Those that both were run with (`Key`), ascending."""
    paired: Paired | None
    """The numbers with those seeds, compared; None if there is no such seed. Its interval is at the level of the step
    of Holm's correction that this comparison is at, so that it excludes 0 exactly if the difference is significant."""
    p: float | None
    """The sign-flip p after Holm's correction: the one that decides. None if there is no such seed."""
    least: int
    """Seeds below which this arm cannot be significant, however large its difference, given the results of the other
    arms: Holm's correction asks less of an arm once others are significant."""
    more_seeds: int
    """How many more would probably show a difference of this size, to one significant digit; 0 where that is not
    known. It is for no fewer seeds than `least`, and only for a mean of at least `KNOWN` standard errors: of a smaller
    one not even the order of magnitude is."""

    share: float | None
    """Of cross-validated runs the rows for validation over those for training; None if only the seeds differ."""

    @property
    def unit(self) -> str:
        """What the pairs are: `seed` or `fold`."""
        return "fold" if self.share else "seed"

    @property
    def significant(self) -> bool:
        """Whether the difference is significant."""
        return self.p is not None and self.p <= ALPHA

    @property
    def too_few(self) -> bool:
        """Whether it never could have been, with so few seeds."""
        return len(self.seeds) < self.least


def tested(family: Sequence[tuple[BySeed, BySeed]], share: float | None = None) -> list[Tested]:  # noqa: PT028
    """Test all of a family at significance level `ALPHA` together.

    The sign-flip test over the shared seeds decides (`paired.paired`), of cross-validated runs the corrected resampled
    t-test over the shared folds (`resampled.resampled`), with Holm's correction; a comparison without a shared seed
    counts as tested with p = 1.

    For each comparison, the family has the numbers of the base and those of the arm; `share` is `Tested.share`.
    """
    seeds = [tuple(sorted(base.keys() & arm.keys())) for base, arm in family]

    def compare(i: int, tests: int = 1) -> Paired | None:
        base, arm = ([numbers[seed] for seed in seeds[i]] for numbers in family[i])
        if not base:
            return None
        return resampled(base, arm, share=share, tests=tests) if share else paired(base, arm, tests=tests)

    ps = [pair.p if (pair := compare(i)) else 1.0 for i in range(len(family))]
    return [
        _tested(seeds[i], compare(i, remaining), p, remaining, len(family), share)
        for i, (p, remaining) in enumerate(zip(holm(ps), open_tests(ps), strict=True))
    ]


def _tested(
    seeds: tuple[Any, ...], pair: Paired | None, p: float, remaining: int, arms: int, share: float | None
) -> Tested:
    least, more = FEWEST_FOLDS if share else least_seeds(remaining), 0
    known = pair and pair.sd and pair.n >= least and abs(pair.mean) >= KNOWN * pair.sd / sqrt(pair.n)
    if pair and pair.sd and known and p > ALPHA and not share:
        more = max(0, (seeds_to_settle(pair.mean, pair.sd, arms=remaining) or 0) - pair.n)
    return Tested(arms, remaining, seeds, pair, p if pair else None, least, one_digit(more), share)
