"""A data set in memory, and the hash that identifies it.

Every reader (IDX, npz, CSV, pictures, the bundled digits) returns a `Raw`: the arrays as stored in the files.
`assembly` turns it into a `Dataset`.

The hash is computed from the arrays, not from the files, so MNIST has the same hash whether stored as IDX, gzip or npz:
the SHA-256 of each array's bytes in C order (labels as one byte each up to 256 classes), and one over those of all
arrays for the whole data set.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROLES = ("x_train", "y_train", "x_test", "y_test")
"""The four arrays, in the order in which they are hashed and listed; Keras' names."""
VALIDATION = ("x_val", "y_val")
"""Two more, for a data set with a validation part."""


@dataclass(frozen=True)
class Raw:
    """Arrays as stored in files, in any layout that `layouts` knows; `assemble` converts them to one layout."""

    arrays: Mapping[str, NDArray[Any]]
    """One array for each of `ROLES`, perhaps of `VALIDATION`; without a test part if the files have none."""
    places: Mapping[str, str]
    """The file (or part of a file) of each array, for messages."""
    files: tuple[Path, ...]
    """The files that were read in the order of `ROLES`, or the one that holds everything; none if they are bundled."""
    source: str
    """Where it was read from, in one phrase."""
    classes: Mapping[int, str] | None = None
    """The names of the classes, by label, if the files contain them."""
    notes: tuple[str, ...] = ()
    """What was skipped or changed, for display."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts among `train`, `val` and `test` that exist."""
        return tuple(part for part in ("train", "val", "test") if f"x_{part}" in self.arrays)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A labelled set of images, split into a training part, a test part and in some sets a validation part."""

    name: str
    """Name of a published set such as `mnist`, or of the folder or file that it was read from."""
    title: str
    """Name for display, for example "UCI digits (not MNIST)"."""
    x_train: NDArray[np.uint8]
    """Images (n, height, width, channels), uint8, always 4-D; channels is 1 or 3."""
    y_train: NDArray[np.int64]
    """Labels (n,), int64, indices into `classes`."""
    x_test: NDArray[np.uint8]
    """As `x_train`."""
    y_test: NDArray[np.int64]
    """As `y_train`."""
    classes: tuple[str, ...]
    """One name per class, in label order."""
    digests: Mapping[str, str]
    """The SHA-256 of each array, by its name."""
    sha256: str
    """One hash over the digests; does not depend on the file format."""
    genuine: bool
    """Whether it was verified to be the published data set `name`."""
    check: str
    """How `genuine` was decided, in one sentence."""
    source: str
    """Where it was read from."""
    labels: tuple[str, ...]
    """Each class as labelled in the files: its number in a published set, else its name."""
    notes: tuple[str, ...] = ()
    """What was ignored in the search for it, skipped or changed, for display."""
    x_val: NDArray[np.uint8] | None = None
    """As `x_train`; None if there is no validation part."""
    y_val: NDArray[np.int64] | None = None
    """As `y_train`; None if there is no validation part."""
    white: float = 255
    """The pixel value in its files that was scaled to 255."""

    def class_called(self, key: int | str) -> str | None:
        """Return the name of the class with this name or label, if there is one."""
        text = str(key)
        if text in self.classes:
            return text
        return self.classes[self.labels.index(text)] if text in self.labels else None

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of one image."""
        _, height, width, channels = self.x_train.shape
        return height, width, channels

    @property
    def parts(self) -> dict[str, tuple[NDArray[np.uint8], NDArray[np.int64]]]:
        """Images and labels of each part, by the names `train`, `validation` and `test`."""
        found = {"train": (self.x_train, self.y_train)}
        if self.x_val is not None and self.y_val is not None:
            found["validation"] = (self.x_val, self.y_val)
        return {**found, "test": (self.x_test, self.y_test)}


def class_list(names: Sequence[str]) -> str:
    """`class 7` or `classes 7, 8`."""
    return f"{'class' if len(names) == 1 else 'classes'} {listed(names)}"


def listed(names: Sequence[str]) -> str:
    """`7, 8`, with the middle of a list of more than twelve elided."""
    return ", ".join(names if len(names) <= 12 else [*names[:10], "...", names[-1]])


def array_digest(array: NDArray[Any]) -> str:
    """Return the SHA-256 of an array's bytes in C order, as hexadecimal digits."""
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()


def combined_digest(digests: Iterable[str]) -> str:
    """One SHA-256 over the digests of the arrays, given in the order of `ROLES` and `VALIDATION`."""
    return hashlib.sha256(b"".join(bytes.fromhex(digest) for digest in digests)).hexdigest()
