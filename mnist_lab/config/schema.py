"""The schema of a configuration."""

import os
import re
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
from pydantic_core.core_schema import TaggedUnionSchema

from mnist_lab.config import names
from mnist_lab.config.augmentations import AnyAugmentation, Geometric
from mnist_lab.config.document import in_words
from mnist_lab.config.layers import Custom, Model, every_layer
from mnist_lab.config.optimizers import Adam, AnyOptimizer
from mnist_lab.config.schedules import AnySchedule, Monitor, Plateau
from mnist_lab.config.spec import (
    FractionBelowOne,
    Item,
    NonNegative,
    OneOf,
    OneOrMore,
    Pair,
    Positive,
    PositiveFloat,
    Spec,
    UnitInterval,
    invalid,
)

SHA256 = "^[0-9a-f]{64}$"
BackendName = Literal["tensorflow", "jax", "torch", "auto"]
Fraction = Annotated[float, Field(gt=0, lt=1)]


def class_key(name: int | str) -> int | str:
    """Return a class name or label as a key: an integer if written like one, so that `3` and `'3'` are the same."""
    return int(name) if re.fullmatch(r"0|-?[1-9][0-9]{0,18}", str(name)) else name


def _class_keys(value: Any) -> Any:
    if not isinstance(value, dict) or not all(isinstance(key, int | str) for key in value):
        return value
    keyed = {class_key(key): weight for key, weight in value.items()}
    if len(keyed) < len(value):
        twice = next(key for key in keyed if [*map(class_key, value)].count(key) > 1)
        raise invalid(f"class {twice} has two weights, one for the number {twice} and one for the text '{twice}'")
    return keyed


ClassWeights = Annotated[dict[int | str, PositiveFloat], Field(min_length=1), BeforeValidator(_class_keys)]


def _name(text: str) -> str:
    try:
        return names.checked_name(text)
    except ValueError as error:
        raise invalid(str(error)) from None


ExperimentName = Annotated[
    str,
    AfterValidator(_name),
    WithJsonSchema({"type": "string", "pattern": names.PATTERN, "maxLength": names.MAX_CHARACTERS}),
]
"""A folder below the results folder; parts are joined by `/`. `=` and `,` are for the arms of a sweep."""


class Reference(Spec):
    """Published results to compare with; accuracies are fractions of 1."""

    train_accuracy: UnitInterval | None = None
    """Training accuracy after the last epoch."""
    test_accuracy: UnitInterval | None = None
    """Test accuracy of the final model."""
    best_train_accuracy: UnitInterval | None = None
    """Highest training accuracy of any epoch."""
    best_test_accuracy: UnitInterval | None = None
    """Highest test accuracy of any epoch."""
    test_loss: NonNegative | None = None
    """Test loss of the final model."""
    wrong: Annotated[int, Field(ge=0)] | None = None
    """Number of misclassified test images."""
    note: str | None = None
    """Remark on the published results, such as their source."""
    departures: tuple[str, ...] = ()
    """Settings in which a run departs from the published recipe, so that the results cannot be compared; filled in by
    mnist-lab."""

    @property
    def applicable(self) -> "Reference":
        """The published results that are comparable: all, or none if the run departs from the published recipe."""
        return Reference() if self.departures else self


class Preprocess(Item):
    """What the first layers of the model do with pixels of 0 to 255."""


class Rescale(Preprocess):
    """Divides by 255."""


class Raw(Preprocess):
    """Leaves pixels unchanged, 0 to 255."""

    key = "none"


class Standardize(Preprocess):
    """Divides by 255, then computes (x - mean) / std."""

    mean: Annotated[tuple[float, ...], OneOrMore, Field(min_length=1)]
    """One number for all channels or one for each."""
    std: Annotated[tuple[PositiveFloat, ...], OneOrMore, Field(min_length=1)]
    """One number for all channels or one for each."""


PREPROCESSINGS = (Rescale, Raw, Standardize)


def _not_text(given: Any) -> Any:
    if isinstance(given, str):
        raise invalid(f"expected a mapping such as {{split: none}}, received {in_words(given)}")
    return given


DEFAULT_FOLDS = 5
WITHOUT_FRACTION = ("folds", "provided", "test", "none")
"""The values of `data.validation.split` for which `fraction` has no meaning."""


class Validation(Spec):
    """Where the validation images come from."""

    split: Literal["tail", "random", "stratified", "folds", "provided", "test", "none"] = "tail"
    """The last training rows (`tail`), random ones, random ones of each class (`stratified`), one of several folds for
    cross-validation (`folds`), the data set's own validation part (`provided`; a data set that has one uses it instead
    of the first three), the test set, or none."""
    fraction: Fraction = 0.2
    """Fraction of the training rows that is used for validation. Training keeps floor(n * (1 - fraction)) of n rows, as
    with Keras' `validation_split`."""
    folds: Annotated[int | None, Field(ge=2, validate_default=True)] = None
    """Number of folds for cross-validation, with the same share of each class; only with `split: folds`, 5 by default.
    Then the folds and `data.subset` do not depend on the seed, so all runs on the same rows have the same folds."""
    fold: Annotated[int | None, Field(ge=1, validate_default=True)] = None
    """The fold used for validation, from 1 to `folds`; only with `split: folds`, 1 by default."""

    @field_validator("fraction")
    @classmethod
    def _only_of_training_rows(cls, fraction: float, info: ValidationInfo) -> float:
        """Return the default if no fraction is split off, as an inherited value then has no meaning."""
        unused = info.data.get("split") in WITHOUT_FRACTION
        return cls.model_fields["fraction"].default if unused else fraction

    @field_validator("folds", "fold")
    @classmethod
    def _only_of_folds(cls, value: int | None, info: ValidationInfo) -> int | None:
        """Return the default for `split: folds`; refuse a value for any other split, where it would have no effect."""
        if info.data.get("split") == "folds":
            value = value or {"folds": DEFAULT_FOLDS, "fold": 1}[str(info.field_name)]
            if info.field_name == "fold" and value > info.data.get("folds", value):
                raise invalid(f"expected at most {info.data['folds']}, the number of folds, received {value}")
        elif value is not None and "split" in info.data:
            raise invalid(f"only with 'split: folds'; the split is '{info.data['split']}'")
        return value


class Data(Spec):
    """The data set, and which part of it is used."""

    dataset: Annotated[str, Field(min_length=1)]
    """The name of a known data set, such as `mnist` or `digits` (bundled), or the path of a folder or file."""
    rows: tuple[Annotated[int, Field(ge=0)], Positive] | None = None
    """Rows of the training file to use: `[first, end]`, counted from 0, without `end` itself."""
    subset: Positive | None = None
    """Number of training rows, stratified by class, drawn before the validation split."""
    test_subset: Positive | None = None
    """Number of test rows, stratified by class."""
    validation: Annotated[Validation, BeforeValidator(_not_text, json_schema_input_type=Validation)] = Validation()
    """Where the validation images come from."""
    resize: Pair | None = None
    """Height and width that all images are resized to, or one number for both; default: unchanged."""
    grey: bool = False
    """Whether colour images are converted to greyscale."""
    preprocess: Annotated[Preprocess, OneOf(lambda: PREPROCESSINGS)] = Rescale()
    """What the first layers of the model do with the pixels."""

    def comparable(self, other: "Data") -> bool:
        """Whether accuracies are comparable: same data set, image form, subset and test subset."""
        mine, theirs = (
            Path(data.dataset).resolve() if os.sep in data.dataset else data.dataset for data in (self, other)
        )
        parts = ("resize", "grey", "subset", "test_subset")
        return mine == theirs and all(getattr(self, part) == getattr(other, part) for part in parts)

    @model_validator(mode="after")
    def _rows_are_a_range(self) -> Self:
        if self.rows is not None and self.rows[0] >= self.rows[1]:
            received = list(self.rows)
            raise invalid(f"expected two row numbers, the first below the second, received {received}", at=("rows",))
        return self


class EarlyStopping(Spec):
    """Stops training when a monitored value no longer improves."""

    monitor: Monitor = "val_loss"
    """The value to watch."""
    patience: Positive = 5
    """Epochs without improvement before training stops."""
    min_delta: NonNegative = 0.0
    """Smallest change that counts as an improvement."""


def _sha256(given: str) -> str:
    if not re.fullmatch(SHA256, given):
        raise invalid(f"expected 64 hexadecimal digits, received {in_words(given)}")
    return given


class InitialWeights(Spec):
    """A finished run whose trained weights are the initial ones (a warm start)."""

    run: Annotated[str, Field(min_length=1)]
    """Its folder, its id, or the name of an experiment that has one run."""
    sha256: Annotated[str, AfterValidator(_sha256), WithJsonSchema({"type": "string", "pattern": SHA256})] | None = None
    """Hash of its weights, on which the fingerprint depends instead of its name; filled in by mnist-lab."""

    def __str__(self) -> str:
        return "/".join(Path(self.run).parts[-2:])


def _named_run(value: Any) -> Any:
    return {"run": value} if isinstance(value, str) else value


class Train(Spec):
    """Training settings."""

    optimizer: AnyOptimizer = Adam(name="adam")
    """An optimizer's name, or a mapping of `name` and its arguments."""
    batch_size: Positive = 128
    """Images per training step."""
    epochs: Positive = 10
    """Passes over the training images, at most."""
    schedule: Annotated[tuple[AnySchedule, ...], OneOrMore] = ()
    """Learning-rate schedules; the factors of several are multiplied."""
    label_smoothing: FractionBelowOne = 0.0
    """Share of each label's probability that is spread evenly over all classes."""
    class_weight: ClassWeights | Literal["balanced"] | None = None
    """Weight of each class in the loss, by its name or label; `balanced` gives every class the same total weight."""
    early_stopping: EarlyStopping | None = None
    """Stops training when a monitored value no longer improves."""
    restore_best: Monitor | None = None
    """The saved model has the weights of the epoch that is best by this value; default: those of the last epoch."""
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
    """Keras' dtype policy: the mixed ones compute in 16 bits and keep the weights in 32."""
    initial_weights: Annotated[
        InitialWeights | None, BeforeValidator(_named_run, json_schema_input_type=str | InitialWeights | None)
    ] = None
    """A finished run whose trained weights are the initial ones (a warm start): its folder, its id, or the name of an
    experiment that has one run. The layers must have the same shapes."""

    @model_validator(mode="after")
    def _plateau_stands_alone(self) -> Self:
        if len(self.schedule) > 1 and any(isinstance(item, Plateau) for item in self.schedule):
            raise invalid("plateau cannot be combined with another schedule", at=("schedule",))
        return self

    def monitors(self) -> dict[str, Monitor]:
        """Return the monitored metrics, by the key path below `train` that requests them."""
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
    """Where and how fast training runs; only `backend` is part of a run's fingerprint."""

    backend: BackendName | None = None
    """Keras' backend; default: KERAS_BACKEND, else TensorFlow, else the first one installed. `auto`: the installed one
    that is fastest for the network."""
    device: Literal["auto", "cpu", "gpu"] = "auto"
    """Where to train; `auto`: on a GPU if the backend finds one."""
    threads: Positive | None = None
    """CPU threads; default: all that this process may use."""
    steps_per_execution: Positive | Literal["auto"] = "auto"
    """Training steps that are compiled into one call."""
    jit_compile: bool | Literal["auto"] = "auto"
    """Whether XLA compiles the training step; `auto`: wherever that is faster."""
    checkpoint_every: Positive = 1
    """Epochs between two checkpoints, from which an interrupted run resumes."""
    keep_checkpoint: bool = False
    """Whether a finished run keeps its last checkpoint, from which a run with more `train.epochs` continues."""
    report_to: Annotated[tuple[Literal["tensorboard", "mlflow"], ...], OneOrMore] = ()
    """Trackers that show the run while it is trained."""


class Config(Spec):
    """One experiment: data, model, training, and a seed."""

    also_known = ("extends",)

    name: ExperimentName | None = None
    """Name in plots and tables; default: the file's name."""
    description: str | None = None
    """One sentence on the experiment."""
    reference: Reference | None = None
    """Published results to compare with."""
    experiment: ExperimentName | None = None
    """Folder of its runs below the results folder; filled in by mnist-lab."""
    base: ExperimentName | None = None
    """The experiment that this one changes; filled in by mnist-lab for a configuration that extends another."""
    data: Data
    """The data set, and which part of it is used."""
    augment: tuple[AnyAugmentation, ...] = ()
    """Random changes of the training images, in this order."""
    model: Model
    """The network."""
    train: Train = Train()
    """How the network is fitted."""
    runtime: Runtime = Runtime()
    """Where training runs, and how fast."""
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 1
    """Seed of everything random: initial weights, splits (except folds), subsets, shuffling, augmentation, dropout."""

    def in_fold(self, fold: int | None) -> "Config":
        """Return the configuration with another fold for validation."""
        validation = self.data.validation.model_copy(update={"fold": fold})
        return self.model_copy(update={"data": self.data.model_copy(update={"validation": validation})})

    @property
    def label(self) -> str:
        """The experiment, the seed and the fold."""
        fold = self.data.validation.fold
        return f"{self.experiment} seed {self.seed}" + (f" fold {fold}" if fold else "")

    @property
    def handicaps(self) -> tuple[Item | Custom, ...]:
        """The augmentations and dropout layers that act in training only, so that training accuracy is understated."""
        layers = (self.model,) if isinstance(self.model, Custom) else every_layer(self.model.layers)
        return tuple(item for item in (*self.augment, *layers) if item.handicaps_training)

    @model_validator(mode="after")
    def _monitors_are_measured(self) -> Self:
        if self.data.validation.split == "none":
            for path, monitor in self.train.monitors().items():
                if monitor.startswith("val_"):
                    raise invalid(
                        f"'{monitor}' needs a validation set, and data.validation.split is 'none'",
                        at=("train", *path.split(".")),
                    )
        return self

    @model_validator(mode="after")
    def _one_interpolation(self) -> Self:
        drawn = [(i, item) for i, item in enumerate(self.augment) if isinstance(item, Geometric)]
        for name in ("fill", "interpolation"):
            for i, item in drawn:
                expected, received = getattr(drawn[0][1], name), getattr(item, name)
                if received != expected:
                    raise invalid(
                        "geometric augmentations are drawn in one interpolation, so they must agree: "
                        f"'{name}' is {expected} in {drawn[0][1].key} and {received} here",
                        at=("augment", i, item.key, name),
                    )
        return self


AFFECT_RESULTS = ("data", "augment", "model", "train")
"""The sections that affect a run's results, besides the seed and the backend."""


class _FileSchema(GenerateJsonSchema):
    """Writes unions as `anyOf`: a discriminator may be inherited from an extended file, so several kinds can match."""

    def tagged_union_schema(self, schema: TaggedUnionSchema) -> dict[str, Any]:
        """Return a union as `anyOf`."""
        return {"anyOf": super().tagged_union_schema(schema)["oneOf"]}


def file_schema(kind: type[Spec]) -> dict[str, Any]:
    """Return the JSON Schema of a file that declares a `kind`, without `required`."""
    return {"$schema": GenerateJsonSchema.schema_dialect, **kind.model_json_schema(schema_generator=_FileSchema)}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a configuration file, including `extends`, which is resolved before validation."""
    schema = file_schema(Config)
    extends = {
        "type": "string",
        "description": "Another configuration, whose settings this one changes: a path relative to this file, or the "
        "name of a shipped configuration.",
    }
    schema["properties"] = {"extends": extends, **schema["properties"]}
    schema["anyOf"] = [{"required": ["extends"]}, {"required": ["data", "model"]}]
    return schema
