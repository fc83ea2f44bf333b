"""The schema of a configuration."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import TaggedUnionSchema

from mnist_lab.config import names
from mnist_lab.config.augmentations import AnyAugmentation, Geometric
from mnist_lab.config.layers import Model
from mnist_lab.config.optimizers import Adam, AnyOptimizer
from mnist_lab.config.schedules import AnySchedule, Monitor, Plateau
from mnist_lab.config.spec import (
    Item,
    NonNegative,
    OneOf,
    OneOrMore,
    Positive,
    PositiveFloat,
    Probability,
    Rate,
    Spec,
)

BackendName = Literal["tensorflow", "jax", "torch", "auto"]
Fraction = Annotated[float, Field(gt=0, lt=1)]


def class_key(name: int | str) -> int | str:
    """A class's name or label as a key: a whole number where it is written like one, so that `3` and `'3'` are one."""
    return int(name) if str(name).lstrip("-").isdecimal() and str(int(name)) == str(name) else name


def _class_keys(value: Any) -> Any:
    if not isinstance(value, dict) or not all(isinstance(key, int | str) for key in value):
        return value
    keyed = {class_key(key): weight for key, weight in value.items()}
    if len(keyed) < len(value):
        raise PydanticCustomError("same_class", "a class has two weights, once as a number and once as text")
    return keyed


ClassWeights = Annotated[dict[int | str, PositiveFloat], Field(min_length=1), BeforeValidator(_class_keys)]


def _name(text: str) -> str:
    try:
        return names.checked_name(text)
    except ValueError as error:
        raise PydanticCustomError("name", "{reason}", {"reason": str(error)}) from None


ExperimentName = Annotated[
    str,
    AfterValidator(_name),
    WithJsonSchema({"type": "string", "pattern": names.PATTERN, "maxLength": names.MAX_CHARACTERS}),
]
"""A folder below the results folder; parts are joined by `/`. `=` and `,` are for the arms of a sweep."""


class Reference(Spec):
    """Published results to compare with; accuracies are between 0 and 1."""

    train_accuracy: Probability | None = None
    test_accuracy: Probability | None = None
    best_train_accuracy: Probability | None = None
    best_test_accuracy: Probability | None = None
    test_loss: NonNegative | None = None
    wrong: Annotated[int, Field(ge=0)] | None = None
    note: str | None = None
    departures: tuple[str, ...] = ()
    """Key paths in which the run departs from the published recipe, so that the results are not comparable."""

    @property
    def applicable(self) -> "Reference":
        """The published results that are comparable: all, or none if the run departs from the published recipe."""
        return Reference() if self.departures else self


class Preprocess(Item):
    """Preprocessing of pixels in 0..255, done by the first layers of the model."""


class Rescale(Preprocess):
    """Divided by 255."""

    key = "rescale"


class Raw(Preprocess):
    """Unchanged, 0..255."""

    key = "none"


class Standardize(Preprocess):
    """Divided by 255, then (x - mean) / std; one number for all channels, or one per channel."""

    key = "standardize"
    mean: Annotated[tuple[float, ...], OneOrMore, Field(min_length=1)]
    std: Annotated[tuple[PositiveFloat, ...], OneOrMore, Field(min_length=1)]


PREPROCESSINGS = (Rescale, Raw, Standardize)


class Validation(Spec):
    """Source of the validation images: part of the training rows, the test set, or none."""

    split: Literal["tail", "random", "stratified", "test", "none"] = "tail"
    fraction: Fraction = 0.2
    """The training part is the first floor(n * (1 - fraction)) rows, like Keras' `validation_split`."""

    @field_validator("fraction")
    @classmethod
    def _only_of_training_rows(cls, fraction: float, info: ValidationInfo) -> float:
        """The default if no training rows are split off, where an inherited value has no meaning."""
        return cls.model_fields["fraction"].default if info.data.get("split") in ("test", "none") else fraction


class Data(Spec):
    """Data set, selection of rows, validation split and preprocessing."""

    dataset: Annotated[str, Field(min_length=1)]
    """`mnist`, `fashion_mnist`, `digits`, or the path of a folder or an npz file."""
    rows: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(gt=0)]] | None = None
    """Range of rows of the training file: the first (from 0) and one past the last."""
    subset: Positive | None = None
    """Number of training rows, stratified by class, drawn before the validation split."""
    test_subset: Positive | None = None
    """Number of test rows, stratified by class."""
    validation: Validation = Validation()
    preprocess: Annotated[Preprocess, OneOf(lambda: PREPROCESSINGS)] = Rescale()

    def comparable(self, other: "Data") -> bool:
        """Whether accuracies are comparable: same data set, same number of training and test images."""
        mine, theirs = (
            (Path(data.dataset).resolve() if os.sep in data.dataset else data.dataset, data.subset, data.test_subset)
            for data in (self, other)
        )
        return mine == theirs

    @model_validator(mode="after")
    def _rows_are_a_range(self) -> Self:
        if self.rows is not None and self.rows[0] >= self.rows[1]:
            raise PydanticCustomError(
                "empty_range", "expected two row numbers, the first below the second, received [{first}, {last}]",
                {"first": self.rows[0], "last": self.rows[1], "at": ("rows",)},
            )  # fmt: skip
        return self


class EarlyStopping(Spec):
    """Stops training when `monitor` has not improved by `min_delta` for `patience` epochs."""

    monitor: Monitor = "val_loss"
    patience: Positive = 5
    min_delta: NonNegative = 0.0


class Train(Spec):
    """Training settings."""

    optimizer: AnyOptimizer = Adam(name="adam")
    batch_size: Positive = 128
    epochs: Positive = 10
    schedule: Annotated[tuple[AnySchedule, ...], OneOrMore] = ()
    label_smoothing: Rate = 0.0
    class_weight: ClassWeights | Literal["balanced"] | None = None
    """Weight of each class in the loss, by its name or label; `balanced` gives every class the same total weight."""
    early_stopping: EarlyStopping | None = None
    restore_best: Monitor | None = None
    """Metric that selects the epoch whose weights are saved; default: the weights of the last epoch are saved."""
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"

    @model_validator(mode="after")
    def _plateau_stands_alone(self) -> Self:
        if len(self.schedule) > 1 and any(isinstance(item, Plateau) for item in self.schedule):
            raise PydanticCustomError(
                "plateau_alone", "plateau cannot be combined with another schedule", {"at": ("schedule",)}
            )
        return self

    def monitors(self) -> dict[str, Monitor]:
        """The monitored metrics, by the key path below `train` that requests them."""
        asked: dict[str, Monitor] = {}
        if self.restore_best:
            asked["restore_best"] = self.restore_best
        if self.early_stopping:
            asked["early_stopping.monitor"] = self.early_stopping.monitor
        for item in self.schedule:
            if isinstance(item, Plateau):
                asked["schedule"] = item.monitor
        return asked


class Runtime(Spec):
    """Where and how to run; only `backend` is part of a run's fingerprint."""

    backend: BackendName | None = None
    """Keras' backend; default: KERAS_BACKEND, else TensorFlow, else the first one installed. `auto` chooses the
    installed one that is fastest for this network."""
    device: Literal["auto", "cpu", "gpu"] = "auto"
    threads: Positive | None = None
    """CPU threads; default: all that the process may use."""
    steps_per_execution: Positive | Literal["auto"] = "auto"
    jit_compile: bool | Literal["auto"] = "auto"
    checkpoint_every: Positive = 1
    """Epochs between checkpoints, from which an interrupted run resumes."""


class Config(Spec):
    """One experiment: data, model, training, and a seed."""

    also_known = ("extends",)

    name: ExperimentName | None = None
    """Name in plots and tables; default: the file's name."""
    description: str | None = None
    reference: Reference | None = None
    experiment: ExperimentName | None = None
    """Folder below the results folder; set when a configuration is resolved."""
    base: ExperimentName | None = None
    """The experiment that this one changes; set when a configuration that extends another is resolved."""
    data: Data
    augment: tuple[AnyAugmentation, ...] = ()
    model: Model
    train: Train = Train()
    runtime: Runtime = Runtime()
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 1

    @property
    def handicaps(self) -> tuple[Item, ...]:
        """The augmentations and dropout layers that act in training only, so that training accuracy understates."""
        items = (*self.augment, *self.model.every_layer())
        return tuple(item for item in items if item.handicaps_training)

    @model_validator(mode="after")
    def _monitors_are_measured(self) -> Self:
        if self.data.validation.split == "none":
            for path, monitor in self.train.monitors().items():
                if monitor.startswith("val_"):
                    raise PydanticCustomError(
                        "nothing_to_monitor",
                        "'{monitor}' needs a validation set, and data.validation.split is 'none'",
                        {"monitor": monitor, "at": ("train", *path.split("."))},
                    )
        return self

    @model_validator(mode="after")
    def _one_interpolation(self) -> Self:
        drawn = [(i, item) for i, item in enumerate(self.augment) if isinstance(item, Geometric)]
        for name in ("fill", "interpolation"):
            for i, item in drawn:
                expected, received = getattr(drawn[0][1], name), getattr(item, name)
                if received != expected:
                    raise PydanticCustomError(
                        "two_interpolations",
                        "geometric augmentations are drawn in one interpolation, so they must agree: "
                        "'{name}' is {expected} in {first} and {received} here",
                        {
                            "name": name, "expected": expected, "received": received, "first": drawn[0][1].key,
                            "at": ("augment", i, item.key, name),
                        },
                    )  # fmt: skip
        return self


CHANGE_THE_NUMBERS = ("data", "augment", "model", "train")
"""The sections that affect a run's results, besides the seed and the backend."""


class FileSchema(GenerateJsonSchema):
    """The discriminator of a union may be inherited from an extended file, so several alternatives can match."""

    def tagged_union_schema(self, schema: TaggedUnionSchema) -> dict[str, Any]:
        """The alternatives of a union."""
        return {"anyOf": super().tagged_union_schema(schema)["oneOf"]}


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a configuration file; `extends`, which is resolved before validation, included."""
    schema = Config.model_json_schema(schema_generator=FileSchema)
    extends = {"type": "string", "description": "A configuration, relative to this file, whose settings are inherited."}
    schema["properties"] = {"extends": extends, **schema["properties"]}
    schema["anyOf"] = [{"required": ["extends"]}, {"required": ["data", "model"]}]
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}
