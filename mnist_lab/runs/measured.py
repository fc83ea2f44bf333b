"""The model of `metrics.json`, the results of a run.

Keys are in the order in which they are written. Unknown keys, from later versions, are kept unchanged.
"""

from collections.abc import Iterable
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from mnist_lab.config.problems import first_problem
from mnist_lab.config.schema import Reference
from mnist_lab.errors import DamagedError

FORMAT = 1
"""Version of the run folder's format."""
RETRAIN = "To retrain the run, repeat its command with --force."


def _number(value: Any) -> Any:
    return None if isinstance(value, float) and not isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(_number)]
"""None for a number that was not finite, which JSON cannot hold."""
Count = Annotated[int, Field(ge=0)]


class Facts(BaseModel):
    """Part of a JSON record; keys from newer versions are kept."""

    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True)


class Continued(Facts):
    """The finished run that this one continues."""

    id: str
    epochs: Count
    """Its epochs; their durations count among those of this run."""


class RunFacts(Facts):
    """Identifies the run."""

    name: str
    experiment: str
    id: str
    fingerprint: str
    group: str | None = None
    """For cross-validation, the fingerprint of the first fold, which all folds share."""
    continues: Continued | None = None
    seed: int
    started: str
    """ISO 8601, in UTC."""
    finished: str


class DatasetFacts(Facts):
    """The images that the run was trained and tested on, and how many."""

    name: str
    title: str | None = None
    sha256: str
    genuine: bool = True
    train: Count
    validation: Count
    """0 without validation images."""
    test: Count
    image_shape: tuple[int, int, int] | None = None
    """Height, width and channels, in pixels."""
    classes: Annotated[int, Field(ge=1)]
    class_names: tuple[str, ...] | None = None
    fold: Count | None = None
    """For cross-validation, the fold of the validation images, from 1."""
    folds: Count | None = None
    selected_on_test: bool = False
    """Whether the test images served as validation images."""
    notes: tuple[str, ...] = ()
    """Changes to the data."""
    white: float = 255
    """The pixel value in its files that was scaled to 255."""

    @property
    def label(self) -> str:
        """Its title, or its name."""
        return self.title or self.name

    @property
    def validation_label(self) -> str:
        """The name of the validation images."""
        return "test as validation" if self.selected_on_test else "validation"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the classes; their numbers if they have no names."""
        return self.class_names or tuple(map(str, range(self.classes)))

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.class_names is not None and len(self.class_names) != self.classes:
            raise ValueError(f"{len(self.class_names)} class names for {self.classes} classes")
        return self


class Parameters(Facts):
    """The size of the network."""

    trainable: Count
    non_trainable: Count = 0
    total: Count


class Score(Facts):
    """Loss and accuracy of the last epoch; the accuracy is a fraction of 1."""

    loss: Number
    accuracy: Number


class Test(Facts):
    """The test result of the saved model."""

    loss: Number
    accuracy: Annotated[float, Field(ge=0, le=1)]
    correct: Count
    wrong: Count
    total: Annotated[int, Field(ge=1)]
    ci95: tuple[float, float]
    """Wilson's 95 % confidence interval of the accuracy."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.correct + self.wrong != self.total:
            raise ValueError(f"{self.correct} correct and {self.wrong} wrong do not add up to {self.total}")
        return self


class Best(Facts):
    """The epoch whose weights are saved, and the best accuracies over all epochs."""

    epoch: Count
    monitor: str | None = None
    """The quantity that decided on the epoch; None for the last epoch."""
    value: Number = None
    restored: bool = False
    train_accuracy: Number = None
    validation_accuracy: Number = None


class Last(Facts):
    """The test result of the last epoch's weights."""

    test_accuracy: Number


class Seconds(Facts):
    """Durations in seconds."""

    total: float
    startup: float
    train: float
    epoch_first: float
    epoch_median: float


class Observed(Facts):
    """An observation: its rule, sentence and number (`reports.observations`).

    In `metrics.json` it is worded as by the version that finished the run.
    """

    rule: str
    text: str
    value: int | float | None = None


class StoredReference(Reference):
    """Published numbers as in `metrics.json`: with lists for tuples, and possibly with keys from newer versions."""

    model_config = ConfigDict(strict=False, extra="allow")


class Measured(Facts):
    """All of `metrics.json`, most interesting first."""

    format: int
    run: RunFacts
    dataset: DatasetFacts
    parameters: Parameters
    flops: Count | None = None
    """Floating-point operations of the training."""
    epochs: Annotated[int, Field(ge=1)]
    train: Score
    """Running values of the last epoch, as Keras prints them."""
    validation: Score | None
    test: Test
    best: Best
    last: Last | None = None
    seconds: Seconds
    environment: dict[str, Any] = {}
    """Backend, device, threads, versions, and whatever else may explain a difference."""
    reference: StoredReference | None = None
    observations: tuple[Observed, ...] = ()

    @property
    def title(self) -> str:
        """The title of its numbers and plots: `mlp_512, seed 1, MNIST`."""
        return f"{self.run.name}, seed {self.run.seed}, {self.dataset.label}"

    @property
    def published(self) -> Reference:
        """The published numbers that it can be compared with; an empty reference if there are none."""
        return self.reference.applicable if self.reference else Reference()

    @property
    def validation_accuracy(self) -> float | None:
        """Validation accuracy of the last epoch; None without validation."""
        return self.validation.accuracy if self.validation else None

    @property
    def gap(self) -> float | None:
        """Training minus validation accuracy, both of the last epoch; None if one is unknown."""
        train, held_out = self.train.accuracy, self.validation_accuracy
        return None if train is None or held_out is None else train - held_out

    @property
    def median_training_seconds(self) -> float:
        """Seconds of all epochs if each took the median, which a pause of the machine does not affect."""
        return self.epochs * self.seconds.epoch_median

    @property
    def chosen_on_test(self) -> bool:
        """Whether the saved weights are those of the epoch that was best on the test images."""
        monitor = self.best.monitor or "val_"
        return self.dataset.selected_on_test and self.best.restored and monitor.startswith("val_")

    def with_observations(self, found: Iterable[Observed]) -> Self:
        """Return a copy with these observations."""
        return self.model_copy(update={"observations": tuple(found)})

    def as_dict(self) -> dict[str, Any]:
        """Return the contents of `metrics.json`: the keys that were set or read."""
        return self.model_dump(mode="json", exclude_unset=True)

    @classmethod
    def of(cls, metrics: Any, file: Path) -> Self:
        """Return the model of `metrics`, which was read from `file`.

        Raises:
            DamagedError: a key is missing, has an invalid value, or contradicts another.
        """
        try:
            return cls.model_validate(metrics)
        except ValidationError as error:
            raise DamagedError(f"{file}: damaged ({first_problem(error)}).", RETRAIN) from None
