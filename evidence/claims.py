"""The conclusions of the write-ups, tested on our runs with the statistics of `mnist_lab.analysis`.

A comparison of two experiments is decided by the sign-flip test over the seeds that both were run with. For the test
accuracy or the gap of an arm against its base, it is the test used in the tables and the report, corrected for all arms
of that base; the other comparisons in a write-up form their own family. A claim about the size of a number is decided
by Student's interval of its mean over the seeds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import inf

from evidence.comparison import Comparison
from evidence.writeups import Claim
from mnist_lab.analysis import first_gap, mean_accuracy_interval, mean_interval, overfitting_onset
from mnist_lab.analysis.family import BySeed, Tested, tested
from mnist_lab.analysis.power import least_seeds
from mnist_lab.reports import Group, Spread, wording
from mnist_lab.reports.observations import OVERFIT_GAP
from mnist_lab.text.quantities import count

GAPS = ("gap", "overfitting")
"""Quantities that are the gap between training and validation accuracy."""
EPOCHS = ("first_gap", "onset")
"""Quantities that are an epoch."""
FEWEST = 3
"""Minimum number of runs: with fewer, an epoch missing in most of them decides nothing."""
UNDERSTATED = "Dropout or augmentation lowers training accuracy and therefore the gap."


class Outcome(StrEnum):
    """The outcome of testing a claim on the runs."""

    REPLICATED = "replicated"
    CONTRADICTED = "contradicted"
    NOT_SIGNIFICANT = "not significant"
    INCONCLUSIVE = "inconclusive"
    """The interval of a size spans the claim's bound."""
    BIASED = "inconclusive: gap biased by dropout or augmentation"
    """A claim that an experiment overfits little, or that one overfits more than another, where dropout or augmentation
    lowers the gap."""
    TOO_FEW = "too few seeds"
    """No difference, however large, could have decided it."""
    NOT_RUN = "not run yet"

    @property
    def is_open(self) -> bool:
        """Whether the runs leave it undecided."""
        return self not in (Outcome.REPLICATED, Outcome.CONTRADICTED)


@dataclass(frozen=True)
class Finding:
    """A claim and the outcome of its test."""

    claim: Claim
    outcome: Outcome
    n: int
    """Number of seeds that it rests on."""
    numbers: str
    """One or more sentences with our numbers, or with what is missing; may be empty."""


def findings(compared: Comparison) -> list[Finding]:
    """Return the outcome of each claim of a write-up, in its order."""
    tests = _tests(compared)
    return [
        _of_two(claim, compared, tests.get(i)) if claim.than else _of_size(claim, compared)
        for i, claim in enumerate(compared.writeup.claims)
    ]


def measured(claim: Claim, group: Group | None) -> dict[int, float]:
    """Return the number that a claim is about, by seed, for the seeds that have it."""
    if group is None:
        return {}
    measure = _MEASURES[claim.quantity]
    values = {seed: measure(claim, group, i) for i, seed in enumerate(group.seeds)}
    return {seed: value for seed, value in values.items() if value is not None}


def _validation(claim: Claim, group: Group, i: int) -> list[float]:
    """Return validation accuracies from the claim's epoch on."""
    return [row["val_accuracy"] for row in group.runs[i].history if row["epoch"] >= (claim.epoch or 0)]


_MEASURES: dict[str, Callable[[Claim, Group, int], float | None]] = {
    "test": lambda _, group, i: group.test.values[i],
    **dict.fromkeys(GAPS, lambda _, group, i: group.gap_by_seed.get(group.seeds[i])),
    "first_gap": lambda _, group, i: first_gap(group.runs[i].history, OVERFIT_GAP),
    "onset": lambda _, group, i: (turn := overfitting_onset(group.runs[i].history)) and turn.epoch,
    "best_test": lambda _, group, i: (
        group.runs[i].measured.best.validation_accuracy if group.selected_on_test else None
    ),
    "validation_at": lambda claim, group, i: next(iter(_validation(claim, group, i)), None),
    "lowest_from": lambda claim, group, i: min(_validation(claim, group, i), default=None),
}


def _tests(compared: Comparison) -> dict[int, Tested]:
    """Return the tests of claims that compare two experiments, by claim number; without arms that were not run."""
    tests: dict[int, Tested] = {}
    own: dict[int, tuple[BySeed, BySeed]] = {}
    for i, claim in enumerate(compared.writeup.claims):
        if claim.than is None:
            continue
        group, other = _sides(claim, compared)
        if not _in_tables(claim, compared):
            own[i] = measured(claim, other), measured(claim, group)
        elif (entry := compared.entry(claim.of)) and (test := entry.gap if claim.quantity in GAPS else entry.verdict):
            tests[i] = test
    return tests | dict(zip(own, tested(list(own.values())), strict=True))


def _in_tables(claim: Claim, compared: Comparison) -> bool:
    """Whether it compares an arm with its base by a quantity that the tables and the report compare."""
    base = compared.experiment(claim.of).base
    return claim.quantity in ("test", *GAPS) and base == compared.experiment(str(claim.than)).name


def _sides(claim: Claim, compared: Comparison) -> tuple[Group | None, Group | None]:
    """Return the experiment that a claim is about, and the one that it is compared with."""
    entry, other = (compared.entry(str(name)) for name in (claim.of, claim.than))
    if entry and _in_tables(claim, compared):
        return entry.group, entry.base
    return entry and entry.group, other and other.group


def _of_two(claim: Claim, compared: Comparison, test: Tested | None) -> Finding:
    group, other = _sides(claim, compared)
    if group is None or other is None or test is None or test.paired is None or test.p is None:
        return _not_run(claim, compared)
    both = (measured(claim, one) for one in (group, other))
    ours, base = (_spread(tuple(by_seed[seed] for seed in test.seeds), claim) for by_seed in both)
    some = f" with {count(len(test.seeds), 'shared seed')}" if len(test.seeds) < max(group.n, other.n) else ""
    numbers = f"{_name(claim, group)}{some}: {ours} against {base}, "
    if test.too_few:
        numbers += f"{wording.pp(test.paired.mean)}; at least {test.least} seeds needed."
    else:
        numbers += f"{wording.estimate(test)}.{wording.outlook(test)}"
    agrees = (test.paired.mean > 0) == (claim.direction == "higher")
    unlike = claim.quantity in GAPS and group.handicaps != other.handicaps
    if test.too_few:
        outcome = Outcome.TOO_FEW
    elif unlike and claim.quantity == "overfitting":
        outcome = Outcome.BIASED
    elif not test.significant:
        outcome = Outcome.NOT_SIGNIFICANT
    else:
        outcome = Outcome.REPLICATED if agrees else Outcome.CONTRADICTED
    return Finding(claim, outcome, test.paired.n, f"{numbers} {wording.BIASED}" if unlike else numbers)


def _of_size(claim: Claim, compared: Comparison) -> Finding:
    entry = compared.entry(claim.of)
    if entry is None:
        return _not_run(claim, compared)
    group = entry.group
    values = tuple(measured(claim, group).values())
    in_any_range = claim.quantity in (*GAPS, *EPOCHS)
    interval = mean_interval(values) if in_any_range else mean_accuracy_interval(values)
    if group.n > 1 and len(values) < group.n:
        some = f": {_spread(values, claim)}" if values else ""
        text = f"{_name(claim, group)}: found in {len(values)} of {count(group.n, 'run')}{some}."
        # An epoch found in fewer than half of the runs is not a property of the experiment.
        never = 2 * len(values) < group.n and group.n >= FEWEST
        return Finding(claim, Outcome.CONTRADICTED if never else Outcome.INCONCLUSIVE, group.n, text)
    if interval is None:
        value = _spread(values, claim) if values else "not known"
        text = f"{_name(claim, group)}: {value}; a single seed has no interval."
        return Finding(claim, Outcome.TOO_FEW, group.n, text)
    text = (
        f"{_name(claim, group)}: {_spread(values, claim)} "
        f"({wording.CI} {_number(interval[0], claim)} to {_number(interval[1], claim)})."
    )
    outcome = _place(claim, interval)
    if claim.quantity in GAPS and group.handicaps:
        text += f" {UNDERSTATED}"
        if claim.quantity == "overfitting" and _decided_by_its_smallness(claim, outcome, interval):
            outcome = Outcome.BIASED
    return Finding(claim, outcome, group.n, text)


def _place(claim: Claim, interval: tuple[float, float]) -> Outcome:
    """Return the outcome for an interval with respect to the claim's bounds."""
    low = -inf if claim.at_least is None else claim.at_least
    high = inf if claim.at_most is None else claim.at_most
    if low <= interval[0] and interval[1] <= high:
        return Outcome.REPLICATED
    return Outcome.CONTRADICTED if interval[1] < low or interval[0] > high else Outcome.INCONCLUSIVE


def _decided_by_its_smallness(claim: Claim, outcome: Outcome, interval: tuple[float, float]) -> bool:
    bound = claim.at_most if outcome is Outcome.REPLICATED else claim.at_least
    return not outcome.is_open and bound is not None and interval[1] <= bound


def _not_run(claim: Claim, compared: Comparison) -> Finding:
    """Return the finding before any run, with a note if the planned seeds cannot decide the claim."""
    planned = min(compared.experiment(name).seeds for name in (claim.of, claim.than) if name)
    least = least_seeds(1) if claim.than else 2
    few = f"Too few seeds are planned: {planned}, at least {least} needed." if planned < least else ""
    return Finding(claim, Outcome.NOT_RUN, 0, few)


def _name(claim: Claim, group: Group) -> str:
    """Name the measured quantity, as the beginning of a sentence."""
    held_out = "test" if group.selected_on_test else "validation"
    return {
        "test": "Test accuracy",
        **dict.fromkeys(GAPS, "Generalization gap in the last epoch"),
        "first_gap": f"First epoch with a gap of {100 * OVERFIT_GAP:g} pp",
        "onset": "Onset of overfitting (epoch with the lowest validation loss)",
        "best_test": "Best test accuracy",
        "validation_at": f"{held_out.capitalize()} accuracy in epoch {claim.epoch}",
        "lowest_from": f"Lowest {held_out} accuracy from epoch {claim.epoch} on",
    }[claim.quantity]


def _spread(values: tuple[float, ...], claim: Claim) -> str:
    spread = Spread(values)
    beside = "" if spread.deviation is None else f" ± {_number(spread.deviation, claim, signs=False)}"
    return f"{_number(spread.mean, claim)}{beside}"


def _number(value: float, claim: Claim, *, signs: bool = True) -> str:
    """Format a number: an epoch with one decimal, a gap with its sign."""
    if claim.quantity in EPOCHS:
        return f"{value:.1f}"
    return f"{value:+.4f}" if claim.quantity in GAPS and signs else f"{value:.4f}"
