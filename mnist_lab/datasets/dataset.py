"""What a data set is once it is in memory, and how it is told by its bytes.

Every reader (IDX, npz, pictures, the bundled digits) hands over a `Raw`: four arrays as they lay in the
files. `assembly` makes a `Dataset` of it.

The hash is taken over the arrays and not over the files, so MNIST has one hash whether it came as IDX, as
gzip or as npz: the SHA-256 of each array's bytes in C order (labels as one byte each), and from those
four one for the whole.
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


@dataclass(frozen=True)
class Raw:
    """Four arrays as read from files: images (n, height, width, channels) of numbers 0..255, integer labels (n,).

    Attributes:
        arrays: one array for each of `ROLES`.
        places: for each of `ROLES`, the file (or part of a file) it came from, for messages.
        files: the files that were read in the order of `ROLES`, or the one that holds everything.
        source: where it was read from, in one phrase.
        classes: the names of the classes if the files say them; labels are then indices into it.
        notes: what was skipped there or changed, for people.
    """

    arrays: Mapping[str, NDArray[Any]]
    places: Mapping[str, str]
    files: tuple[Path, ...]
    source: str
    classes: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Dataset:
    """A labelled set of images, split into a training and a test part.

    Attributes:
        name: `mnist`, `fashion_mnist`, `digits`, or the name of the folder or file it was read from.
        title: the name for people, for example "UCI digits (not MNIST)".
        x_train: images (n, height, width, channels), uint8, always 4-D; channels is 1 or 3.
        y_train: labels (n,), int64, indices into `classes`.
        x_test: as `x_train`.
        y_test: as `y_train`.
        classes: one name per class, in label order.
        labels: what the files call each class: the number of a published set's class, else its name.
        digests: the SHA-256 of each array, by its name.
        sha256: one hash over the four digests; does not depend on the file format.
        genuine: whether this was verified to be the published data set known by `name`.
        check: how `genuine` was decided, in one sentence.
        source: where it was read from.
        notes: what was passed over while looking for it, skipped in it or changed about it, for people.
    """

    name: str
    title: str
    x_train: NDArray[np.uint8]
    y_train: NDArray[np.int64]
    x_test: NDArray[np.uint8]
    y_test: NDArray[np.int64]
    classes: tuple[str, ...]
    digests: Mapping[str, str]
    sha256: str
    genuine: bool
    check: str
    source: str
    labels: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def class_called(self, key: int | str) -> str | None:
        """The name of the class with this name or label, if there is one."""
        text = str(key)
        if text in self.classes:
            return text
        return self.classes[self.labels.index(text)] if text in self.labels else None

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of one image."""
        _, height, width, channels = self.x_train.shape
        return height, width, channels


def class_list(names: Sequence[str], most: int = 12) -> str:
    """`class 7` or `classes 7, 8`, with the middle of a long list elided."""
    shown = names if len(names) <= most else [*names[: most - 2], "...", names[-1]]
    return f"{'class' if len(names) == 1 else 'classes'} {', '.join(shown)}"


def array_digest(array: NDArray[Any]) -> str:
    """The SHA-256 of an array's bytes in C order, as hexadecimal digits."""
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()


def combined_digest(digests: Iterable[str]) -> str:
    """One SHA-256 over the digests of the arrays, given in the order of `ROLES`."""
    return hashlib.sha256(b"".join(bytes.fromhex(digest) for digest in digests)).hexdigest()
