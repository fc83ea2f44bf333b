"""A whole report as data: every experiment with its base, verdict, intervals and observations.

`summary.*`, `report.md`, `report.html` and the table in the terminal say what stands here; none of them computes more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mnist_lab.analysis import Observation, mean_accuracy_interval, wilson
from mnist_lab.analysis.pareto import front
from mnist_lab.analysis.verdicts import Scores, Verdict, verdicts
from mnist_lab.report.families import Family, families, gaps
from mnist_lab.report.group import Group
from mnist_lab.report.grouping import Section, same_test_images, sections
from mnist_lab.report.mistakes import Unanimous, mistakes, unanimous
from mnist_lab.report.observations import Evidence, observations
from mnist_lab.runs import Mistake, RunFolder

Interval = tuple[float, float]


@dataclass(frozen=True)
class Entry:
    """One experiment."""

    group: Group
    base: Group | None
    """What it is compared against; None for a base, or if that was not run on the same data."""
    verdict: Verdict | None
    """On its test accuracy against that of its base; None without one."""
    seeds_interval: Interval | None
    """95 % interval of the mean test accuracy for the choice of seeds (Student's t); None for one seed."""
    images_interval: Interval
    """95 % interval of the mean test accuracy for the choice of test images (Wilson)."""
    observations: tuple[Observation, ...]
    """What is seen beside the other experiments."""


@dataclass(frozen=True)
class Front:
    """The experiments that none beats in both accuracy and cost."""

    cost: str
    """`parameters`, `training time` or `training FLOPs`."""
    unit: str
    """`s` for times; else empty."""
    members: tuple[tuple[Group, float], ...]
    """Each with its cost, the cheapest first."""
    beaten: int
    """How many others there are."""


@dataclass(frozen=True)
class Looks:
    """How often the test images were looked at."""

    models: int
    """How many models were scored on them, each when its training was over."""
    watched: int
    """In how many runs they moreover served as validation images."""
    epochs: int
    """After how many epochs they were looked at, in all of these together."""
    selected: int
    """In how many of these the saved weights are those of the best epoch, so chosen by the test images."""
    steered: int
    """In how many of these the test images decided when training stopped or its learning rate fell."""


@dataclass(frozen=True)
class Chapter:
    """The experiments that were trained and tested on the same data."""

    section: Section
    entries: tuple[Entry, ...]
    """In the order of the section's groups."""
    fronts: tuple[Front, ...]
    one_machine: bool
    """Whether all runs were trained on the same machine, device and threads with the same backend; if not, their times
    cannot be compared, and there is no front by them."""
    looks: Looks
    mistakes: Mapping[RunFolder, Mapping[int, Mistake] | None]
    """Those of each run's model; None where they are missing or damaged."""
    same_images: bool
    """Whether all runs were tested on the very same images; if not, seeds have drawn them (`data.test_subset`)."""
    unanimous: Unanimous | None
    """The test images that every model gets wrong; None if the mistakes of fewer than two are known, and if not all
    were tested on the same images."""

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """The verdicts that there are, by the name of the group."""
        return {entry.group.name: entry.verdict for entry in self.entries if entry.verdict}

    @property
    def families(self) -> dict[str, list[Entry]]:
        """The experiments that have a verdict, by the name of their base."""
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            if entry.base and entry.verdict:
                found.setdefault(entry.base.name, []).append(entry)
        return found


@dataclass(frozen=True)
class Study:
    """A report."""

    title: str
    chapters: tuple[Chapter, ...]
    problems: tuple[str, ...]
    """What kept runs from being in it."""

    @property
    def groups(self) -> tuple[Group, ...]:
        """All experiments."""
        return tuple(entry.group for chapter in self.chapters for entry in chapter.entries)

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return sum(group.n for group in self.groups)


def study(title: str, groups: Iterable[Group], problems: Sequence[str] = ()) -> Study:
    """Compare groups: each with its base if both are in the same section, and within their section with all others.

    Args:
        title: what the comparison is called.
        groups: as `report.groups` gives them.
        problems: as `report.collect` gives them.
    """
    return Study(title, tuple(_chapter(section) for section in sections(groups)), tuple(problems))


def _chapter(section: Section) -> Chapter:
    by_name = {group.name: group for group in section.groups}
    bases = {group.name: by_name[group.base] for group in section.groups if group.base in by_name}
    known = {run.folder: mistakes(run) for group in section.groups for run in group.runs}
    same_images = same_test_images(section.groups)
    one_machine = len(set[object]().union(*(group.machines for group in section.groups))) == 1
    together = families(section.groups, bases)
    found = _verdicts(section.groups, together, known)
    seen = observations(Evidence(section.groups, bases, found, gaps(together)))
    entries = tuple(
        entry(group, bases.get(group.name), found.get(group.name), seen[group.name]) for group in section.groups
    )
    return Chapter(
        section=section,
        entries=entries,
        fronts=_fronts(section.groups, one_machine=one_machine),
        one_machine=one_machine,
        looks=looks_at_test(section.groups),
        mistakes=known,
        same_images=same_images,
        unanimous=unanimous(section.groups, known) if same_images else None,
    )


def entry(group: Group, base: Group | None, verdict: Verdict | None, seen: Sequence[Observation]) -> Entry:
    """One experiment with the intervals of its mean test accuracy."""
    return Entry(
        group,
        base,
        verdict,
        mean_accuracy_interval(group.test.values),
        wilson(round(group.test.mean * group.data.test_images), group.data.test_images),
        tuple(seen),
    )


def _verdicts(
    groups: Sequence[Group], together: Sequence[Family], known: Mapping[RunFolder, Mapping[int, Mistake] | None]
) -> dict[str, Verdict]:
    """Of every group that has a base, in their order; all arms of one base are one family."""
    found = {
        arm.name: verdict
        for family in together
        for (_, arm), verdict in zip(
            family, verdicts([(_scores(base, known), _scores(arm, known)) for base, arm in family]), strict=True
        )
    }
    return {group.name: found[group.name] for group in groups if group.name in found}


def _scores(group: Group, known: Mapping[RunFolder, Mapping[int, Mistake] | None]) -> Scores:
    return Scores(
        dict(zip(group.seeds, group.test.values, strict=True)),
        {
            seed: some.keys()
            for seed, run in zip(group.seeds, group.runs, strict=True)
            if (some := known[run.folder]) is not None
        },
        chosen_on_test=group.chosen_on_test > 0,
    )


def _fronts(groups: Sequence[Group], *, one_machine: bool) -> tuple[Front, ...]:
    if len(groups) < 2:
        return ()
    costs = {
        ("parameters", ""): {group.name: float(group.parameters) for group in groups},
        ("training time", "s"): {group.name: group.training_seconds.mean for group in groups if one_machine},
        ("training FLOPs", ""): {group.name: group.flops for group in groups if group.flops},
    }
    found = []
    for (name, unit), cost in costs.items():
        # An experiment whose cost is not known can neither be on a front nor be beaten.
        those = [(group, value) for group in groups if (value := cost.get(group.name)) is not None]
        ahead = front([(value, group.test.mean) for group, value in those])
        if len(those) > 1:
            found.append(Front(name, unit, tuple(those[i] for i in ahead), len(those) - len(ahead)))
    return tuple(found)


def looks_at_test(groups: Sequence[Group]) -> Looks:
    """How often the test images were looked at in the runs of `groups`."""
    watched = [group for group in groups if group.selected_on_test]
    return Looks(
        models=sum(group.n for group in groups),
        watched=sum(group.n for group in watched),
        epochs=sum(result.epochs for group in watched for result in group.results),
        selected=sum(group.chosen_on_test for group in watched),
        steered=sum(group.n for group in watched if group.steered_by_test),
    )
