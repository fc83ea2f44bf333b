"""The training, validation and test images of a run."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab import datasets
from mnist_lab.config.schema import DEFAULT_FOLDS, Config, Data, Validation
from mnist_lab.datasets import Dataset
from mnist_lab.errors import ConfigError, DataError
from mnist_lab.text.quantities import count

Images = NDArray[np.uint8]
Labels = NDArray[Any]


@dataclass(frozen=True)
class Split:
    """Images (n, height, width, channels) in uint8, their classes (n,), and their rows in the file of the data set."""

    images: Images
    labels: Labels
    rows: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def pair(self) -> tuple[Images, Labels]:
        """Images and labels."""
        return self.images, self.labels

    def take(self, rows: "NDArray[np.intp] | slice") -> "Split":
        """Return the images at the positions `rows` in this split."""
        return Split(self.images[rows], self.labels[rows], self.rows[rows])


@dataclass(frozen=True)
class Splits:
    """All images of a run."""

    dataset: Dataset
    train: Split
    validation: Split | None
    test: Split

    @property
    def selected_on_test(self) -> bool:
        """Whether the validation images are the test images."""
        return self.validation is self.test


FEW = 10
"""Expected images of a class in a part; below 10, a random split might leave it none: at 10, with probability e^-10."""


def resolve_split(data: Data, dataset: Dataset) -> tuple[Data, tuple[str, ...]]:
    """Validate on the data set's own validation part; if there is none, and the split could leave a class without
    training or validation images, stratify it.

    The latter is the case if rows sorted by class are split by position, or if a class is so rare that a random split
    might leave one part without it. This does not depend on the seed, so all seeds use the same kind of split.

    Returns:
        The settings, and a note if they were changed or leave validation images unused.

    Raises:
        InputError: there are fewer rows than requested, or none for a part.
    """
    how, fraction = data.validation.split, data.validation.fraction
    if dataset.y_val is not None:
        own = f"the {len(dataset.y_val):,} validation images of {dataset.title}"
        if how in ("tail", "random", "stratified"):
            data = data.model_copy(update={"validation": Validation(split="provided")})
            return data, (f"data.validation: {own} instead of a {how} split.",)
        return data, () if how == "provided" else (f"data.validation: {how}, so {own} are not used.",)
    if how not in ("tail", "random"):
        return data, ()
    labels = dataset.y_train[_chosen(data, dataset)]
    reason = _order_decides(labels, fraction, dataset) if how == "tail" else None
    if data.subset is not None and data.subset < len(np.unique(labels)):
        return data, ()  # `prepare_data` refuses it
    if reason is None and (how == "random" or data.subset is not None):
        reason = _chance_decides(labels, data.subset or len(labels), fraction, dataset)
    if reason is None:
        return data, ()
    note = f"data.validation: the split is stratified, not {how}, because {reason}."
    return data.model_copy(update={"validation": Validation(split="stratified", fraction=fraction)}), (note,)


def _order_decides(labels: Labels, fraction: float, dataset: Dataset) -> str | None:
    """Return which classes a split by position would keep out of a part, or None."""
    training, validation = datasets.split(labels, "tail", fraction, seed=0)
    for part, name in ((training, "training"), (validation, "validation")):
        if (classes := datasets.scarce(labels, part)).size:
            named = datasets.class_list([dataset.classes[label] for label in classes])
            return f"the order of the rows would leave few or no {name} images of {named}"
    return None


def _chance_decides(labels: Labels, rows: int, fraction: float, dataset: Dataset) -> str | None:
    """Return which class is so rare in this many rows that a random split might keep it out of a part, or None."""
    counts = np.bincount(labels, minlength=len(dataset.classes))
    rarest = int(np.where(counts > 0, counts, counts.max()).argmin())
    images = max(1, round(counts[rarest] * rows / len(labels)))
    if images * min(fraction, 1 - fraction) >= FEW:
        return None
    return f"with only {count(images, 'image')} of class {dataset.classes[rarest]}, a part could get none"


def prepare_data(config: Config, dataset: Dataset) -> Splits:
    """Select and split the rows as `config.data` says; random choices follow from the seed.

    Raises:
        ConfigError: there are fewer rows than requested, or a class has no images in a part.
        DataError: a class has no training images.
    """
    data = config.data
    everything = _whole(dataset.x_train, dataset.y_train).take(_chosen(data, dataset))
    if missing := _missing(everything.labels, dataset):
        if data.rows is None:
            raise DataError(f"{dataset.source}: there are no training images of {missing}.")
        raise ConfigError(
            f"data.rows: there are no images of {missing} among these {count(len(everything), 'training image')}.",
            "If the rows are sorted by class, use data.subset, which draws from every class.",
        )
    if data.subset is not None:
        seed = datasets.FOLDS_SEED if data.validation.fold else config.seed
        everything = _drawn(everything, data.subset, seed, "data.subset")
    test = _whole(dataset.x_test, dataset.y_test)
    if data.test_subset is not None:
        test = _drawn(test, data.test_subset, config.seed, "data.test_subset")
    labels = everything.labels
    match data.validation.split:
        case "none":
            return Splits(dataset, everything, None, test)
        case "test":
            return Splits(dataset, everything, test, test)
        case "provided":
            if dataset.x_val is None or dataset.y_val is None:
                raise ConfigError(
                    f"data.validation: provided, but {dataset.title} has no validation part.",
                    "Use split: tail, random or stratified.",
                )
            return Splits(dataset, everything, _whole(dataset.x_val, dataset.y_val), test)
        case "folds":
            folds, fold = data.validation.folds or DEFAULT_FOLDS, data.validation.fold or 1
            _check_folds(labels, folds, dataset)
            parts = datasets.fold(labels, folds, fold)
        case how:
            parts = datasets.split(labels, how, data.validation.fraction, config.seed)
            for rows, name in zip(parts, ("training", "validation"), strict=True):
                _check_split(labels[rows], name, data, dataset)
    train, held_out = map(everything.take, parts)
    return Splits(dataset, train, held_out, test)


def _check_folds(labels: Labels, folds: int, dataset: Dataset) -> None:
    """Raise a ConfigError if a class has fewer images than there are folds."""
    counts = np.bincount(labels, minlength=len(dataset.classes))
    rarest = int(counts.argmin())
    if counts[rarest] < folds:
        raise ConfigError(
            f"data.validation.folds: expected at most {counts[rarest]}, the number of images of class"
            f" {dataset.classes[rarest]} among these {count(len(labels), 'training image')}, received {folds}.",
            "Use fewer folds or more rows; every class needs an image in every fold.",
        )


def _check_split(labels: Labels, name: str, data: Data, dataset: Dataset) -> None:
    """Raise a ConfigError if a class has no images in this part of the split."""
    if missing := _missing(labels, dataset):
        split, fraction = data.validation.split, data.validation.fraction
        raise ConfigError(
            f"data.validation: a {split} split with fraction {fraction:g} has {count(len(labels), f'{name} image')},"
            f" none of {missing}; every class needs one for training and one for validation.",
            "Use more rows, another fraction, or split: none for no validation."
            if split == "stratified"
            else "Use split: stratified (--set data.validation.split=stratified).",
        )


def _missing(labels: Labels, dataset: Dataset) -> str | None:
    """Return the names of the classes without images; None if there are none."""
    missing = np.flatnonzero(np.bincount(labels, minlength=len(dataset.classes)) == 0)
    return datasets.class_list([dataset.classes[label] for label in missing]) if missing.size else None


def _whole(images: Images, labels: Labels) -> Split:
    return Split(images, labels, np.arange(len(labels)))


def _chosen(data: Data, dataset: Dataset) -> slice:
    """Return the training rows that `data.rows` selects, before a subset is drawn."""
    there = len(dataset.y_train)
    first, end = data.rows or (0, there)
    if end > there:
        raise ConfigError(
            f"data.rows: expected an end of at most {there:,}, the number of training images, received {end:,}."
        )
    return slice(first, end)


def _drawn(part: Split, size: int, seed: int, key: str) -> Split:
    return part.take(datasets.subset(part.labels, size, seed, key))
