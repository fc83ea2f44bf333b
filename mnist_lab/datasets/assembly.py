"""Turns the arrays that a reader returns into a `Dataset`: one layout, consistent, classes numbered, with hashes."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab.datasets import layouts, scale, selection
from mnist_lab.datasets.dataset import (
    ROLES,
    VALIDATION,
    Dataset,
    Raw,
    array_digest,
    class_list,
    combined_digest,
    listed,
)
from mnist_lab.datasets.form import Form, size_of
from mnist_lab.datasets.known import KnownSet, judge, recognize
from mnist_lab.errors import ConfigError, DataError
from mnist_lab.text.quantities import count

TEST_FRACTION = 0.2
"""The share of the rows that becomes the test part if the files have none."""


def assemble(raw: Raw, known: KnownSet | None, name: str = "") -> Dataset:
    """Check, number and hash the arrays from a reader.

    Args:
        raw: the arrays as stored in the files; they are modified in place if there is no test part.
        known: the data set that they should be; None for the user's own data, which are recognized by their bytes or
            called `name`.
        name: for the user's own data.

    Raises:
        DataError: the arrays are not images and labels, or do not fit together, a label is outside the classes, or
            the pixels are on several scales.
    """
    uniform = {
        role: (layouts.images if role[0] == "x" else layouts.labels)(array, raw.places[role])
        for role, array in raw.arrays.items()
    }
    raw = dataclasses.replace(raw, arrays=uniform)
    check_arrays(raw)
    labels, classes = index_labels(raw, raw.classes or (known.class_names if known else None))
    called = tuple(map(str, known.class_names)) if known else classes
    scaled = scale.to_bytes(raw)
    arrays: dict[str, NDArray[Any]] = {**scaled.images, **labels}
    notes = [*raw.notes, *scaled.notes]
    if "test" not in raw.parts:
        notes.append(_split_off_test(arrays, raw.places["y_train"]))
    digests = _digests(arrays, len(classes))
    genuine, check = False, "this is your own data set"
    if known:
        genuine, check = judge(known, raw.files, digests)
    elif match := recognize(raw.files, arrays, digests):
        genuine, (known, check) = True, match
        classes = tuple(known.class_names.values())
    if untested := [classes[index] for index in np.setdiff1d(np.arange(len(classes)), arrays["y_test"])]:
        notes.append(f"The test part has no images of {class_list(untested)}.")
    return Dataset(
        name=known.name if known else name,
        title=known.title if known else name,
        classes=classes,
        digests=digests,
        sha256=combined_digest(digests.values()),
        genuine=genuine,
        check=check,
        source=raw.source,
        labels=called,
        notes=tuple(notes),
        white=scaled.white,
        **arrays,
    )


def converted(dataset: Dataset, form: Form) -> Dataset:
    """Return the data set with its images converted to a form, and new digests; unchanged if they already have it."""
    given = dataset.image_shape
    if form.shape(given) == given:
        return dataset
    images = {role: form.applied_to_all(getattr(dataset, role)) for role in dataset.digests if role[0] == "x"}
    digests = {**dataset.digests, **{role: array_digest(array) for role, array in images.items()}}
    note = f"The images were converted from {size_of(given)} to {size_of(form.shape(given))}."
    check = f"{dataset.check}, before they were converted" if dataset.genuine else dataset.check
    return dataclasses.replace(
        dataset,
        **images,
        digests=digests,
        sha256=combined_digest(digests.values()),
        check=check,
        notes=(*dataset.notes, note),
    )


def index_labels(raw: Raw, classes: Mapping[int, str] | None) -> tuple[dict[str, NDArray[np.int64]], tuple[str, ...]]:
    """Turn the labels of a `Raw` into indices 0..k-1, and name the k classes.

    The labels are in the layout of `assemble`: (n,). Without `classes`, the classes are the distinct
    labels of the training part, in order; a set whose labels are 1..26 thus has 26 classes and not 27.

    Raises:
        DataError: a label that is not a class, numbers and text as labels, or fewer than two classes.
    """
    labels = {f"y_{part}": raw.arrays[f"y_{part}"] for part in raw.parts}
    text = [role for role, array in labels.items() if array.dtype.kind == "U"]
    if numbers := [role for role in labels if text and role not in text]:
        raise DataError(f"The labels are text in {raw.places[text[0]]}, but numbers in {raw.places[numbers[0]]}.")
    if classes is None or text:
        values = np.unique(labels["y_train"])
        names = tuple(str(value) for value in values)
        expected = f"the classes of the training part, {listed(names)}"
    else:
        values = np.array(list(classes))
        names = tuple(classes.values())
        expected = f"the classes, {values[0]} to {values[-1]}"
    if len(names) < 2:
        raise DataError(f"{raw.places['y_train']}: all labels are {values[0]}; a classifier needs two classes or more.")
    indices = {}
    for role, array in labels.items():
        index = np.minimum(np.searchsorted(values, array), len(values) - 1)
        strangers = np.flatnonzero(values[index] != array)
        if strangers.size:
            row = int(strangers[0])
            raise DataError(
                f"{raw.places[role]}: label {array[row]} in row {row} is not among {expected}"
                f"{_others(strangers.size - 1, array.size)}."
            )
        indices[role] = index.astype(np.int64)
    return indices, names


def _others(number: int, labels: int) -> str:
    """How many further labels are not among the classes."""
    return f" (nor {'is' if number == 1 else 'are'} {count(number, 'other label')} of {labels:,})" if number else ""


def check_arrays(raw: Raw) -> None:
    """Check that the arrays, in the layout of `assemble`, are consistent.

    Raises:
        DataError: an empty part, images and labels that differ in number, or parts that differ in image size.
    """
    for part in raw.parts:
        images, labels = raw.arrays[f"x_{part}"], raw.arrays[f"y_{part}"]
        if len(images) != len(labels):
            raise DataError(
                f"The {part} part has {len(images):,} images but {len(labels):,} labels:\n"
                f"  images: {raw.places[f'x_{part}']}\n  labels: {raw.places[f'y_{part}']}",
                "Each image needs one label; one of the two probably belongs to another data set.",
            )
        if images.size == 0:
            raise DataError(f"{raw.places[f'x_{part}']}: there are no images in it (shape {images.shape}).")
    shapes = {f"x_{part}": raw.arrays[f"x_{part}"].shape[1:] for part in raw.parts}
    if len(set(shapes.values())) > 1:
        raise DataError(
            "The parts differ in the size of their images (height, width, channels):\n"
            + "\n".join(f"  {shape} in {raw.places[role]}" for role, shape in shapes.items())
        )


def _split_off_test(arrays: dict[str, NDArray[Any]], place: str) -> str:
    """Move some training rows, the same in every run, to a test part, and return a note about it.

    The remaining rows are moved together within their array, so that there are never two copies of them.

    Raises:
        DataError: there are too few rows.
    """
    images, labels = arrays["x_train"], arrays["y_train"]
    try:
        training, test = selection.split(labels, "stratified", TEST_FRACTION, seed=0)
    except ConfigError as error:
        raise DataError(
            f"{place}: there is no labelled test part, and {len(labels):,} rows are too few to set some aside for it."
        ) from error
    arrays |= {"x_test": images[test], "y_test": labels[test], "y_train": labels[training]}
    for start in range(0, len(training), 1000):
        rows = training[start : start + 1000]
        images[start : start + len(rows)] = images[rows]
    arrays["x_train"] = images[: len(training)]
    return (
        f"No labelled test part: {len(test):,} of the {len(labels):,} images, stratified by class, are set aside for"
        " testing, the same in every run."
    )


def _digests(arrays: Mapping[str, NDArray[Any]], classes: int) -> dict[str, str]:
    """Each array's digest; labels are hashed as one byte each, as in MNIST's files, or as eight if there are more than
    256 classes.
    """
    label = np.uint8 if classes <= 256 else np.dtype("<i8")
    return {
        role: array_digest(arrays[role] if role[0] == "x" else arrays[role].astype(label))
        for role in (*ROLES, *VALIDATION)
        if role in arrays
    }
