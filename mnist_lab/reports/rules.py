"""Observations across runs: each is made by a rule, as its name, its number and the facts that a sentence needs.

A rule is a function from the `Evidence` to an observation for each experiment that it applies to, by name. To add one,
write the function, name it in `RULES`, and give it its sentence in `wording`. What can be seen in a single run is
told by `analysis.observations`.
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
from mnist_lab.reports.runs import Group

FASTER = 0.8
"""Time as a fraction of the base's, from which it is worth naming."""


@dataclass(frozen=True)
class Evidence:
    """What the rules look at: experiments that were tested on the same images."""

    groups: Sequence[Group]
    bases: Mapping[str, Group]
    """The base of each group that has one, by the group's name."""
    verdicts: Mapping[str, Verdict]
    """Of the same."""
    gaps: Mapping[str, Tested]
    """Their generalization gaps, tested against those of their bases."""

    @cached_property
    def seen(self) -> dict[str, list[set[str]]]:
        """The rules of `analysis.observations` that apply to each run, by the name of its group."""
        return {group.name: [{one.rule for one in observed(run)} for run in group.runs] for group in self.groups}

    def runs(self, group: Group, rule: str) -> int:
        """To how many of its runs that rule applies."""
        return sum(rule in rules for rules in self.seen[group.name])

    @cached_property
    def learned_nothing(self) -> set[str]:
        """The groups of whose runs at least half learned next to nothing."""
        return {group.name for group in self.groups if 2 * self.runs(group, "chance_level") >= group.n}

    @cached_property
    def learners(self) -> list[Group]:
        """The other groups: of them it can be said how well they fit."""
        return [group for group in self.groups if group.name not in self.learned_nothing]


Found = Mapping[str, Observation]
Rule = Callable[[Evidence], Found]


def observations(
    groups: Sequence[Group], bases: Mapping[str, Group], verdicts: Mapping[str, Verdict], gaps: Mapping[str, Tested]
) -> dict[str, tuple[Observation, ...]]:
    """What can be said about each experiment beside the others, in the order of `RULES`, by name; see `Evidence`."""
    evidence = Evidence(groups, bases, verdicts, gaps)
    found = [rule(evidence) for rule in RULES]
    return {group.name: tuple(some[group.name] for some in found if group.name in some) for group in groups}


def chance_level(evidence: Evidence) -> Found:
    """At least half of the runs learned next to nothing, so nothing else is said."""
    return {
        group.name: Observation("chance_level", runs / group.n, {"runs": runs, "of": group.n})
        for group in evidence.groups
        if group.name in evidence.learned_nothing and (runs := evidence.runs(group, "chance_level"))
    }


def gap(evidence: Evidence) -> Found:
    """A generalization gap that is larger or smaller than the base's, seed by seed.

    The sign-flip test decides, with Holm's correction over all arms of the base. Where dropout or augmentation differ,
    a larger gap is not the same as more overfitting.
    """
    by_name = {group.name: group for group in evidence.groups}
    found: dict[str, Observation] = {}
    for name, test in evidence.gaps.items():
        base = evidence.bases[name]
        if test.paired and not {name, base.name} & evidence.learned_nothing:
            facts = {"base": base.name, "test": test, "biased": base.handicaps != by_name[name].handicaps}
            found[name] = Observation("gap_against_base", test.paired.mean, facts)
    return found


def onset(evidence: Evidence) -> Found:
    """Where overfitting sets in, in at least half of the runs, and validation accuracy after it.

    Each run's onset is that of `analysis.landmarks.overfitting_onset`; the mean and the standard deviation are over the
    epochs after it of all these runs.
    """
    found: dict[str, Observation] = {}
    for group in evidence.learners:
        onsets = [(onset, history) for history in group.histories if (onset := overfitting_onset(history))]
        after = [
            row["val_accuracy"]
            for onset, history in onsets
            for row in history
            if row["epoch"] > onset.epoch and isfinite(row.get("val_accuracy", float("nan")))
        ]
        if onsets and 2 * len(onsets) >= len(group.histories) and len(after) > 1:
            epochs = [onset.epoch for onset, _ in onsets]
            facts = _in_runs(epochs, group) | {"mean": fmean(after), "deviation": stdev(after)}
            found[group.name] = Observation("overfitting_onset", median_low(epochs), facts)
    return found


def still_improving(evidence: Evidence) -> Found:
    """At least half of the runs were still improving at the end (`analysis.observations.still_improving`).

    It is undertrained against the others if moreover fewer than half of the others were, and its validation accuracy
    is below their median.
    """
    counts = {group.name: evidence.runs(group, "still_improving") for group in evidence.learners}
    improving = {g.name for g in evidence.learners if counts[g.name] and 2 * counts[g.name] >= g.n}
    found: dict[str, Observation] = {}
    for group in evidence.learners:
        if group.name not in improving:
            continue
        facts: dict[str, Any] = {"runs": counts[group.name], "of": group.n}
        others = [other for other in evidence.groups if other is not group and other.validation]
        also = sum(other.name in improving for other in others)
        typical = median(other.validation.mean for other in others if other.validation) if others else None
        rule = "still_improving"
        if group.validation and typical is not None and 2 * also < len(others) and group.validation.mean < typical:
            rule = "undertrained"
            facts |= {"also": also, "others": len(others), "accuracy": group.validation.mean, "typical": typical}
        found[group.name] = Observation(rule, facts["runs"] / facts["of"], facts)
    return found


def target(evidence: Evidence) -> Found:
    """From which epoch on validation accuracy stays at or above the highest level that most experiments reach."""
    level = common_level(evidence.groups)
    found: dict[str, Observation] = {}
    for group in evidence.learners if level is not None else ():
        if group.histories and group.validation:
            epochs = [epoch for history in group.histories if (epoch := stays_above(history, level or 0)) is not None]
            facts = _in_runs(epochs, group) | {"level": level}
            found[group.name] = Observation("stays_above", median_low(epochs) if epochs else None, facts)
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


def faster(evidence: Evidence) -> Found:
    """At most `FASTER` of the base's time to train, with every shared seed, at an accuracy that is not lower.

    With every seed, for a machine may do other work beside one run and not beside another; and on the same machine,
    device and threads. Not lower means that the verdict is `better` or `no detectable difference`; where too few seeds
    allow none, nothing is said.
    """
    found: dict[str, Observation] = {}
    for group in evidence.learners:
        base, verdict = evidence.bases.get(group.name), evidence.verdicts.get(group.name)
        if base is None or verdict is None or verdict.kind not in (Kind.BETTER, Kind.UNDETECTED):
            continue
        ours, theirs = group.seconds_by_seed, base.seconds_by_seed
        if group.machines == base.machines and all(ours[seed] <= FASTER * theirs[seed] for seed in verdict.seeds):
            times = [fmean(times[seed] for seed in verdict.seeds) for times in (ours, theirs)]
            facts = {"base": base.name, "kind": verdict.kind, "seconds": times[0], "of": times[1]}
            found[group.name] = Observation("faster", times[0] / times[1], facts)
    return found


def _in_runs(epochs: Sequence[int], group: Group) -> dict[str, Any]:
    """An epoch that some runs of a group have."""
    return {"epochs": tuple(epochs), "of": len(group.histories)}


RULES: Sequence[Rule] = (chance_level, gap, onset, still_improving, target, faster)
