"""A group: the runs of one experiment and one configuration, which differ in seed only, and what they measured."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, stdev
from typing import Any

from mnist_lab.config import Config
from mnist_lab.config.schema import Reference
from mnist_lab.errors import InputError
from mnist_lab.runs import Measured, Run

NOT_RUN = "base not run"
UNREADABLE = "config.yaml cannot be read"
"""What `Group.changed` says where that is not known."""


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
        return sum(result.chosen_on_test for result in self.results)

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
    def published(self) -> Reference:
        """The published numbers that it can be held against; an empty reference if there are none."""
        return self.results[0].published

    @cached_property
    def train(self) -> Spread | None:
        """Running training accuracy of the last epoch."""
        return Spread.of(result.train.accuracy for result in self.results)

    @cached_property
    def validation(self) -> Spread | None:
        """Validation accuracy of the last epoch."""
        return Spread.of(result.validation_accuracy for result in self.results)

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
    def seconds_by_seed(self) -> dict[int, float]:
        """Seconds the epochs of a run took, without start-up and without what comes after them."""
        return {result.run.seed: result.training_seconds for result in self.results}

    @cached_property
    def training_seconds(self) -> Spread:
        """The same, over the seeds."""
        return Spread(tuple(self.seconds_by_seed.values()))

    @cached_property
    def flops(self) -> float | None:
        """Floating-point operations of a training, on average; None if a run does not know them."""
        counts = [result.flops for result in self.results if result.flops]
        return fmean(counts) if len(counts) == self.n else None

    @cached_property
    def machines(self) -> set[tuple[object, ...]]:
        """What the runs were trained on, as far as it decides how long that takes."""
        keys = ("backend", "device", "threads", "processor")
        return {tuple(str(result.environment.get(key)) for key in keys) for result in self.results}

    @cached_property
    def histories(self) -> tuple[list[dict[str, Any]], ...]:
        """The histories of its runs, of those that can be read."""
        found = []
        for run in self.runs:
            with suppress(InputError):  # `Run.problems` says why
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
