"""The images that one run learns from, is validated on and is tested on."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab import datasets
from mnist_lab.config.schema import Config, Data
from mnist_lab.datasets import Dataset
from mnist_lab.errors import ConfigError

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


def prepare(config: Config, dataset: Dataset) -> Material:
    """Choose the rows that `config.data` asks for; what is drawn at random follows from the seed.

    Raises:
        ConfigError: there are fewer rows than asked for.
        DataError: a class or a part would be empty.
    """
    data = config.data
    everything = _part(dataset.x_train, dataset.y_train, _chosen_rows(data, len(dataset.y_train)))
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
            return Material(dataset, _of(everything, train), _of(everything, held_out), test, False)


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
