"""Makes a `Dataset` of what a reader read: checks that it fits together, numbers the classes, hashes, names it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab.datasets import scale
from mnist_lab.datasets.dataset import ROLES, Dataset, Raw, array_digest, class_list, combined_digest
from mnist_lab.datasets.known import KnownSet, judge, recognise
from mnist_lab.errors import DataError


def assemble(raw: Raw, known: KnownSet | None, name: str = "") -> Dataset:
    """Checks, numbers and hashes what a reader read.

    Args:
        raw: the arrays as they lay in the files.
        known: the data set they are said to be; None for the user's own, which is then recognised by its
            bytes or goes by `name`.
        name: for the user's own data.

    Raises:
        DataError: the arrays do not fit together, a label is outside the classes, or the pixels are on several scales.
    """
    check_arrays(raw)
    labels, classes = index_labels(raw, raw.classes or (known.classes if known else None))
    called = tuple(map(str, range(len(classes)))) if known else classes
    images, notes = scale.to_bytes(raw)
    arrays = {**raw.arrays, **images, **labels}
    digests = {role: _digest(array, len(classes)) for role, array in arrays.items()}
    genuine, check = False, "a data set of your own: there is nothing to compare it with"
    if known:
        genuine, check = judge(known, raw, digests)
    elif match := recognise(raw, digests):
        genuine, (known, check) = True, match
        classes = known.classes
    return Dataset(
        name=known.name if known else name,
        title=known.title if known else name,
        x_train=arrays["x_train"],
        y_train=arrays["y_train"],
        x_test=arrays["x_test"],
        y_test=arrays["y_test"],
        classes=classes,
        digests=digests,
        sha256=combined_digest(digests[role] for role in ROLES),
        genuine=genuine,
        check=check,
        source=raw.source,
        labels=called,
        notes=(*raw.notes, *notes, *_untested(labels["y_test"], classes)),
    )


def _untested(labels: NDArray[np.int64], classes: tuple[str, ...]) -> list[str]:
    """A note if the test part lacks classes."""
    present = set(labels.tolist())
    names = [name for index, name in enumerate(classes) if index not in present]
    return [f"The test part has no images of {class_list(names)}."] if names else []


def index_labels(raw: Raw, classes: tuple[str, ...] | None) -> tuple[dict[str, NDArray[np.int64]], tuple[str, ...]]:
    """Turns the labels of a `Raw` into indices 0..k-1, and names the k classes.

    Without `classes` they are the distinct labels of the training part, in order; a set whose labels are
    1..26 thus has 26 classes and not 27.

    Raises:
        DataError: a label that is no class, or fewer than two classes.
    """
    labels = {role: raw.arrays[role].astype(np.int64) for role in ("y_train", "y_test")}
    if classes is None:
        values = np.unique(labels["y_train"])
        classes = tuple(str(value) for value in values)
        expected = f"the training part has {class_list(classes)}"
    else:
        values = np.arange(len(classes))
        expected = f"the labels of {len(classes)} classes are 0..{len(classes) - 1}"
    if len(classes) < 2:
        raise DataError(f"{raw.places['y_train']}: all labels are {values[0]}; a classifier needs two classes or more.")
    indices = {}
    for role, array in labels.items():
        index = np.minimum(np.searchsorted(values, array), len(values) - 1)
        strangers = np.flatnonzero(values[index] != array)
        if strangers.size:
            row = int(strangers[0])
            raise DataError(
                f"{raw.places[role]}: label {array[row]} in row {row} is outside the classes; {expected}"
                f" ({strangers.size:,} of {array.size:,} labels are outside)."
            )
        indices[role] = index
    return indices, classes


def check_arrays(raw: Raw) -> None:
    """Holds the four arrays against each other.

    Raises:
        DataError: an empty part, images and labels that differ in number, or parts that differ in image size.
    """
    for part in ("train", "test"):
        images, labels = raw.arrays[f"x_{part}"], raw.arrays[f"y_{part}"]
        if len(images) != len(labels):
            raise DataError(
                f"The {part} part has {len(images):,} images but {len(labels):,} labels:\n"
                f"  images: {raw.places[f'x_{part}']}\n  labels: {raw.places[f'y_{part}']}",
                "Each image needs one label; one of the two probably belongs to another data set.",
            )
        if images.size == 0:
            raise DataError(f"{raw.places[f'x_{part}']}: there are no images in it (shape {images.shape}).")
    train, test = raw.arrays["x_train"].shape[1:], raw.arrays["x_test"].shape[1:]
    if train != test:
        raise DataError(
            "Training and test images differ in size (height, width, channels):\n"
            f"  {train} in {raw.places['x_train']}\n  {test} in {raw.places['x_test']}"
        )


def _digest(array: NDArray[Any], classes: int) -> str:
    """An array's digest; labels count as one byte each as in MNIST's files, as eight beyond 256 classes."""
    if array.dtype != np.uint8:
        array = array.astype(np.uint8 if classes <= 256 else "<i8")
    return array_digest(array)
