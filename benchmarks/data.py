"""The data that all contenders read: one npz file, as Keras keeps MNIST, which holds MNIST or stands in for it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mnist_lab import datasets

TRAIN, TEST = 60_000, 10_000
MNIST = "MNIST"
"""The name of data that are all of MNIST."""


@dataclass(frozen=True)
class Data:
    """Where the data lies, and what it is."""

    folder: Path
    """For `--data-dir`."""
    file: Path
    name: str
    """`MNIST`, or what stands in for it."""
    rows: int
    """Training images."""

    @property
    def genuine(self) -> bool:
        """Whether it is all of MNIST."""
        return self.name == MNIST


def write(folder: Path, *, data_dir: Path | None = None, rows: int = TRAIN) -> Data:
    """Write the data below `folder`: MNIST if it is on this machine, else the bundled digits, repeated to its size.

    Args:
        folder: an existing one.
        data_dir: where to look for MNIST first.
        rows: training images to keep of the 60,000; fewer are for trying the benchmark, and no result.

    Raises:
        DataError: what is in `data_dir` is damaged.
    """
    # In a folder `mnist` a file is taken at its word, so that repeated digits can stand there too.
    file = folder / "mnist" / "mnist.npz"
    file.parent.mkdir()
    dataset = datasets.find("mnist", data_dir)
    name = MNIST if dataset else "the bundled digits, repeated to MNIST's size"
    dataset = dataset or datasets.load("digits")
    tests = max(1, TEST * rows // TRAIN)
    np.savez(
        file,
        x_train=_repeated(dataset.x_train[..., 0], rows),
        y_train=_repeated(dataset.y_train.astype(np.uint8), rows),
        x_test=_repeated(dataset.x_test[..., 0], tests),
        y_test=_repeated(dataset.y_test.astype(np.uint8), tests),
    )
    if rows != TRAIN:
        name = f"{rows:,} rows of {name}"
    return Data(folder, file, name, rows)


def _repeated(array: np.ndarray, rows: int) -> np.ndarray:
    """The first `rows` rows, from the beginning again where there are too few."""
    return np.resize(array, (rows, *array.shape[1:]))
