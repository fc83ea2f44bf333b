"""Runs that differ in seed only are one group; a group says what its experiment changes against its base."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from statistics import fmean, stdev
from typing import Any

from mnist_lab.config import Config, describe, differences
from mnist_lab.errors import InputError
from mnist_lab.runs import Measured, Published, Run

NOT_RUN = "base not run"
UNREADABLE = "config.yaml cannot be read"


@dataclass(frozen=True)
class Spread:
    """A number that was measured once with each seed."""

    values: tuple[float, ...]
    """In the order of the seeds."""

    @property
    def mean(self) -> float:
        """Their mean."""
        return fmean(self.values)

    @property
    def deviation(self) -> float | None:
        """Their sample standard deviation (n - 1); None for one value."""
        return stdev(self.values) if len(self.values) > 1 else None

    @classmethod
    def of(cls, values: Iterable[float | None]) -> "Spread | None":
        """Of the values that there are; None if there are none."""
        present = tuple(value for value in values if value is not None)
        return cls(present) if present else None


@dataclass(frozen=True)
class Data:
    """What decides whether accuracies can be compared: the data set, and how much of it."""

    title: str
    sha256: str
    subset: int | None
    """Training rows drawn from it, if not all."""
    test_images: int

    @property
    def heading(self) -> str:
        """The data set and how much of it, in words."""
        rows = f", {self.subset:,} training rows" if self.subset else ""
        return f"{self.title}{rows}, {self.test_images:,} test images"


@dataclass(frozen=True)
class Group:
    """The runs of one experiment and one configuration, a seed each."""

    experiment: str
    fingerprint: str
    runs: tuple[Run, ...]
    """In the order of their seeds."""
    results: tuple[Measured, ...]
    """What they measured, in the same order."""
    config: Config | None
    """Of the first run; None if it cannot be read."""
    name: str
    """The experiment; followed by the fingerprint's beginning where several configurations of it are compared."""
    base: str | None = None
    """The name of the group it is compared against, or of its base experiment where that was not run."""
    changed: str = ""
    """What it changes against its base."""
    is_base: bool = False
    """Whether others are compared against it, and it against none that was run."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, ascending."""
        return tuple(result.run.seed for result in self.results)

    @property
    def n(self) -> int:
        """How many seeds were run."""
        return len(self.results)

    @property
    def parameters(self) -> int:
        """All parameters of the network, trainable or not."""
        return self.results[0].parameters.total

    @property
    def selected_on_test(self) -> bool:
        """Whether the test images served as validation images."""
        return self.results[0].dataset.selected_on_test

    @cached_property
    def chosen_on_test(self) -> int:
        """In how many of its runs the saved weights are those of the epoch that was best on the test images."""
        bests = [run.metrics["best"] for run in self.runs] if self.selected_on_test else []
        return sum(b.get("restored") is True and str(b.get("monitor", "val_")).startswith("val_") for b in bests)

    @property
    def steered_by_test(self) -> bool:
        """Whether the test images decided when training stopped or its rate fell: early stopping, plateau."""
        asked = self.config.train.monitors() if self.config and self.selected_on_test else {}
        return any(monitor.startswith("val_") for path, monitor in asked.items() if path != "restore_best")

    @property
    def draws_test_images(self) -> bool:
        """Whether each seed draws the test images that it is tested on (`data.test_subset`)."""
        return self.config is not None and self.config.data.test_subset is not None

    @property
    def published(self) -> Published:
        """Published numbers; none of them where a run departs from the published recipe."""
        reference = self.results[0].reference
        return Published() if reference is None or reference.departures else reference

    @cached_property
    def train(self) -> Spread | None:
        """Running training accuracy of the last epoch."""
        return Spread.of(result.train.accuracy for result in self.results)

    @cached_property
    def validation(self) -> Spread | None:
        """Validation accuracy of the last epoch."""
        return Spread.of(result.validation and result.validation.accuracy for result in self.results)

    @cached_property
    def test(self) -> Spread:
        """Test accuracy of the saved model."""
        return Spread(tuple(result.test.accuracy for result in self.results))

    @cached_property
    def gap(self) -> Spread | None:
        """Training less validation accuracy, both of the last epoch."""
        return Spread.of(self.gap_by_seed.values())

    @cached_property
    def best_train(self) -> Spread | None:
        """Best training accuracy over the epochs."""
        return Spread.of(result.best.train_accuracy for result in self.results)

    @cached_property
    def best_test(self) -> Spread | None:
        """Best test accuracy over the epochs, which is known where the test images served as validation images."""
        return Spread.of(r.best.validation_accuracy for r in self.results if r.dataset.selected_on_test)

    @cached_property
    def epochs(self) -> Spread:
        """Epochs trained."""
        return Spread(tuple(float(result.epochs) for result in self.results))

    @cached_property
    def seconds(self) -> Spread:
        """Seconds a run took, start-up included."""
        return Spread(tuple(result.seconds.total for result in self.results))

    @cached_property
    def epoch_seconds(self) -> Spread:
        """Seconds an epoch took: each run's median."""
        return Spread(tuple(result.seconds.epoch_median for result in self.results))

    @cached_property
    def gap_by_seed(self) -> dict[int, float]:
        """Training less validation accuracy, by seed; without the seeds for which one of them is not known."""
        return {result.run.seed: result.gap for result in self.results if result.gap is not None}

    @cached_property
    def training_seconds(self) -> Spread:
        """Seconds the epochs of a run took, without start-up and without what comes after them."""
        return Spread(tuple(result.training_seconds for result in self.results))

    @cached_property
    def flops(self) -> float | None:
        """Floating-point operations of a training, on average; None if a run does not know them."""
        counts = [
            count for run in self.runs if isinstance(count := run.metrics.get("flops"), int | float) and count > 0
        ]
        return fmean(counts) if len(counts) == self.n else None

    @cached_property
    def machines(self) -> set[tuple[object, ...]]:
        """What the runs were trained on, as far as it decides how long that takes."""
        facts = [run.metrics.get("environment") for run in self.runs]
        keys = ("backend", "device", "threads", "processor")
        return {tuple(str(fact.get(key)) for key in keys) if isinstance(fact, dict) else () for fact in facts}

    @cached_property
    def histories(self) -> tuple[list[dict[str, Any]], ...]:
        """The histories of its runs, of those that can be read."""
        found = []
        for run in self.runs:
            with suppress(OSError, ValueError):
                found.append(run.history)
        return tuple(history for history in found if history)

    @cached_property
    def data(self) -> Data:
        """What it was trained and tested on."""
        facts = self.results[0].dataset
        title = facts.title or facts.name
        if facts.name == "mnist" and not facts.genuine:
            title += " (not the published files)"
        subset = self.config.data.subset if self.config else None
        return Data(title, facts.sha256, subset, self.results[0].test.total)


@dataclass(frozen=True)
class Section:
    """The groups that were trained and tested on the same data; only these are compared."""

    heading: str
    """The data, in words; unlike any other section's."""
    data: Data
    groups: tuple[Group, ...]

    @property
    def bases(self) -> tuple[str, ...]:
        """The names that groups of it have as their base, in order."""
        return tuple(dict.fromkeys(group.base for group in self.groups if group.base))


def groups(runs: Sequence[Run]) -> list[Group]:
    """Put runs of one experiment and one configuration together, and the groups in order: arms after their base.

    What a group changes is told against the group of its base experiment (`Config.base`) that it has most in common
    with; an experiment without a base that was run in several configurations has the plainest of them as its base.
    Of several runs with the same seed the first counts.

    Raises:
        InputError: a run's metrics are damaged.
    """
    found: dict[tuple[str, str], dict[int, tuple[Run, Measured]]] = {}
    for run in runs:
        result = run.measured
        seeds = found.setdefault((result.run.experiment, result.run.fingerprint), {})
        seeds.setdefault(result.run.seed, (run, result))
    configurations = Counter(experiment for experiment, _ in found)
    made = [
        _group(experiment, fingerprint, [seeds[seed] for seed in sorted(seeds)], several=configurations[experiment] > 1)
        for (experiment, fingerprint), seeds in found.items()
    ]
    return list(_in_order(_against_their_bases(made)))


def same_test_images(groups: Sequence[Group]) -> bool:
    """Whether all runs of `groups`, which are of one section, were tested on the very same images.

    Where seeds draw them (`data.test_subset`), runs with the same seed were.
    """
    drawn = any(group.draws_test_images for group in groups)
    return not drawn or len({seed for group in groups for seed in group.seeds}) == 1


def sections(groups: Iterable[Group]) -> list[Section]:
    """Set groups apart that were trained or tested on different data; all of a data set before parts of it."""

    def rank(group: Group) -> tuple[object, ...]:
        data = group.data
        return data.title, data.sha256, data.subset is not None, data.subset or 0, -data.test_images

    apart = [tuple(some) for _, some in groupby(sorted(groups, key=rank), key=rank)]
    headings = Counter(some[0].data.heading for some in apart)
    return [Section(_unlike(some[0].data, headings), some[0].data, some) for some in apart]


def _unlike(data: Data, headings: Counter[str]) -> str:
    return data.heading if headings[data.heading] == 1 else f"{data.heading} (SHA-256 {data.sha256[:8]})"


def _group(experiment: str, fingerprint: str, runs: Sequence[tuple[Run, Measured]], *, several: bool) -> Group:
    return Group(
        experiment,
        fingerprint,
        tuple(run for run, _ in runs),
        tuple(result for _, result in runs),
        next(_readable(run for run, _ in runs), None),
        f"{experiment} ({fingerprint[:8]})" if several else experiment,
    )


def _readable(runs: Iterable[Run]) -> Iterator[Config]:
    for run in runs:
        try:
            yield run.config
        except InputError:
            continue


def _against_their_bases(groups: Sequence[Group]) -> list[Group]:
    by_experiment: dict[str, list[Group]] = {}
    for group in sorted(groups, key=_plainness):
        by_experiment.setdefault(group.experiment, []).append(group)
    compared = [_compared(group, by_experiment) for group in groups]
    names, bases = {group.name for group in compared}, {group.base for group in compared}
    return [replace(group, is_base=group.name in bases and group.base not in names) for group in compared]


def _plainness(group: Group) -> tuple[object, ...]:
    """Of several configurations of one experiment the one that departs least from its file comes first."""
    reference = group.results[0].reference
    return len(reference.departures) if reference else 0, -group.n, group.fingerprint


def _compared(group: Group, by_experiment: dict[str, list[Group]]) -> Group:
    if group.config is None:
        return replace(group, changed=UNREADABLE)
    base = group.config.base
    if base is None or base == group.experiment:
        base, candidates = group.experiment, by_experiment[group.experiment][:1]
        if candidates == [group]:
            return group
    else:
        candidates = by_experiment.get(base, [])
    changes = [(differences(other.config, group.config), other) for other in candidates if other.config]
    if not changes:
        return replace(group, base=base, changed=NOT_RUN)
    fewest, nearest = min(changes, key=lambda pair: len(pair[0]))
    return replace(group, base=nearest.name, changed=describe(fewest) or "nothing")


def _in_order(groups: Sequence[Group]) -> Iterator[Group]:
    """Each base followed by its arms and these by theirs; else by name, numbers in it as numbers."""
    names = {group.name for group in groups}
    arms: dict[str | None, list[Group]] = {}
    for group in sorted(groups, key=lambda group: _natural(group.name)):
        arms.setdefault(group.base if group.base in names else None, []).append(group)
    waiting = arms.pop(None, [])[::-1]
    # In a circle of bases nobody comes first, so whoever is left then does.
    while waiting or arms:
        if not waiting:
            waiting = arms.pop(next(iter(arms)))[::-1]
        group = waiting.pop()
        yield group
        waiting += arms.pop(group.name, [])[::-1]


def _natural(text: str) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", text)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
