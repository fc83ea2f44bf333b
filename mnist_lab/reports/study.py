"""A report as data: every experiment with its base, verdict, intervals and observations, in a section per data set.

Everything that renders a report shows these values and computes no others.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any

from mnist_lab.analysis.family import Tested, tested
from mnist_lab.analysis.pareto import front
from mnist_lab.analysis.verdicts import Scores, Verdict, verdicts
from mnist_lab.config.schema import Reference
from mnist_lab.reports.rules import observations
from mnist_lab.reports.runs import Data, Group, Spread, settings_of, short_names
from mnist_lab.runs import Mistake
from mnist_lab.runs.measured import Observed

Family = Sequence[tuple[Group, Group]]
"""Comparisons that are corrected together, each of a base and an arm."""


@dataclass(frozen=True)
class Published:
    """A published accuracy, and ours."""

    accuracy: float | None
    """None if it was not published."""
    ours: Spread | None
    """The same accuracy of our runs; None if it was not measured."""
    best: bool = False
    """Whether it is the best over the epochs."""

    @property
    def points(self) -> float | None:
        """Ours minus the published one, in percentage points."""
        return None if self.ours is None or self.accuracy is None else 100 * (self.ours.mean - self.accuracy)


def published(reference: Reference, group: Group | None) -> dict[str, Published]:
    """Return every accuracy that can be published, by its key in a reference.

    Our best test accuracy over the epochs is known only if the test images served as validation images.
    """
    return {
        "train_accuracy": Published(reference.train_accuracy, group and group.train),
        "test_accuracy": Published(reference.test_accuracy, group and group.test),
        "best_train_accuracy": Published(reference.best_train_accuracy, group and group.best_train, best=True),
        "best_test_accuracy": Published(reference.best_test_accuracy, group and group.best_test, best=True),
    }


def published_in(part: str, reference: Reference, group: Group | None) -> Published:
    """Return the accuracy in `part`: `train` of the last epoch, `test` of the saved model; the best if only that is
    published.
    """
    known = published(reference, group)
    return known[f"best_{part}_accuracy"] if known[f"{part}_accuracy"].accuracy is None else known[f"{part}_accuracy"]


@dataclass(frozen=True)
class Entry:
    """One experiment, compared with its base."""

    group: Group
    base: Group | None
    """The group it is compared with; None for a base, or if that was not run on the same data."""
    verdict: Verdict | None
    """The verdict on test accuracy or, if cross-validated, validation accuracy against the base's; None without one."""
    gap: Tested | None = None
    """The test of its generalization gap against the base's; None without one."""
    observations: tuple[Observed, ...] = ()
    """Observations in comparison with the other experiments."""


@dataclass(frozen=True)
class Front:
    """The experiments that no other dominates in accuracy and cost."""

    cost: str
    """`parameters`, `training time` or `training FLOPs`."""
    unit: str
    """`s` for times, `FLOPs` for these; else empty."""
    members: tuple[tuple[Group, float], ...]
    """Each with its cost, the cheapest first."""
    dominated: int
    """The number of other experiments."""


@dataclass(frozen=True)
class Reuse:
    """How often the test images were used, and for what."""

    models: int
    """The number of models that were scored on them, each after its training."""
    watched: int
    """The number of runs in which they also served as validation images."""
    epochs: int
    """The number of epochs after which they did, over all these runs."""
    selected: int
    """The number of these runs whose saved weights are those of the best epoch, so selected on the test images."""
    steered: int
    """The number of these runs in which the test images decided when training stopped or its learning rate fell."""


@dataclass(frozen=True)
class HardImage:
    """A test image that every model gets wrong."""

    index: int
    """Its row in the test file, from 0."""
    label: int
    predicted: Mapping[int, int]
    """The predicted classes, and how many models predict each; the most frequent first."""


def predicted_counts(mistakes: Iterable[Mistake]) -> dict[int, int]:
    """Return the predicted classes, and how many models predict each; the most frequent first."""
    counts = Counter(one.predicted for one in mistakes)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


@dataclass(frozen=True)
class Unanimous:
    """The images that all models get wrong."""

    models: int
    """The number of models; at least 2."""
    unknown: int
    """The number of further models, whose mistakes cannot be read."""
    images: tuple[HardImage, ...]
    """In the order of the test file."""


@dataclass(frozen=True)
class Section:
    """The experiments that were trained and tested on the same data; only these are compared."""

    heading: str
    """The data, in words; distinct among the sections."""
    entries: tuple[Entry, ...]

    @property
    def data(self) -> Data:
        """The data that they have in common."""
        return self.groups[0].data

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The experiments themselves."""
        return tuple(entry.group for entry in self.entries)

    @cached_property
    def bases(self) -> tuple[str, ...]:
        """The names that experiments have as their base, in order."""
        return tuple(dict.fromkeys(group.base for group in self.groups if group.base))

    @cached_property
    def names(self) -> dict[str, str]:
        """The experiments' names, as short as possible while distinct."""
        return short_names(group.name for group in self.groups)

    @property
    def share(self) -> float | None:
        """Rows for validation over rows for training; None unless cross-validated."""
        return self.groups[0].share

    @cached_property
    def settings(self) -> dict[str, dict[str, Any]]:
        """The settings in which the experiments differ: values by the experiment's name, by key path."""
        return settings_of(self.groups)

    @cached_property
    def verdicts(self) -> dict[str, Verdict]:
        """The verdicts, by the name of the experiment."""
        return {entry.group.name: entry.verdict for entry in self.entries if entry.verdict}

    @cached_property
    def families(self) -> dict[str, list[Entry]]:
        """The experiments that have a verdict, by the name of their base."""
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            if entry.base and entry.verdict:
                found.setdefault(entry.base.name, []).append(entry)
        return found

    def observed(self, rule: str) -> list[tuple[Group, Observed]]:
        """Return the observations that a rule makes about the experiments."""
        return [(entry.group, one) for entry in self.entries for one in entry.observations if one.rule == rule]

    @cached_property
    def same_images(self) -> bool:
        """Whether all runs were tested on the very same images.

        If seeds draw them (`data.test_subset`), this needs a single seed.
        """
        drawn = any(group.draws_test_images for group in self.groups)
        return not drawn or len({seed for group in self.groups for seed in group.seeds}) == 1

    @cached_property
    def one_machine(self) -> bool:
        """Whether all runs were trained on the same processor and device, with the same backend and number of threads.

        If not, their times are not comparable, and there is no Pareto front by time.
        """
        return len(set[object]().union(*(group.machines for group in self.groups))) == 1

    @cached_property
    def reuse(self) -> Reuse:
        """How often the test images were used."""
        watched = [group for group in self.groups if group.selected_on_test]
        return Reuse(
            models=sum(group.n for group in self.groups),
            watched=sum(group.n for group in watched),
            epochs=sum(run.measured.epochs for group in watched for run in group.runs),
            selected=sum(group.chosen_on_test for group in watched),
            steered=sum(group.n for group in watched if group.steered_by_test),
        )

    @cached_property
    def unanimous(self) -> Unanimous | None:
        """The test images that every model gets wrong.

        None if the mistakes of fewer than two are known, or if not all were tested on the same images.
        """
        every = [wrong for group in self.groups for wrong in group.mistakes]
        known = [wrong for wrong in every if wrong is not None]
        if len(known) < 2 or not self.same_images:
            return None
        images = []
        for index in sorted(set.intersection(*map(set, known))):
            made = [wrong[index] for wrong in known]
            images.append(HardImage(index, made[0].label, predicted_counts(made)))
        return Unanimous(len(known), len(every) - len(known), tuple(images))

    @cached_property
    def fronts(self) -> tuple[Front, ...]:
        """The Pareto front of test accuracy and each cost that is known of two or more experiments."""
        costs = {
            ("parameters", ""): lambda group: float(group.parameters),
            ("training time", "s"): lambda group: group.training_seconds.mean if self.one_machine else None,
            ("training FLOPs", "FLOPs"): lambda group: group.flops,
        }
        found = []
        for (name, unit), cost in costs.items():
            # An experiment whose cost is not known can neither be on a front nor be dominated.
            those = [(group, value) for group in self.groups if (value := cost(group)) is not None]
            ahead = front([(value, group.test.mean) for group, value in those])
            if len(those) > 1:
                found.append(Front(name, unit, tuple(those[i] for i in ahead), len(those) - len(ahead)))
        return tuple(found)


@dataclass(frozen=True)
class Study:
    """A report."""

    title: str
    sections: tuple[Section, ...]
    problems: tuple[str, ...]
    """Why runs are not in it, or not completely."""

    @property
    def groups(self) -> tuple[Group, ...]:
        """All experiments."""
        return tuple(group for section in self.sections for group in section.groups)

    @property
    def runs(self) -> int:
        """The number of runs."""
        return sum(group.n for group in self.groups)


def study(title: str, groups: Iterable[Group], problems: Sequence[str] = ()) -> Study:
    """Compare groups: each with its base if both have their data in common, and with all others on these data.

    Groups and problems are as `reports.groups` and `reports.collect` return them.
    """
    apart = _by_data(groups)
    headings = Counter(some[0].data.heading for some in apart)
    return Study(title, tuple(_section(some, headings) for some in apart), tuple(problems))


def _by_data(groups: Iterable[Group]) -> list[list[Group]]:
    """Separate groups that were trained or tested on different data; all of a data set comes before parts of it."""

    def rank(group: Group) -> tuple[object, ...]:
        data = group.data
        return data.title, data.sha256, data.subset is not None, data.subset or 0, data.folds or 0, -data.test_images

    return [list(some) for _, some in groupby(sorted(groups, key=rank), key=rank)]


def _section(groups: Sequence[Group], headings: Mapping[str, int]) -> Section:
    data = groups[0].data
    heading = data.heading if headings[data.heading] == 1 else f"{data.heading} (SHA-256 {data.sha256[:8]})"
    by_name = {group.name: group for group in groups}
    families: dict[str, list[tuple[Group, Group]]] = {}
    for group in groups:
        if base := by_name.get(group.base or ""):
            families.setdefault(base.name, []).append((base, group))
    return Section(heading, judged(groups, families.values()))


def judged(groups: Sequence[Group], families: Iterable[Family], *, models_only: bool = False) -> tuple[Entry, ...]:
    """Return the entries of `groups`, which have their data in common.

    Args:
        groups: all that are compared with each other.
        families: the comparisons that are corrected together; may include groups that are not among `groups`.
        models_only: treat `groups`, one run each, as models that belong together whatever their seeds.
    """
    compared: dict[str, Entry] = {}
    own = set(map(id, groups))
    for family in families:
        share = None if models_only else family[0][0].share
        scored = verdicts([_scores(base, arm, models_only and id(arm) in own) for base, arm in family], share)
        gaps = tested([(base.gap_by_seed, arm.gap_by_seed) for base, arm in family], share)
        for (base, arm), verdict, gap in zip(family, scored, gaps, strict=True):
            if id(arm) in own:
                if models_only:
                    verdict = replace(verdict, seeds=tuple(key for key in base.keys if key in arm.keys))
                compared[arm.name] = Entry(arm, base, verdict, gap)
    entries = [compared.get(group.name, Entry(group, None, None)) for group in groups]
    seen = observations(entries)
    return tuple(replace(entry, observations=found) for entry, found in zip(entries, seen, strict=True))


def _scores(base: Group, arm: Group, models_only: bool) -> tuple[Scores, Scores]:
    """Return the scores of base and arm, with their mistakes if a single pair of models is compared by these."""
    shared = base.score_by_seed.keys() & arm.score_by_seed.keys()
    image_by_image = models_only or (len(shared) == 1 and not base.share)

    def of(group: Group) -> Scores:
        keys = (0,) if models_only else group.keys
        wrong = zip(keys, group.mistakes, strict=True) if image_by_image else ()
        return Scores(
            {0: group.test.mean} if models_only else group.score_by_seed,
            {key: some.keys() for key, some in wrong if some is not None},
            chosen_on_test=group.chosen_on_test > 0,
        )

    return of(base), of(arm)
