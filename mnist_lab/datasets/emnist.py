"""EMNIST's peculiarities: transposed images, and class names in a separate file.

In the files of G. Cohen, S. Afshar, J. Tapson and A. van Schaik, "EMNIST: extending MNIST to handwritten letters"
(2017), rows and columns of each image are exchanged. `emnist-<set>-mapping.txt` has a line for each label: the label,
then the ASCII codes of the characters that it stands for, the first of which names the class.
"""

import dataclasses
from pathlib import Path

import numpy as np

from mnist_lab.datasets.dataset import Raw
from mnist_lab.datasets.files import kind
from mnist_lab.errors import DataError


def upright(raw: Raw) -> Raw:
    """Turn images from files whose names begin with `emnist-` upright, and name their classes.

    Arrays from other files are returned unchanged.

    Raises:
        DataError: the mapping is damaged.
    """
    if not raw.files or not all(path.name.lower().startswith("emnist-") for path in raw.files):
        return raw
    arrays = {
        role: np.ascontiguousarray(array.swapaxes(1, 2)) if role[0] == "x" else array
        for role, array in raw.arrays.items()
    }
    classes = raw.classes or _mapping(raw.files[0])
    return dataclasses.replace(raw, arrays=arrays, classes=classes, source=f"{raw.source}, turned upright")


def _mapping(file: Path) -> dict[int, str] | None:
    """Return the class names by label, from the mapping next to a file such as `emnist-letters-train-images-...`."""
    path = file.with_name("-".join([*file.name.split("-")[:2], "mapping.txt"]))
    if kind(path) != "file":
        return None
    try:
        rows = [[int(word) for word in line.split()] for line in path.read_text("ascii").splitlines() if line.strip()]
        return {row[0]: chr(row[1]) for row in rows}
    except (ValueError, IndexError, OverflowError) as error:
        raise DataError(
            f"{path}: expected a label and the ASCII codes of its characters in each line ({error})."
        ) from error
