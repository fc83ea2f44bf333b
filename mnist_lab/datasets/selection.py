"""Chooses rows: a stratified subset, and the split into training and validation rows.

All functions take labels (n,), the class of each row, and return ascending row numbers, so that arrays are indexed once
and the choice can be tested without images. The same seed chooses the same rows.
"""

import math
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mnist_lab.errors import ConfigError
from mnist_lab.text.quantities import count

Rows = NDArray[np.intp]
SplitKind = Literal["tail", "random", "stratified"]
FOLDS_SEED = 0


def subset(labels: NDArray[Any], size: int, seed: int, key: str = "data.subset") -> Rows:
    """Draw `size` rows at random so that each class keeps its share, and at least one row.

    Shares are rounded by largest remainder, so a class is never more than one row away from its exact share
    unless it would otherwise be empty. `key` is the setting that has the size.

    Raises:
        ConfigError: `size` is larger than the number of rows, or smaller than the number of classes.
    """
    classes, counts = np.unique(labels, return_counts=True)
    if size > len(labels):
        raise ConfigError(
            f"{key}: expected at most {len(labels):,}, the number of images available, received {size:,}."
        )
    if size < len(classes):
        raise ConfigError(f"{key}: expected at least {len(classes)}, one row per class, received {size:,}.")
    return _drawn(labels, _shares(counts, size), seed)


def split(labels: NDArray[Any], how: SplitKind, fraction: float, seed: int) -> tuple[Rows, Rows]:
    """Split rows into a training and a validation part, with the sizes of Keras' `validation_split`.

    The training part has floor(n * (1 - fraction)) rows, computed in floating point exactly as
    `keras.src.trainers.data_adapters.array_slicing.train_validation_split` does.

    Args:
        labels: (n,).
        how: `tail` takes the last rows for validation, `random` any rows, `stratified` the same share of each class,
            with at least one row of every class of several rows in each part, if possible.
        fraction: the part for validation, between 0 and 1.
        seed: for `random` and `stratified`.

    Returns:
        Training rows and validation rows; together they are all rows.

    Raises:
        ConfigError: a part would be empty, or a stratified training part could not have every class.
        ValueError: an unknown `how`.
    """
    rows = len(labels)
    training = math.floor(rows * (1.0 - fraction))
    if not 0 < training < rows:
        empty = "validation" if training >= rows else "training"
        raise ConfigError(f"data.validation.fraction: {fraction:g} of {count(rows, 'row')} leaves no {empty} rows.")
    if how == "tail":
        chosen = np.arange(training)
    elif how == "random":
        chosen = np.sort(np.random.default_rng(seed).permutation(rows)[:training])
    elif how == "stratified":
        chosen = _drawn(labels, _with_some_left(labels, training, fraction), seed)
    else:
        raise ValueError(f"unknown split {how!r}: expected one of {', '.join(get_args(SplitKind))}")
    rest = np.ones(rows, bool)
    rest[chosen] = False
    return chosen, np.flatnonzero(rest)


def fold(labels: NDArray[Any], folds: int, number: int) -> tuple[Rows, Rows]:
    """Split rows for stratified cross-validation: one of `folds` parts is for validation, the rest for training.

    The sizes of the parts differ by at most one row, in total and in each class. They are drawn with a fixed seed: the
    same labels always have the same folds, so that runs are paired by fold.

    Returns:
        Training rows, and validation rows: part `number`, from 1. Together they are all rows.
    """
    by_class = np.lexsort((np.random.default_rng(FOLDS_SEED).random(len(labels)), labels))
    held_out = np.zeros(len(labels), bool)
    held_out[by_class[number - 1 :: folds]] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def scarce(labels: NDArray[Any], part: Rows) -> NDArray[np.intp]:
    """Return the classes that have no rows in a part, or less than a tenth of their proportionate number.

    Unless the rows are ordered by class, this happens only to the rarest classes. Labels are integers of 0 or more.
    """
    whole = np.bincount(labels)
    there = np.bincount(labels[part], minlength=len(whole))
    return np.flatnonzero((whole > 0) & ((there == 0) | (10 * there * len(labels) < whole * len(part))))


def _drawn(labels: NDArray[Any], shares: NDArray[np.intp], seed: int) -> Rows:
    """Random rows of each class, as many as its share, ascending; `shares` is in the order of the classes."""
    generator = np.random.default_rng(seed)
    chosen = [
        generator.permutation(np.flatnonzero(labels == label))[:share]
        for label, share in zip(np.unique(labels), shares, strict=True)
    ]
    return np.sort(np.concatenate(chosen))


def _with_some_left(labels: NDArray[Any], size: int, fraction: float) -> NDArray[np.intp]:
    """Return a stratified training part's shares; if possible, every class of several rows keeps one for validation."""
    classes, counts = np.unique(labels, return_counts=True)
    if size < len(classes):
        raise ConfigError(
            f"data.validation.fraction: {fraction:g} leaves {count(size, 'training row')} for {len(classes)} classes; a"
            " stratified split needs at least one for each.",
            "Use a smaller fraction or more rows.",
        )
    shares = _shares(counts, size)
    for whole in np.flatnonzero((shares == counts) & (counts > 1)):
        left = counts - shares
        if left.max() < 2:
            break
        shares[whole] -= 1
        shares[left.argmax()] += 1
    return shares


def _shares(counts: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    """Divide `size` among classes in proportion to `counts`, in integers, at least 1 each."""
    shares, remainders = np.divmod(counts * size, counts.sum())
    largest_first = np.argsort(-remainders, kind="stable")
    shares[largest_first[: size - shares.sum()]] += 1
    for empty in np.flatnonzero(shares == 0):
        shares[shares.argmax()] -= 1
        shares[empty] = 1
    return shares
