"""The runs of a report: collected from disk, grouped by experiment and configuration, and named."""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, TypeVar

from mnist_lab.analysis import mean_accuracy_interval, wilson
from mnist_lab.analysis.family import Key
from mnist_lab.config import Config, describe, differences
from mnist_lab.config.settings import shortest_ends, varying
from mnist_lab.errors import InputError
from mnist_lab.runs import Collection, Measured, Mistake, Run, check_folder, load_run, read_runs
from mnist_lab.text.quantities import data_set, natural_order

Part = TypeVar("Part")
Interval = tuple[float, float]

ABSENT = "base not in this report"
UNREADABLE = "config.yaml cannot be read"
"""`Group.changed` if the changes are unknown."""


@dataclass(frozen=True)
class Spread:
    """A number that was measured once with each seed."""

    values: tuple[float, ...]
    """In the order of the seeds."""

    @property
    def mean(self) -> float:
        """Mean of the values."""
        return fmean(self.values)

    @property
    def deviation(self) -> float | None:
        """Sample standard deviation (n - 1) of the values; None for one value."""
        return stdev(self.values) if len(self.values) > 1 else None

    @classmethod
    def of(cls, values: Iterable[float | None]) -> "Spread | None":
        """Return the spread of the values that are not None; None if there are none."""
        present = tuple(value for value in values if value is not None)
        return cls(present) if present else None


@dataclass(frozen=True)
class Data:
    """What decides whether accuracies can be compared: the data set, and how much of it."""

    title: str
    sha256: str
    subset: int | None
    """Training images drawn from it, if not all."""
    test_images: int
    folds: int | None = None
    """The number of folds, if runs are cross-validated."""

    @property
    def heading(self) -> str:
        """The data set and how much of it, in words."""
        folds = f", {self.folds}-fold cross-validation" if self.folds else ""
        return f"{self.trained_on}{folds}, {self.test_images:,} test images"

    @property
    def trained_on(self) -> str:
        """The data set, and how much of it was drawn for training if not all, in words."""
        return data_set(self.title, self.subset)


def _key(measured: Measured) -> Key:
    seed, fold = measured.run.seed, measured.dataset.fold
    return (seed, fold) if fold else seed


def _over_seeds(of: Callable[[Measured], float]) -> "cached_property[Spread]":
    """Return a property: a number that every run of a group has."""
    return cached_property(lambda group: Spread(tuple(of(run.measured) for run in group.runs)))


def _where_known(of: Callable[[Measured], float | None]) -> "cached_property[Spread | None]":
    """Return a property: a number that runs may lack."""
    return cached_property(lambda group: Spread.of(of(run.measured) for run in group.runs))


def readable(runs: Iterable[Run], part: Callable[[Run], Part]) -> Iterator[Part]:
    """Yield a part of each run in which it can be read; `Run.problems` says why it cannot."""
    for run in runs:
        with suppress(InputError):
            yield part(run)


@dataclass(frozen=True)
class Group:
    """The runs of one experiment and one configuration: one per seed or, if cross-validated, per seed and fold."""

    runs: tuple[Run, ...]
    """In the order of their seeds and folds."""
    config: Config | None
    """The configuration of the first run whose file can be read, for the first fold; None if none can."""
    name: str
    """The experiment, followed by the first digits of the fingerprint if it was run in several configurations."""
    base: str | None = None
    """The name of the group it is compared with, or of its base experiment if that is not among them."""
    changed: str = ""
    """What it changes from its base."""
    is_base: bool = False
    """Whether others are compared with it, and it with none of them."""

    @property
    def experiment(self) -> str:
        """Its folder, relative to the results folder."""
        return self.first.run.experiment

    @property
    def fingerprint(self) -> str:
        """Fingerprint of its configuration, for the first fold."""
        return self.first.run.group or self.first.run.fingerprint

    @property
    def identity(self) -> tuple[str, str]:
        """Identifies the group among all of the same results."""
        return self.experiment, self.fingerprint

    @property
    def first(self) -> Measured:
        """The numbers of its first run, for what is the same in all."""
        return self.runs[0].measured

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, ascending."""
        return tuple(dict.fromkeys(run.measured.run.seed for run in self.runs))

    @property
    def keys(self) -> tuple[Key, ...]:
        """Identifies each run, and pairs it with one of another group: its seed, or seed and fold."""
        return tuple(_key(run.measured) for run in self.runs)

    @property
    def share(self) -> float | None:
        """Rows for validation over rows for training in a fold; None unless cross-validated."""
        return self.first.dataset.validation / self.first.dataset.train if self.first.dataset.folds else None

    @property
    def n(self) -> int:
        """The number of runs, one per seed or fold."""
        return len(self.runs)

    @property
    def parameters(self) -> int:
        """All parameters of the network, trainable or not."""
        return self.first.parameters.total

    @property
    def selected_on_test(self) -> bool:
        """Whether the test images served as validation images."""
        return self.first.dataset.selected_on_test

    @property
    def held_out(self) -> str:
        """What its validation images are: `validation`, or `test` if those served as such."""
        return "test" if self.selected_on_test else "validation"

    @property
    def chosen_on_test(self) -> int:
        """The number of runs whose saved weights are those of the epoch that was best on the test images."""
        return sum(run.measured.chosen_on_test for run in self.runs)

    @property
    def steered_by_test(self) -> bool:
        """Whether the test images decided when training stopped or its learning rate fell: early stopping, plateau."""
        asked = self.config.train.monitors() if self.config and self.selected_on_test else {}
        return any(monitor.startswith("val_") for path, monitor in asked.items() if path != "restore_best")

    @property
    def draws_test_images(self) -> bool:
        """Whether each seed draws the test images that it is tested on (`data.test_subset`)."""
        return self.config is not None and self.config.data.test_subset is not None

    @property
    def handicaps(self) -> tuple[str, ...] | None:
        """The dropout and augmentation that act while training accuracy is measured, sorted; None if not known.

        Of two networks with the same dropout, the one with more layers of it is handicapped more.
        """
        return None if self.config is None else tuple(sorted(map(repr, self.config.handicaps)))

    train = _where_known(lambda measured: measured.train.accuracy)
    """Running training accuracy of the last epoch."""
    validation = _where_known(lambda measured: measured.validation_accuracy)
    """Validation accuracy of the last epoch."""
    test = _over_seeds(lambda measured: measured.test.accuracy)
    """Test accuracy of the saved model."""
    gap = _where_known(lambda measured: measured.gap)
    """The generalization gap: training less validation accuracy, both of the last epoch."""
    best_train = _where_known(lambda measured: measured.best.train_accuracy)
    """Best training accuracy over the epochs."""
    best_test = _where_known(lambda m: m.best.validation_accuracy if m.dataset.selected_on_test else None)
    """Best test accuracy over the epochs, which is known if the test images served as validation images."""
    epochs = _over_seeds(lambda measured: float(measured.epochs))
    """Epochs trained."""
    seconds = _over_seeds(lambda measured: measured.seconds.total)
    """Seconds a run took, start-up included."""
    epoch_seconds = _over_seeds(lambda measured: measured.seconds.epoch_median)
    """Seconds an epoch took: each run's median."""
    training_seconds = _over_seeds(lambda measured: measured.median_training_seconds)
    """Seconds the epochs of a run took, without start-up and without what comes after them."""

    @property
    def seeds_interval(self) -> Interval | None:
        """95 % interval of the mean test accuracy for the choice of seeds (Student's t).

        None for one seed, and for folds, whose models are not independent.
        """
        return None if self.share else mean_accuracy_interval(self.test.values)

    @property
    def images_interval(self) -> Interval:
        """95 % interval of the mean test accuracy for the choice of test images (Wilson)."""
        images = self.data.test_images
        return wilson(round(self.test.mean * images), images)

    def only(self, keys: Container[Key]) -> "Group":
        """Return the group with only the runs that `keys` name."""
        return replace(self, runs=tuple(run for key, run in zip(self.keys, self.runs, strict=True) if key in keys))

    def by_seed(self, of: Callable[[Measured], float | None]) -> dict[Key, float]:
        """Return a number by seed, or seed and fold, of the runs that have it."""
        return {_key(run.measured): value for run in self.runs if (value := of(run.measured)) is not None}

    @cached_property
    def score_by_seed(self) -> dict[Key, float]:
        """What verdicts are on: test accuracy by seed or, if cross-validated, validation accuracy by seed and fold."""
        return self.by_seed(lambda m: m.validation_accuracy if m.dataset.folds else m.test.accuracy)

    @cached_property
    def gap_by_seed(self) -> dict[Key, float]:
        """The generalization gap by seed, or seed and fold."""
        return self.by_seed(lambda measured: measured.gap)

    @cached_property
    def flops(self) -> float | None:
        """Mean floating-point operations of training; None if a run lacks them."""
        counts = [flops for run in self.runs if (flops := run.measured.flops)]
        return fmean(counts) if len(counts) == self.n else None

    @cached_property
    def machines(self) -> set[tuple[object, ...]]:
        """What the runs were trained on, as far as it affects how long that takes."""
        keys = ("backend", "device", "threads", "processor")
        return {tuple(str(run.measured.environment.get(key)) for key in keys) for run in self.runs}

    @cached_property
    def histories(self) -> tuple[list[dict[str, Any]], ...]:
        """The histories that can be read."""
        return tuple(filter(None, readable(self.runs, lambda run: run.history)))

    @cached_property
    def mistakes(self) -> tuple[dict[int, Mistake] | None, ...]:
        """What each run's model gets wrong, by the image's row in the test file; None where that cannot be read."""
        return tuple(
            next(readable([run], lambda run: {one.index: one for one in run.mistakes}), None) for run in self.runs
        )

    @cached_property
    def data(self) -> Data:
        """What it was trained and tested on."""
        facts = self.first.dataset
        title = facts.label
        if facts.name == "mnist" and not facts.genuine:
            title += " (not the published files)"
        return Data(
            title, facts.sha256, self.config.data.subset if self.config else None, self.first.test.total, facts.folds
        )


def collect(paths: Iterable[Path], load: Callable[[Path], Run] = load_run) -> Collection:
    """Return the finished runs in and below `paths`, as `read_runs` reads them, with what cannot be used of them.

    Of two with the same experiment, configuration and seed (a copy, a repetition elsewhere), the first counts: the
    second is not a further seed.

    Raises:
        InputError: a path does not exist.
        NewerFormatError: a run was written by a newer mnist-lab.
    """
    paths = list(paths)
    for path in paths:
        check_folder(path)
    found = read_runs(paths, load).complete()
    problems = list(found.problems)
    runs: dict[tuple[str, str, int], Run] = {}
    for run in found.runs:
        facts = run.measured.run
        first = runs.setdefault((facts.experiment, facts.fingerprint, facts.seed), run)
        if first is run:
            problems += run.problems
        else:
            problems.append(f"{run.folder.path}: the same run as {first.folder.path}, which counts.")
    return replace(found, runs=tuple(runs.values()), problems=tuple(problems))


def groups(runs: Sequence[Run]) -> list[Group]:
    """Group runs by experiment and configuration, and sort the groups: arms after their base.

    A group's changes are those from the group of its base experiment (`Config.base`) that it has most in common
    with; an experiment without a base that was run in several configurations has the plainest of them as its base.
    The first of several runs with the same seed counts.

    Raises:
        InputError: a run's metrics are damaged.
    """
    found: dict[tuple[str, str], dict[Key, Run]] = {}
    for run in runs:
        facts = run.measured.run
        found.setdefault((facts.experiment, facts.group or facts.fingerprint), {}).setdefault(_key(run.measured), run)
    configurations = Counter(experiment for experiment, _ in found)
    made = []
    for (experiment, fingerprint), by_key in found.items():
        ordered = tuple(by_key[key] for key in sorted(by_key))
        config = next(readable(ordered, lambda run: run.config), None)
        name = f"{experiment} ({fingerprint[:8]})" if configurations[experiment] > 1 else experiment
        if config and config.data.validation.fold:
            config = config.in_fold(1)  # what all folds have in common
        made.append(Group(ordered, config, name))
    return list(_in_order(_against_their_bases(made)))


def settings_of(groups: Iterable[Group]) -> dict[str, dict[str, Any]]:
    """Return the settings in which experiments differ (`config.settings.varying`): values by name, by key path.

    Experiments whose configuration cannot be read have none.
    """
    known = {group.name: group.config for group in groups if group.config}
    found = varying(list(known.values()))
    return {path: dict(zip(known, values, strict=True)) for path, values in found.items()}


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Return the shortest end of each name's path that no other name has: `nodes_256` for `ablation/nodes_256`."""
    return shortest_ends({name: name.split("/") for name in names}, "/")


def _against_their_bases(groups: Sequence[Group]) -> list[Group]:
    by_experiment: dict[str, list[Group]] = {}
    for group in sorted(groups, key=_plainness):
        by_experiment.setdefault(group.experiment, []).append(group)
    compared = [_compared(group, by_experiment) for group in groups]
    names, bases = {group.name for group in compared}, {group.base for group in compared}
    return [replace(group, is_base=group.name in bases and group.base not in names) for group in compared]


def _plainness(group: Group) -> tuple[object, ...]:
    """Return a key that sorts the configurations of an experiment by how little they depart from its file."""
    reference = group.first.reference
    return len(reference.departures) if reference else 0, -group.n, group.fingerprint


def _compared(group: Group, by_experiment: dict[str, list[Group]]) -> Group:
    if group.config is None:
        return replace(group, changed=UNREADABLE)
    base = group.config.base
    if base is None or base == group.experiment:
        base, candidates = group.experiment, by_experiment[group.experiment][:1]
        if candidates[0] is group:
            return group
    else:
        candidates = by_experiment.get(base, [])
    changes = [(differences(other.config, group.config), other) for other in candidates if other.config]
    if not changes:
        return replace(group, base=base, changed=ABSENT)
    fewest, nearest = min(changes, key=lambda pair: len(pair[0]))
    return replace(group, base=nearest.name, changed=describe(fewest) or "nothing")


def _in_order(groups: Sequence[Group]) -> Iterator[Group]:
    """Yield each base followed by its arms and these by theirs; otherwise by name, with numbers in numeric order."""
    names = {group.name for group in groups}
    arms: dict[str | None, list[Group]] = {}
    for group in sorted(groups, key=lambda group: natural_order(group.name)):
        arms.setdefault(group.base if group.base in names else None, []).append(group)
    waiting = arms.pop(None, [])[::-1]
    # In a cycle of bases, none comes first, so the remaining ones follow in any order.
    while waiting or arms:
        if not waiting:
            waiting = arms.pop(next(iter(arms)))[::-1]
        group = waiting.pop()
        yield group
        waiting += arms.pop(group.name, [])[::-1]
