"""Observations across runs. Each comes from a rule: a name, a number, and a sentence.

A rule is a function from the `Evidence` and an experiment to an observation or None. To add one, write the function,
name it in `RULES`, and give it a heading in `OBSERVED` of `wording.notes`. Observations about a single run are in
`reports.observations`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, median_low, stdev
from typing import TYPE_CHECKING

from mnist_lab.analysis import overfitting_onset, stays_above
from mnist_lab.analysis.landmarks import keeps
from mnist_lab.analysis.verdicts import Kind
from mnist_lab.reports.observations import LEVELS, observed
from mnist_lab.reports.runs import Group
from mnist_lab.reports.wording.notes import BIASED
from mnist_lab.reports.wording.numbers import GAP, pp
from mnist_lab.reports.wording.verdicts import estimate
from mnist_lab.runs.measured import Observed
from mnist_lab.text.quantities import count

if TYPE_CHECKING:
    from mnist_lab.reports.study import Entry

FASTER = 0.8
"""A time of at most this fraction of the base's is worth naming."""
UNKNOWN = (
    "Inconclusive about overfitting: without both configurations it is unknown whether dropout or augmentation differ."
)


@dataclass(frozen=True)
class Evidence:
    """What the rules may look at: experiments that were tested on the same images."""

    entries: "Sequence[Entry]"

    @cached_property
    def seen(self) -> dict[str, list[str]]:
        """The rules of `reports.observations` that apply to a group's runs, once per run, by the group's name."""
        groups = (entry.group for entry in self.entries)
        return {group.name: [one.rule for run in group.runs for one in observed(run)] for group in groups}

    def learned_nothing(self, group: Group) -> bool:
        """Return whether at least half of the runs are near chance level, so that how well they fit is meaningless."""
        return 2 * self.seen[group.name].count("chance_level") >= group.n

    @cached_property
    def level(self) -> float | None:
        """The highest of `LEVELS` that validation accuracy keeps (`keeps`) in all runs of at least half the groups."""
        groups = (entry.group for entry in self.entries)
        known = [group.histories for group in groups if group.histories and group.validation]
        for level in reversed(LEVELS):
            reached = sum(all(keeps(history, level) for history in histories) for histories in known)
            if reached and 2 * reached >= len(known):
                return level
        return None


Rule = Callable[[Evidence, "Entry"], Observed | None]


def observations(entries: "Sequence[Entry]") -> list[tuple[Observed, ...]]:
    """Return the observations about each experiment compared with the others, in the order of `RULES`."""
    evidence = Evidence(entries)
    return [
        tuple(
            found
            for rule in ((chance_level,) if evidence.learned_nothing(entry.group) else RULES)
            if (found := rule(evidence, entry))
        )
        for entry in entries
    ]


def chance_level(evidence: Evidence, entry: "Entry") -> Observed:
    """At least half of the runs are near chance level, so there is no other observation."""
    runs, n = evidence.seen[entry.group.name].count("chance_level"), entry.group.n
    return Observed(rule="chance_level", value=runs / n, text=f"Near chance level{_in_runs(runs, n)}.")


def gap(evidence: Evidence, entry: "Entry") -> Observed | None:
    """Observe a generalization gap that is larger or smaller than the base's, seed by seed.

    The sign-flip test decides, with Holm's correction over all arms of the base. Where dropout or augmentation differ,
    a larger gap is not the same as more overfitting; if a configuration cannot be read, that is not known.
    """
    test, base = entry.gap, entry.base
    if base is None or test is None or test.paired is None:
        return None
    if base.name in evidence.seen and evidence.learned_nothing(base):
        return None
    difference, seeds = test.paired.mean, count(len(test.seeds), f"shared {test.unit}")
    if test.too_few:
        few = f"{seeds}; at least {test.least} needed for a verdict"
        text = f"The {GAP} differs by {pp(difference)} from that of {base.name} ({few})."
    else:
        how = "does not differ significantly from"
        if test.significant:
            how = f"is {'larger' if difference > 0 else 'smaller'} than"
        text = f"The {GAP} {how} that of {base.name}: difference {estimate(test)} over {seeds}."
    both = (base.handicaps, entry.group.handicaps)
    if None in both:
        text += f" {UNKNOWN}"
    elif both[0] != both[1]:
        text += f" {BIASED}"
    return Observed(rule="gap_against_base", value=difference, text=text)


def onset(_: Evidence, entry: "Entry") -> Observed | None:
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
    text = (
        f"Overfitting starts at {_epoch(epochs)}{_in_runs(len(epochs), len(histories))}: {entry.group.held_out} "
        f"accuracy after it is {fmean(after):.4f} ± {stdev(after):.4f} (mean and standard deviation)."
    )
    return Observed(rule="overfitting_onset", value=median_low(epochs), text=text)


def still_improving(evidence: Evidence, entry: "Entry") -> Observed | None:
    """At least half of the runs were still improving at the end (`reports.observations.still_improving`)."""
    runs, n = evidence.seen[entry.group.name].count("still_improving"), entry.group.n
    if 2 * runs < n:
        return None
    return Observed(rule="still_improving", value=runs / n, text=f"Still improving at the end{_in_runs(runs, n)}.")


def target(evidence: Evidence, entry: "Entry") -> Observed | None:
    """Observe from which epoch validation accuracy keeps the highest level that at least half the experiments keep."""
    histories, level = entry.group.histories, evidence.level
    if level is None or not histories or not entry.group.validation:
        return None
    known = [stays_above(history, level) for history in histories]
    epochs, n = [epoch for epoch in known if epoch is not None], len(histories)
    name = f"{entry.group.held_out.capitalize()} accuracy"
    if epochs:
        text = f"{name} stays at or above {level:g}{_in_runs(len(epochs), n)} from {_epoch(epochs)} on."
    else:
        anywhere = "" if n == 1 else " in either run" if n == 2 else f" in any of the {n} runs"
        text = f"{name} does not stay at or above {level:g}{anywhere}."
    return Observed(rule="stays_above", value=median_low(epochs) if epochs else None, text=text)


def faster(evidence: Evidence, entry: "Entry") -> Observed | None:
    """At most `FASTER` of the base's time to train, with every shared seed, at an accuracy that is not lower.

    With every seed, as a machine may do other work during one run and not during another; and with the same processor,
    device, backend and threads. Not lower means that the verdict is `better` or `not significant`; if too few seeds
    allow none, nothing is said.
    """
    group, base, verdict = entry.group, entry.base, entry.verdict
    if base is None or verdict is None or verdict.kind not in (Kind.BETTER, Kind.NOT_SIGNIFICANT):
        return None
    ours, theirs = (one.by_seed(lambda measured: measured.median_training_seconds) for one in (group, base))
    if group.machines != base.machines or any(ours[seed] > FASTER * theirs[seed] for seed in verdict.seeds):
        return None
    seconds, of = (fmean(times[seed] for seed in verdict.seeds) for times in (ours, theirs))
    accuracy = "and more accurate" if verdict.kind is Kind.BETTER else "with no significant difference in accuracy"
    text = (
        f"Faster than {base.name} {accuracy}: training takes {100 * (seconds / of):.0f} % of the time "
        f"({seconds:.1f} s against {of:.1f} s)."
    )
    return Observed(rule="faster", value=seconds / of, text=text)


def _in_runs(runs: int, of: int) -> str:
    """Say in how many runs; empty if there is only one."""
    if of == 1:
        return ""
    return (" in both runs" if of == 2 else f" in all {of} runs") if runs == of else f" in {runs} of {of} runs"


def _epoch(epochs: Sequence[int]) -> str:
    """Format epochs: `epoch 6 (median; range 4 to 8)`."""
    low, high, middle = min(epochs), max(epochs), median_low(epochs)
    return f"epoch {middle}" if low == high else f"epoch {middle} (median; range {low} to {high})"


RULES: Sequence[Rule] = (gap, onset, still_improving, target, faster)
"""Rules for experiments above chance level, in the order in which observations are shown."""
