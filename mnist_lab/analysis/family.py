"""Comparisons over shared seeds that are tested together: what is left of each, and how many seeds it would take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnist_lab.analysis.holm import holm, open_tests
from mnist_lab.analysis.paired import Paired, paired
from mnist_lab.analysis.power import ALPHA, least_seeds, seeds_to_settle

FEWEST = 3
"""Pairs from which their spread says how many more it would take."""

BySeed = Mapping[int, float]
"""A number that was measured with each seed."""


@dataclass(frozen=True)
class Tested:
    """An experiment, an arm, against its base, as one comparison of a family."""

    arms: int
    """How many comparisons the family has: what p is corrected for."""
    remaining: int
    """How many of them would not be significant if this one were not: what its own p may at most be multiplied by."""
    seeds: tuple[int, ...]
    """Those that both were run with, ascending."""
    paired: Paired | None
    """The numbers with those seeds, compared; None if there is no such seed."""
    p: float | None
    """The sign-flip p after Holm's correction: the one that decides. None if there is no such seed."""
    least: int
    """Seeds below which this arm cannot be significant, however large its difference, the other arms being as they are:
    Holm's correction asks less of an arm once others are significant."""
    settle: int | None
    """Seeds in all with which a difference of this size would probably be found (`power.seeds_to_settle`)."""

    @property
    def significant(self) -> bool:
        """Whether the difference is told from chance."""
        return self.p is not None and self.p <= ALPHA

    @property
    def too_few(self) -> bool:
        """Whether it never could have been, with so few seeds."""
        return len(self.seeds) < self.least

    @property
    def more_seeds(self) -> int:
        """How many more would probably show a difference of this size; 0 if that is not known."""
        return max(0, (self.settle or 0) - len(self.seeds))


def tested(family: Sequence[tuple[BySeed, BySeed]]) -> list[Tested]:
    """Test all of a family at significance level `ALPHA` together.

    The sign-flip test over the shared seeds decides (`paired.paired`), with Holm's correction; a comparison without a
    shared seed counts as tested with p = 1.

    Args:
        family: of each comparison the numbers of the base and those of the arm.
    """
    shared = [tuple(sorted(base.keys() & arm.keys())) for base, arm in family]
    pairs = [
        paired([base[seed] for seed in seeds], [arm[seed] for seed in seeds]) if seeds else None
        for (base, arm), seeds in zip(family, shared, strict=True)
    ]
    ps = [pair.p if pair else 1.0 for pair in pairs]
    return [
        Tested(
            arms=len(family),
            remaining=remaining,
            seeds=seeds,
            paired=pair,
            p=p if pair else None,
            least=least_seeds(remaining),
            settle=_settle(pair, remaining) if p > ALPHA else None,
        )
        for seeds, pair, p, remaining in zip(shared, pairs, holm(ps), open_tests(ps, ALPHA), strict=True)
    ]


def _settle(pair: Paired | None, remaining: int) -> int | None:
    """None where there are too few differences: the spread of two is no measure of anything."""
    return seeds_to_settle(pair.mean, pair.sd, arms=remaining) if pair and pair.sd and pair.n >= FEWEST else None
