"""The data that all contenders read: one npz file, as Keras keeps MNIST, which holds MNIST or stands in for it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mnist_lab import datasets

TRAIN, TEST = 60_000, 10_000
MNIST = "MNIST"
"""The name of the data if they are all of MNIST."""


@dataclass(frozen=True)
class Data:
    """The data and their location."""

    folder: Path
    """Folder for `--data-dir`."""
    file: Path
    name: str
    """`MNIST`, or what stands in for it."""
    rows: int
    """Number of training images."""

    @property
    def genuine(self) -> bool:
        """Whether the data are all of MNIST."""
        return self.name == MNIST


def write(folder: Path, *, data_dir: Path | None = None, rows: int = TRAIN) -> Data:
    """Write the data below `folder`: MNIST if it is on this machine, else the bundled digits, repeated to its size.

    Args:
        folder: an existing folder.
        data_dir: where to look for MNIST first.
        rows: training images to keep of the 60,000; fewer only for trying the benchmark, whose numbers are then not
            results.

    Raises:
        DataError: the files in `data_dir` are damaged.
    """
    # A file in a folder `mnist` is accepted as it is, so repeated digits can be there, too.
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
    """Return the first `rows` rows; if there are too few, they are repeated."""
    return np.resize(array, (rows, *array.shape[1:]))
