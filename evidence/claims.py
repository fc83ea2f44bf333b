"""The conclusions of the write-ups, held against our runs with the statistics of `mnist_lab.analysis`.

A comparison of two experiments is decided by the sign-flip test over the seeds that both were run with. One on
test accuracy against the experiment's base is the verdict of the table, corrected for all arms of that base; the other
comparisons of a write-up are a family of their own, also corrected by Holm's method. A claim about the size of a number
is decided by Student's interval of its mean over the seeds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import inf

from evidence.comparison import Comparison
from evidence.writeups import Claim
from mnist_lab.analysis import least_seeds, mean_interval, overfitting_onset, seeds_to_settle
from mnist_lab.analysis.holm import holm, open_tests
from mnist_lab.analysis.paired import FEWEST, Paired, paired
from mnist_lab.analysis.power import ALPHA
from mnist_lab.analysis.verdicts import Verdict, outlook
from mnist_lab.analysis.wording import count, difference, p_value
from mnist_lab.report.groups import Group, Spread


class Outcome(StrEnum):
    """What the runs say of a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    OPEN = "not detectable"
    NOT_RUN = "not run yet"


@dataclass(frozen=True)
class Finding:
    """A claim and what came of it."""

    claim: Claim
    outcome: Outcome
    n: int
    """Seeds that it rests on."""
    numbers: str
    """One or more sentences with our numbers; empty if it was not run."""


@dataclass(frozen=True)
class _Test:
    """A comparison of two experiments, tested."""

    pair: Paired | None
    p: float
    """Corrected."""
    least: int
    """Seeds below which it cannot be significant, the others of its family being as they are."""
    settle: int | None


def findings(compared: Comparison) -> list[Finding]:
    """What our runs say of each claim of a write-up, in its order."""
    tests = _tests(compared)
    return [
        _of_two(claim, compared, tests[i]) if claim.than else _of_size(claim, compared)
        for i, claim in enumerate(compared.writeup.claims)
    ]


def measured(claim: Claim, group: Group) -> dict[int, float]:
    """The number that a claim is about, by seed, for the seeds that have it."""
    measure = _MEASURES[claim.quantity]
    values = {seed: measure(claim, group, i) for i, seed in enumerate(group.seeds)}
    return {seed: value for seed, value in values.items() if value is not None}


def _validation(claim: Claim, group: Group, i: int) -> list[float]:
    """By epoch, from the claim's on."""
    return [row["val_accuracy"] for row in group.runs[i].history if row["epoch"] >= (claim.epoch or 0)]


def _onset(_: Claim, group: Group, i: int) -> float | None:
    onset = overfitting_onset(group.runs[i].history)
    return onset and float(onset.epoch)


_MEASURES: dict[str, Callable[[Claim, Group, int], float | None]] = {
    "test": lambda _, group, i: group.test.values[i],
    "gap": lambda _, group, i: group.gap_by_seed.get(group.seeds[i]),
    "best_test": lambda _, group, i: group.results[i].best.validation_accuracy if group.selected_on_test else None,
    "validation_at": lambda claim, group, i: next(iter(_validation(claim, group, i)), None),
    "lowest_from": lambda claim, group, i: min(_validation(claim, group, i), default=None),
    "onset": _onset,
}


def _tests(compared: Comparison) -> dict[int, _Test]:
    """Of every claim that compares two experiments, by its number."""
    tests: dict[int, _Test] = {}
    pairs: dict[int, Paired | None] = {}
    for i, claim in enumerate(compared.writeup.claims):
        if claim.than is None:
            continue
        verdict = _verdict(claim, compared)
        if verdict:
            p = 1.0 if verdict.p is None else verdict.p
            tests[i] = _Test(verdict.paired, p, verdict.least, verdict.settle)
        else:
            pairs[i] = _pair(claim, compared)
    # What was not run counts as tested with p = 1, so that the others do not change their p when it is.
    ps = [pair.p if pair else 1.0 for pair in pairs.values()]
    for (i, pair), p, remaining in zip(pairs.items(), holm(ps), open_tests(ps, ALPHA), strict=True):
        settle = seeds_to_settle(pair.mean, pair.sd, arms=remaining) if pair and pair.sd and pair.n >= FEWEST else None
        tests[i] = _Test(pair, p, least_seeds(remaining), settle)
    return tests


def _verdict(claim: Claim, compared: Comparison) -> Verdict | None:
    """That of the table, if it is about the same."""
    group = compared.group(claim.of)
    if group is None or claim.quantity != "test":
        return None
    entry = next(row.entry for row in compared.done if row.group is group)
    other = compared.group(str(claim.than))
    return entry.verdict if entry and other and entry.base and entry.base.name == other.name else None


def _pair(claim: Claim, compared: Comparison) -> Paired | None:
    group, other = compared.group(claim.of), compared.group(str(claim.than))
    if group is None or other is None:
        return None
    a, b = measured(claim, other), measured(claim, group)
    seeds = sorted(a.keys() & b.keys())
    return paired([a[seed] for seed in seeds], [b[seed] for seed in seeds]) if seeds else None


def _of_two(claim: Claim, compared: Comparison, test: _Test) -> Finding:
    pair, group, other = test.pair, compared.group(claim.of), compared.group(str(claim.than))
    if pair is None or group is None or other is None:
        return Finding(claim, Outcome.NOT_RUN, 0, "")
    ours, base = (_spread(tuple(measured(claim, one).values()), claim) for one in (group, other))
    sides = f"{_name(claim, group)} {ours} against {base}"
    numbers = f"{sides}: {difference(pair.mean, pair.interval)}, {p_value(test.p)}."
    if test.p <= ALPHA:
        agrees = (pair.mean > 0) == (claim.direction == "higher")
        return Finding(claim, Outcome.SUPPORTED if agrees else Outcome.CONTRADICTED, pair.n, numbers)
    if pair.n < test.least:
        numbers = f"{sides}: {difference(pair.mean, pair.interval)}; at least {test.least} seeds needed."
    else:
        numbers += outlook(test.settle, pair.n)
    return Finding(claim, Outcome.OPEN, pair.n, numbers)


def _of_size(claim: Claim, compared: Comparison) -> Finding:
    group = compared.group(claim.of)
    if group is None:
        return Finding(claim, Outcome.NOT_RUN, 0, "")
    values = tuple(measured(claim, group).values())
    low = -inf if claim.at_least is None else claim.at_least
    high = inf if claim.at_most is None else claim.at_most
    if len(values) < group.n:
        some = f": {_spread(values, claim)}" if values else ""
        text = f"{_name(claim, group)}: there is one in {len(values)} of {count(group.n, 'run')}{some}."
        # An epoch that there is in fewer than half of the runs is no property of the experiment.
        never = 2 * len(values) < group.n and group.n >= FEWEST
        return Finding(claim, Outcome.CONTRADICTED if never else Outcome.OPEN, group.n, text)
    interval = mean_interval(values)
    text = f"{_name(claim, group)} {_spread(values, claim)}"
    if interval is None:
        return Finding(claim, Outcome.OPEN, group.n, f"{text}; a single seed has no interval.")
    text += f" (95 % interval {_number(interval[0], claim)} to {_number(interval[1], claim)})."
    if low <= interval[0] and interval[1] <= high:
        return Finding(claim, Outcome.SUPPORTED, group.n, text)
    apart = interval[1] < low or interval[0] > high
    return Finding(claim, Outcome.CONTRADICTED if apart else Outcome.OPEN, group.n, text)


def _name(claim: Claim, group: Group) -> str:
    """What is measured, as a sentence begins with it."""
    held_out = "test" if group.selected_on_test else "validation"
    return {
        "test": "Test accuracy",
        "gap": "Gap",
        "best_test": "Best test accuracy",
        "validation_at": f"{held_out.capitalize()} accuracy in epoch {claim.epoch}",
        "lowest_from": f"Lowest {held_out} accuracy from epoch {claim.epoch} on",
        "onset": "Epoch in which overfitting sets in",
    }[claim.quantity]


def _spread(values: tuple[float, ...], claim: Claim) -> str:
    spread = Spread(values)
    beside = "" if spread.deviation is None else f" ± {_number(spread.deviation, claim, signs=False)}"
    return f"{_number(spread.mean, claim)}{beside}"


def _number(value: float, claim: Claim, *, signs: bool = True) -> str:
    """An epoch with one decimal, a gap with its sign."""
    if claim.quantity == "onset":
        return f"{value:.1f}"
    return f"{value:+.4f}" if claim.quantity == "gap" and signs else f"{value:.4f}"
