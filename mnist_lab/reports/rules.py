"""Observations across runs. Each comes from a rule: a name, a number, and the facts that its sentence needs.

A rule is a function from the `Evidence` and an experiment to an observation or None. To add one, write the function,
name it in `RULES`, and add its sentence to `wording.observations`. Observations about a single run are in
`analysis.observations`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, median_low, stdev
from typing import TYPE_CHECKING

from mnist_lab.analysis import Observation, observed, overfitting_onset, stays_above
from mnist_lab.analysis.landmarks import keeps
from mnist_lab.analysis.observations import LEVELS
from mnist_lab.analysis.verdicts import Kind
from mnist_lab.reports.runs import Group

if TYPE_CHECKING:
    from mnist_lab.reports.study import Entry

FASTER = 0.8
"""Time as a fraction of the base's, from which it is worth naming."""


@dataclass(frozen=True)
class Evidence:
    """What the rules look at: experiments that were tested on the same images."""

    entries: "Sequence[Entry]"

    @cached_property
    def seen(self) -> dict[str, list[str]]:
        """The rules of `analysis.observations` that apply to the runs of a group, once for each run, by its name."""
        groups = (entry.group for entry in self.entries)
        return {group.name: [one.rule for run in group.runs for one in observed(run)] for group in groups}

    def learned_nothing(self, group: Group) -> bool:
        """Whether at least half of its runs are near chance level, so that how well they fit is meaningless."""
        return 2 * self.seen[group.name].count("chance_level") >= group.n

    @cached_property
    def level(self) -> float | None:
        """The highest of `LEVELS` that validation accuracy keeps (`keeps`) in all runs of at least half of them."""
        groups = (entry.group for entry in self.entries)
        known = [group.histories for group in groups if group.histories and group.validation]
        for level in reversed(LEVELS):
            reached = sum(all(keeps(history, level) for history in histories) for histories in known)
            if reached and 2 * reached >= len(known):
                return level
        return None


Rule = Callable[[Evidence, "Entry"], Observation | None]


def observations(entries: "Sequence[Entry]") -> list[tuple[Observation, ...]]:
    """The observations about each experiment compared with the others, in the order of `RULES`."""
    evidence = Evidence(entries)
    return [
        tuple(
            found
            for rule in ((chance_level,) if evidence.learned_nothing(entry.group) else RULES)
            if (found := rule(evidence, entry))
        )
        for entry in entries
    ]


def chance_level(evidence: Evidence, entry: "Entry") -> Observation:
    """At least half of the runs are near chance level, so there is no other observation."""
    return _share("chance_level", evidence, entry)


def gap(evidence: Evidence, entry: "Entry") -> Observation | None:
    """A generalization gap that is larger or smaller than the base's, seed by seed.

    The sign-flip test decides, with Holm's correction over all arms of the base. Where dropout or augmentation differ,
    a larger gap is not the same as more overfitting; `biased` is None where a configuration cannot be read.
    """
    test, base = entry.gap, entry.base
    if base is None or test is None or test.paired is None:
        return None
    if base.name in evidence.seen and evidence.learned_nothing(base):
        return None
    both = (base.handicaps, entry.group.handicaps)
    facts = {"base": base.name, "test": test, "biased": None if None in both else both[0] != both[1]}
    return Observation("gap_against_base", test.paired.mean, facts)


def onset(_: Evidence, entry: "Entry") -> Observation | None:
    """Where overfitting starts, in at least half of the runs, and validation accuracy after it.

    Each run's onset is that of `analysis.landmarks.overfitting_onset`; the mean and the standard deviation are over the
    epochs after it of all these runs.
    """
    histories = entry.group.histories
    onsets = list(filter(None, map(overfitting_onset, histories)))
    after = [accuracy for found in onsets for accuracy in found.after]
    if 2 * len(onsets) < len(histories) or len(after) < 2:
        return None
    epochs = [found.epoch for found in onsets]
    facts = {
        "epochs": epochs, "of": len(histories), "mean": fmean(after), "deviation": stdev(after),
        "name": entry.group.held_out,
    }  # fmt: skip
    return Observation("overfitting_onset", median_low(epochs), facts)


def still_improving(evidence: Evidence, entry: "Entry") -> Observation | None:
    """At least half of the runs were still improving at the end (`analysis.observations.still_improving`)."""
    found = _share("still_improving", evidence, entry)
    return found if 2 * found.facts["runs"] >= entry.group.n else None


def target(evidence: Evidence, entry: "Entry") -> Observation | None:
    """From which epoch on validation accuracy stays at or above the highest level that most experiments reach."""
    histories = entry.group.histories
    if evidence.level is None or not histories or not entry.group.validation:
        return None
    known = [stays_above(history, evidence.level) for history in histories]
    epochs = [epoch for epoch in known if epoch is not None]
    facts = {"epochs": epochs, "of": len(histories), "level": evidence.level, "name": entry.group.held_out}
    return Observation("stays_above", median_low(epochs) if epochs else None, facts)


def faster(evidence: Evidence, entry: "Entry") -> Observation | None:
    """At most `FASTER` of the base's time to train, with every shared seed, at an accuracy that is not lower.

    With every seed, for a machine may do other work beside one run and not beside another; and on the same machine,
    device and threads. Not lower means that the verdict is `better` or `not significant`; where too few seeds
    allow none, nothing is said.
    """
    group, base, verdict = entry.group, entry.base, entry.verdict
    if base is None or verdict is None or verdict.kind not in (Kind.BETTER, Kind.NOT_SIGNIFICANT):
        return None
    ours, theirs = (one.by_seed(lambda measured: measured.median_training_seconds) for one in (group, base))
    if group.machines != base.machines or any(ours[seed] > FASTER * theirs[seed] for seed in verdict.seeds):
        return None
    times = [fmean(times[seed] for seed in verdict.seeds) for times in (ours, theirs)]
    facts = {"base": base.name, "kind": verdict.kind, "seconds": times[0], "of": times[1]}
    return Observation("faster", times[0] / times[1], facts)


def _share(rule: str, evidence: Evidence, entry: "Entry") -> Observation:
    """In how many of its runs a rule of `analysis.observations` applies."""
    runs, of = evidence.seen[entry.group.name].count(rule), entry.group.n
    return Observation(rule, runs / of, {"runs": runs, "of": of})


RULES: Sequence[Rule] = (gap, onset, still_improving, target, faster)
"""Rules for experiments above chance level, in the order in which observations are shown."""
