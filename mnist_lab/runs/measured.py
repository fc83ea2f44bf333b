"""What is read from a run's `metrics.json`, typed and checked."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from mnist_lab.config.schema import Reference
from mnist_lab.errors import DamagedError
from mnist_lab.runs.formats import first_problem


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, defer_build=True)


class RunFacts(_Facts):
    """Which run it is."""

    experiment: str
    fingerprint: str
    seed: int


class DatasetFacts(_Facts):
    """Which images it was trained and tested on."""

    name: str
    title: str | None = None
    sha256: str
    genuine: bool = True
    selected_on_test: bool = False


class Parameters(_Facts):
    """How large the network is."""

    trainable: int
    total: int


class Accuracy(_Facts):
    """A fraction of 1; None where it was not finite."""

    accuracy: float | None


class Test(_Facts):
    """The test of the saved model."""

    accuracy: float
    correct: int
    wrong: int
    total: int
    ci95: tuple[float, float]


class Best(_Facts):
    """The best accuracies over all epochs."""

    train_accuracy: float | None = None
    validation_accuracy: float | None = None


class Seconds(_Facts):
    """How long it took."""

    total: float
    epoch_median: float


class _Reference(Reference):
    """Published numbers as `metrics.json` has them: with lists for tuples, and maybe with keys of a newer version."""

    model_config = ConfigDict(strict=False, extra="ignore")


class Measured(_Facts):
    """A `metrics.json`; keys that are not listed here are left alone."""

    run: RunFacts
    dataset: DatasetFacts
    parameters: Parameters
    epochs: int
    train: Accuracy
    validation: Accuracy | None
    test: Test
    best: Best
    seconds: Seconds
    reference: _Reference | None = None

    @property
    def published(self) -> Reference:
        """The published numbers that it can be held against; an empty reference if there are none."""
        return self.reference.applicable if self.reference else Reference()

    @property
    def gap(self) -> float | None:
        """Training less validation accuracy, both of the last epoch; None if one is not known."""
        train, held_out = self.train.accuracy, self.validation and self.validation.accuracy
        return None if train is None or held_out is None else train - held_out

    @property
    def training_seconds(self) -> float:
        """Seconds the epochs took, without start-up and what comes after them: their number times the median."""
        return self.epochs * self.seconds.epoch_median


def measured(metrics: Any, file: Path) -> Measured:
    """The numbers of a run, from what its `metrics.json` (`file`) says.

    Raises:
        DamagedError: it lacks one, or has something else in its place.
    """
    try:
        return Measured.model_validate(metrics)
    except ValidationError as error:
        raise DamagedError(f"{file}: damaged ({first_problem(error)}).") from None
