"""Comparisons over shared seeds, tested as one family: their corrected p-values, and the seeds they need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from mnist_lab.analysis.holm import ALPHA, holm, open_tests
from mnist_lab.analysis.paired import Paired, paired
from mnist_lab.analysis.power import least_seeds, one_digit, seeds_to_settle
from mnist_lab.analysis.resampled import resampled

KNOWN = 2.0
"""How many standard errors a mean difference must be from 0 for its order of magnitude to be known."""

Key = int | tuple[int, int]
"""A seed; for cross-validated runs, a seed and a fold."""
BySeed = Mapping[Any, float]
"""A number that was measured with each seed (`Key`)."""
FEWEST_FOLDS = 2
"""The fewest folds with which anything can be significant."""


@dataclass(frozen=True)
class Tested:
    """One comparison of a family: an experiment (the arm) against its base."""

    arms: int
    """How many comparisons the family has."""
    remaining: int
    """How many of them would not be significant if this one were not: the factor that its p is multiplied by before it
    is compared with `ALPHA`, and that its interval is corrected for."""
    seeds: tuple[Any, ...]
    """The seeds (`Key`) that both were run with, ascending."""
    paired: Paired | None
    """The numbers with those seeds, compared; None without such a seed. Its interval is at the level of this
    comparison's step in Holm's correction, so it excludes 0 exactly if the difference is significant."""
    p: float | None
    """The p after Holm's correction, which decides; None without a shared seed."""
    least: int
    """The fewest seeds (or folds) with which this arm can be significant, however large its difference, given the
    results of the other arms: Holm's correction asks less of an arm once others are significant."""
    more_seeds: int
    """How many more seeds would probably show a difference of this size, to one significant digit. 0 if the difference
    is significant, for folds, or with fewer than `least` seeds or a mean below `KNOWN` standard errors, where not even
    its order of magnitude is known."""

    share: float | None
    """Validation rows divided by training rows, for cross-validated runs; None if only the seeds differ."""

    @property
    def unit(self) -> str:
        """What each pair shares: a `seed` or a `fold`."""
        return "fold" if self.share else "seed"

    @property
    def significant(self) -> bool:
        """Whether the difference is significant."""
        return self.p is not None and self.p <= ALPHA

    @property
    def too_few(self) -> bool:
        """Whether so few seeds could not have given a significant difference."""
        return len(self.seeds) < self.least


def tested(family: Sequence[tuple[BySeed, BySeed]], share: float | None = None) -> list[Tested]:  # noqa: PT028
    """Test all of a family at significance level `ALPHA` together.

    The sign-flip test over the shared seeds decides (`paired.paired`), or for cross-validated runs the corrected
    resampled t-test over the shared folds (`resampled.resampled`), with Holm's correction; a comparison without a
    shared seed counts as tested with p = 1.

    `family` holds a pair for each comparison: the base's numbers and the arm's. `share` is `Tested.share`.
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
