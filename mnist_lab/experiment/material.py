"""The images that one run learns from, is validated on and is tested on."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab import datasets
from mnist_lab.config.schema import Config, Data, Validation
from mnist_lab.datasets import Dataset
from mnist_lab.errors import ConfigError, DataError
from mnist_lab.text.quantities import count

Images = NDArray[np.uint8]
Labels = NDArray[Any]


@dataclass(frozen=True)
class Part:
    """Images (n, height, width, channels) in uint8, their classes (n,), and their rows in the data set's file."""

    images: Images
    labels: Labels
    rows: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def pair(self) -> tuple[Images, Labels]:
        """Images and labels."""
        return self.images, self.labels


@dataclass(frozen=True)
class Material:
    """Training, validation and test images."""

    dataset: Dataset
    train: Part
    validation: Part | None
    test: Part
    selected_on_test: bool
    """Whether the validation images are the test images."""

    @property
    def validation_name(self) -> str:
        """What the validation images are, for plots and tables."""
        return "test" if self.selected_on_test else "validation"


FEW = 10
"""Images of a class in a part, on average, below which chance might leave none there: e^-10 is one in 22,000."""


def settle_split(data: Data, dataset: Dataset) -> tuple[Data, tuple[str, ...]]:
    """Have the split stratified where another would keep a class from the training or the validation part.

    That is so where rows in the order of their classes are split by position, and where there are so few images of a
    class that a split of rows drawn at random might leave none in a part. It does not depend on the seed, so that runs
    that differ in their seed alone are split alike.

    Returns:
        The settings, and a note if they were changed.

    Raises:
        InputError: there are fewer rows than asked for, or none for a part.
    """
    how, fraction = data.validation.split, data.validation.fraction
    if how not in ("tail", "random"):
        return data, ()
    labels = dataset.y_train[_chosen_rows(data, len(dataset.y_train))]
    reason = _order_decides(labels, fraction, dataset) if how == "tail" else None
    if reason is None and (how == "random" or data.subset is not None):
        reason = _chance_decides(labels, data.subset or len(labels), fraction, dataset)
    if reason is None:
        return data, ()
    note = f"data.validation: split stratified, not {how}: {reason}."
    return data.model_copy(update={"validation": Validation(split="stratified", fraction=fraction)}), (note,)


def _order_decides(labels: Labels, fraction: float, dataset: Dataset) -> str | None:
    """Which classes a split of the last rows would keep from a part."""
    training, validation = datasets.split(labels, "tail", fraction, seed=0)
    for part, name in ((training, "training"), (validation, "validation")):
        if (classes := datasets.scarce(labels, part)).size:
            named = datasets.class_list([dataset.classes[label] for label in classes])
            return f"the order of the rows would leave few or no {name} images of {named}"
    return None


def _chance_decides(labels: Labels, rows: int, fraction: float, dataset: Dataset) -> str | None:
    """Which class is so rare among so many rows that chance might keep it from a part."""
    counts = np.bincount(labels, minlength=len(dataset.classes))
    rarest = int(np.where(counts > 0, counts, counts.max()).argmin())
    images = round(counts[rarest] * rows / len(labels))
    if images * min(fraction, 1 - fraction) >= FEW:
        return None
    return f"with {count(images, 'image')} of class {dataset.classes[rarest]}, chance might leave none for a part"


def prepare(config: Config, dataset: Dataset) -> Material:
    """Choose the rows that `config.data` asks for; what is drawn at random follows from the seed.

    Raises:
        ConfigError: there are fewer rows than asked for.
        DataError: a class or a part would be empty.
    """
    data = config.data
    everything = _part(dataset.x_train, dataset.y_train, _chosen_rows(data, len(dataset.y_train)))
    if missing := _missing(everything.labels, dataset):
        if data.rows is None:
            raise DataError(f"{dataset.source}: there are no training images of {missing}.")
        raise ConfigError(
            f"data.rows: there are no training images of {missing} among these {len(everything):,}.",
            "Where rows are sorted by class, data.subset takes some of every class.",
        )
    if data.subset is not None:
        everything = _drawn(everything, data.subset, config.seed, "data.subset")
    test = _part(dataset.x_test, dataset.y_test, np.arange(len(dataset.y_test)))
    if data.test_subset is not None:
        test = _drawn(test, data.test_subset, config.seed, "data.test_subset")
    match data.validation.split:
        case "none":
            return Material(dataset, everything, None, test, False)
        case "test":
            return Material(dataset, everything, test, test, True)
        case how:
            train, held_out = datasets.split(everything.labels, how, data.validation.fraction, config.seed)
            parts = _of(everything, train), _of(everything, held_out)
            for part, name in zip(parts, ("training", "validation"), strict=True):
                _check_split(part, name, data, dataset)
            return Material(dataset, *parts, test, False)


def _check_split(part: Part, name: str, data: Data, dataset: Dataset) -> None:
    """Be sure that every class has an image in one part of a split.

    Raises:
        ConfigError: one has none.
    """
    if missing := _missing(part.labels, dataset):
        split, fraction = data.validation.split, data.validation.fraction
        raise ConfigError(
            f"data.validation: {split} with fraction {fraction:g} leaves no {name} images of {missing}"
            f" among {len(part):,}; every class needs at least one for training and one for validation.",
            "Take more rows, another fraction, or split: none for no validation."
            if split == "stratified"
            else "Use split: stratified (--set data.validation.split=stratified).",
        )


def _missing(labels: Labels, dataset: Dataset) -> str | None:
    """The classes that have no image."""
    missing = np.flatnonzero(np.bincount(labels, minlength=len(dataset.classes)) == 0)
    return datasets.class_list([dataset.classes[label] for label in missing]) if missing.size else None


def _chosen_rows(data: Data, there: int) -> NDArray[np.intp]:
    first, end = data.rows or (0, there)
    if end > there:
        raise ConfigError(
            f"data.rows: expected rows 0 to {there:,}, as many as the training file has, received [{first}, {end}]."
        )
    return np.arange(first, end)


def _drawn(part: Part, size: int, seed: int, key: str) -> Part:
    if size > len(part):
        raise ConfigError(f"{key}: expected at most {len(part):,}, as many images as there are, received {size:,}.")
    return _of(part, datasets.subset(part.labels, size, seed))


def _part(images: Images, labels: Labels, rows: NDArray[np.intp]) -> Part:
    if len(rows) == len(labels):
        return Part(images, labels, rows)
    return Part(images[rows], labels[rows], rows)


def _of(part: Part, rows: NDArray[np.intp]) -> Part:
    return Part(part.images[rows], part.labels[rows], part.rows[rows])
