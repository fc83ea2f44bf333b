"""Observations across runs: each is made by a rule, and says its number in one plain sentence.

A rule is a function from the `Evidence` to an observation for each experiment that it applies to, by name. To add one,
write the function and name it in `RULES`. What can be seen in a single run is told by `analysis.observations`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from statistics import fmean, median, median_low, stdev
from typing import Any

from mnist_lab.analysis import Observation, observed, overfitting_onset, stays_above
from mnist_lab.analysis.family import Tested
from mnist_lab.analysis.landmarks import window
from mnist_lab.analysis.observations import LEVELS
from mnist_lab.analysis.verdicts import Kind, Verdict
from mnist_lab.analysis.wording import count, difference, estimate
from mnist_lab.report.group import Group

FASTER = 0.8
"""Time as a fraction of the base's, from which it is worth naming."""
UNLIKE = (
    "Training accuracy is measured under dropout or augmentation, in which the two differ: so the gap alone does not "
    "say which overfits more."
)


@dataclass(frozen=True)
class Evidence:
    """What the rules look at: experiments that were tested on the same images."""

    groups: Sequence[Group]
    bases: Mapping[str, Group]
    """The base of each group that has one among `groups`, by the group's name."""
    verdicts: Mapping[str, Verdict]
    """Of the same."""
    gaps: Mapping[str, Tested]
    """Their gaps between training and validation accuracy, tested against those of their bases (`families.gaps`)."""

    @cached_property
    def seen(self) -> dict[str, list[list[Observation]]]:
        """What is observed of each run alone, by the name of its group."""
        return {group.name: [observed(run) for run in group.runs] for group in self.groups}

    @cached_property
    def learned_nothing(self) -> dict[str, int]:
        """In how many of its runs each group learned next to nothing, of the groups that did so in at least half."""
        counts = {group.name: self._runs(group, "chance_level") for group in self.groups}
        return {group.name: n for group in self.groups if 2 * (n := counts[group.name]) >= group.n}

    @cached_property
    def learners(self) -> list[Group]:
        """The other groups: of them it can be said how well they fit."""
        return [group for group in self.groups if group.name not in self.learned_nothing]

    @cached_property
    def improving(self) -> dict[str, int]:
        """In how many of its runs each group was still improving at the end, by name."""
        return {group.name: self._runs(group, "still_improving") for group in self.groups if group.histories}

    def _runs(self, group: Group, rule: str) -> int:
        """Of how many of its runs that is observed."""
        return sum(any(one.rule == rule for one in some) for some in self.seen[group.name])


Rule = Callable[[Evidence], dict[str, Observation]]


def observations(evidence: Evidence) -> dict[str, tuple[Observation, ...]]:
    """What can be said about each experiment beside the others, in the order of `RULES`, by name."""
    found = [rule(evidence) for rule in RULES]
    return {
        group.name: tuple(by_name[group.name] for by_name in found if group.name in by_name)
        for group in evidence.groups
    }


def nothing_learned(evidence: Evidence) -> dict[str, Observation]:
    """At least half of the runs learned next to nothing, so nothing else is said."""
    return {
        group.name: Observation("chance_level", f"Learned next to nothing{in_all}.", runs / group.n)
        for group in evidence.groups
        if (runs := evidence.learned_nothing.get(group.name))
        for in_all in ["" if group.n == 1 else f" in {'all ' if runs == group.n else f'{runs} of '}{group.n} runs"]
    }


def gap(evidence: Evidence) -> dict[str, Observation]:
    """Overfits more or less than its base: the gap between training and validation accuracy, seed by seed.

    The sign-flip test decides, with Holm's correction over all arms of the base. Where dropout or augmentation differ,
    a gap is not the same as overfitting, and only larger or smaller.
    """
    by_name = {group.name: group for group in evidence.groups}
    return {
        name: Observation("gap_against_base", _gap_sentence(evidence.bases[name], by_name[name], test), pair.mean)
        for name, test in evidence.gaps.items()
        if (pair := test.paired) and not {name, evidence.bases[name].name} & evidence.learned_nothing.keys()
    }


def _gap_sentence(base: Group, group: Group, test: Tested) -> str:
    pair = test.paired
    if pair is None or test.p is None:
        return ""
    numbers = estimate(pair.mean, pair.interval, test.p, test.arms)
    what, seeds = "gap between training and validation accuracy", f"with {count(pair.n, 'shared seed')}"
    against = f"against {base.name} {seeds}"
    alike = hindrances(base) == hindrances(group)
    if test.significant and alike:
        more = "more" if pair.mean > 0 else "less"
        text = f"Overfits {more} than {base.name}: {what} {numbers} {seeds}."
    elif test.significant:
        larger = "larger" if pair.mean > 0 else "smaller"
        text = f"The {what} is {larger} than that of {base.name}: {numbers} {seeds}."
    elif test.too_few:
        text = f"{what.capitalize()} {difference(pair.mean)} {against}; at least {test.least} needed for a verdict."
    else:
        text = f"No detectable difference of the {what} {against}: {numbers}."
    return text if alike else f"{text} {UNLIKE}"


def hindrances(group: Group) -> tuple[str, ...] | None:
    """What makes the training images or the network harder while training accuracy is measured; None if not known.

    Sorted: of two networks with the same dropout, the one with more layers of it is hindered more.
    """
    return None if group.config is None else tuple(sorted(map(repr, group.config.handicaps)))


def onset(evidence: Evidence) -> dict[str, Observation]:
    """Where overfitting sets in, in at least half of the runs, and validation accuracy after it.

    Each run's onset is that of `analysis.landmarks.overfitting_onset`; the mean and the standard deviation are over the
    epochs after it of all these runs.
    """
    found: dict[str, Observation] = {}
    for group in evidence.learners:
        onsets = [onset for history in group.histories if (onset := overfitting_onset(history))]
        after = [
            row["val_accuracy"]
            for history in group.histories
            if (onset := overfitting_onset(history))
            for row in history
            if row["epoch"] > onset.epoch and isfinite(row.get("val_accuracy", float("nan")))
        ]
        if not onsets or 2 * len(onsets) < len(group.histories) or len(after) < 2:
            continue
        text = (
            f"Overfitting sets in at {_epochs([onset.epoch for onset in onsets])}{_in_runs(len(onsets), group)}: "
            f"validation accuracy after it is {fmean(after):.4f} ± {stdev(after):.4f} (mean and standard deviation)."
        )
        found[group.name] = Observation("overfitting_onset", text, median_low(onset.epoch for onset in onsets))
    return found


def still_improving(evidence: Evidence) -> dict[str, Observation]:
    """At least half of the runs were still improving at the end (`analysis.observations.still_improving`).

    It is undertrained against the others if moreover fewer than half of the others were, and its validation accuracy
    is below their median.
    """
    found: dict[str, Observation] = {}
    improving = {group.name for group in evidence.groups if _mostly(evidence, group)}
    for group in evidence.learners:
        if group.name not in improving:
            continue
        runs = evidence.improving[group.name]
        where = f"still improving at the end{_in_runs(runs, group)}"
        value = runs / len(group.histories)
        others = [other for other in evidence.groups if other is not group and other.validation]
        typical = median(other.validation.mean for other in others if other.validation) if others else None
        also = sum(other.name in improving for other in others)
        if group.validation and typical is not None and 2 * also < len(others) and group.validation.mean < typical:
            text = (
                f"Undertrained against the others: {where}, as {also} of the {len(others)} others were, and validation "
                f"accuracy {group.validation.mean:.4f} is below their median {typical:.4f}."
            )
            found[group.name] = Observation("undertrained", text, value)
        else:
            found[group.name] = Observation("still_improving", f"{where.capitalize()}.", value)
    return found


def _mostly(evidence: Evidence, group: Group) -> bool:
    runs = evidence.improving.get(group.name, 0)
    return runs > 0 and 2 * runs >= len(group.histories)


def faster(evidence: Evidence) -> dict[str, Observation]:
    """At most `FASTER` of the base's time to train, with every shared seed, at an accuracy that is not lower.

    With every seed, for a machine may do other work beside one run and not beside another; and on the same machine,
    device and threads. Not lower means that the verdict is `better` or `no detectable difference`; where too few seeds
    allow none, nothing is said.
    """
    found: dict[str, Observation] = {}
    for name, verdict in evidence.verdicts.items():
        base = evidence.bases[name]
        group = next(group for group in evidence.groups if group.name == name)
        if verdict.kind not in (Kind.BETTER, Kind.UNDETECTED) or group.machines != base.machines:
            continue
        if name in evidence.learned_nothing:
            continue
        ours, theirs = group.seconds_by_seed, base.seconds_by_seed
        if any(ours[seed] > FASTER * theirs[seed] for seed in verdict.seeds):
            continue
        mean, of = fmean(ours[seed] for seed in verdict.seeds), fmean(theirs[seed] for seed in verdict.seeds)
        accuracy = "and better" if verdict.kind is Kind.BETTER else "with no detectable difference in accuracy"
        text = (
            f"Faster than {base.name} {accuracy}: training takes {100 * mean / of:.0f} % of its time "
            f"({mean:.1f} s against {of:.1f} s)."
        )
        found[name] = Observation("faster", text, mean / of)
    return found


def target(evidence: Evidence) -> dict[str, Observation]:
    """From which epoch on validation accuracy stays at or above the highest level that most experiments reach."""
    level = common_level(evidence.groups)
    if level is None:
        return {}
    found: dict[str, Observation] = {}
    for group in evidence.learners:
        if not group.histories or group.validation is None:
            continue
        epochs = [epoch for history in group.histories if (epoch := stays_above(history, level)) is not None]
        if epochs:
            where = f"from {_epochs(epochs)} on{_in_runs(len(epochs), group)}"
            text = f"Validation accuracy stays at or above {level:g} {where}."
            found[group.name] = Observation("stays_above", text, median_low(epochs))
        else:
            anywhere = f" in any of {len(group.histories)} runs" if len(group.histories) > 1 else ""
            text = f"Validation accuracy does not stay at or above {level:g}{anywhere}."
            found[group.name] = Observation("stays_above", text, None)
    return found


def common_level(groups: Sequence[Group]) -> float | None:
    """The highest of `LEVELS` that validation accuracy keeps in all runs of at least half of `groups`.

    It keeps a level that it stays at or above for the last tenth of the epochs, and at least the last two.
    """
    known = [group for group in groups if group.histories and group.validation]
    for level in reversed(LEVELS):
        reached = sum(all(_keeps(history, level) for history in group.histories) for group in known)
        if reached and 2 * reached >= len(known):
            return level
    return None


def _keeps(history: Sequence[Mapping[str, Any]], level: float) -> bool:
    first = stays_above(history, level)
    return first is not None and int(history[-1]["epoch"]) - first + 1 >= window(len(history))


def _epochs(values: Sequence[int]) -> str:
    """`epoch 6`, or `epoch 6 (median; 4 to 8)`."""
    middle, low, high = median_low(values), min(values), max(values)
    return f"epoch {middle}" if low == high else f"epoch {middle} (median; {low} to {high})"


def _in_runs(some: int, group: Group) -> str:
    """Empty if there is only one run."""
    runs = len(group.histories)
    if runs == 1:
        return ""
    return f" in all {runs} runs" if some == runs else f" in {some} of {runs} runs"


RULES: Sequence[Rule] = (nothing_learned, gap, onset, still_improving, target, faster)
