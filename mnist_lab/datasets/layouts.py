"""Converts arrays of all common layouts to one: images (n, height, width, channels), labels (n,).

Ambiguous layouts are rejected: rows of 3 x 32 x 32 numbers do not show whether the channels come first or last. In
messages, `where` is the file and the array.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab.errors import DataError

SHAPES = "(n, height, width), (n, height, width, channels), (n, channels, height, width) or (n, height * width)"


def images(array: NDArray[Any], where: str) -> NDArray[Any]:
    """Images (n, height, width, channels) with 1 or 3 channels: bytes if all pixels are integers, else floats.

    The array has any of `SHAPES` and numbers 0..255 or 0..1 of any type; (n, height * width) are the rows of pixels of
    square greyscale images.

    Raises:
        DataError: another shape, not numbers, or numbers outside 0..255.
    """
    array = _with_channels(array, where)
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind not in "biuf":
        raise DataError(f"{where}: expected numbers 0..255 as pixels, received values of type {array.dtype}.")
    low, high = (array.min(), array.max()) if array.size else (0, 0)
    if not (low >= 0 and high <= 255):
        raise DataError(
            f"{where}: pixels must lie within 0..255, received {low:g} to {high:g}.",
            "Rescale them to 0..255; models rescale and standardize by themselves (data.preprocess).",
        )
    whole = array.astype(np.uint8)
    return array if array.dtype.kind == "f" and (whole != array).any() else whole


def square(pixels: int, where: str) -> int:
    """Return the side of a square greyscale image of this many pixels.

    Raises:
        DataError: it is not a square number.
    """
    side = math.isqrt(pixels)
    if side * side == pixels > 0:
        return side
    problem = f"{where}: expected the pixels of square grey images, such as 784 = 28 x 28, received {pixels:,}"
    colour = math.isqrt(pixels // 3)
    if 3 * colour * colour == pixels > 0:
        raise DataError(
            f"{problem} = 3 x {colour} x {colour}: it is unclear whether the channels come first or last.",
            f"Save the images with their shape, as an npz file: images.reshape(-1, {colour}, {colour}, 3) if they come"
            " last.",
        )
    raise DataError(
        f"{problem}, which is not a square number.",
        "Save the images with their shape, (n, height, width), as an npz file.",
    )


def labels(array: NDArray[Any], where: str) -> NDArray[Any]:
    """Labels (n,), integers (int64) of 0 or more or text: from (n,) or (n, 1) of these, or (n, classes) one-hot.

    Raises:
        DataError: another shape or type, several labels for an image, fractions, or negative numbers.
    """
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    elif array.ndim == 2 and array.dtype.kind in "biuf" and np.isin(array, (0, 1)).all():
        return _from_one_hot(array, where)
    if array.ndim != 1:
        raise DataError(f"{where}: expected one label per image, shape (n,) or one-hot, received {array.shape}.")
    if array.dtype.kind in "US":
        array = _numbers_if_all(array)
        if array.dtype.kind == "U":
            return array
    if array.dtype.kind not in "biuf":
        raise DataError(f"{where}: expected whole numbers or text as labels, received values of type {array.dtype}.")
    if array.size and not (array.min() >= 0 and array.max() < 2**31):
        raise DataError(f"{where}: labels start at 0, received {array.min()} to {array.max()}.")
    whole = array.astype(np.int64)
    if (whole != array).any():
        raise DataError(f"{where}: expected whole numbers as labels, received fractions.")
    return whole


def _numbers_if_all(text: NDArray[Any]) -> NDArray[Any]:
    """Text converted to numbers, if all of it can be."""
    text = np.char.strip(np.char.decode(text, "utf-8") if text.dtype.kind == "S" else text)
    try:
        return text.astype(np.float64)
    except ValueError:
        return text


def _with_channels(array: NDArray[Any], where: str) -> NDArray[Any]:
    match array.shape:
        case (rows, pixels):
            side = square(pixels, where)
            return array.reshape(rows, side, side, 1)
        case (_, _, _):
            return array[..., np.newaxis]
        case (_, _, _, 1 | 3):
            return array
        case (_, 1 | 3, _, _):
            return np.ascontiguousarray(np.moveaxis(array, 1, -1))
    raise DataError(f"{where}: expected images of shape {SHAPES}, with 1 or 3 channels, received {array.shape}.")


def _from_one_hot(array: NDArray[Any], where: str) -> NDArray[np.int64]:
    several = np.flatnonzero(np.count_nonzero(array, axis=1) != 1)
    if several.size:
        row = several[0]
        have = "has" if several.size == 1 else "have"
        raise DataError(
            f"{where}: multi-label targets: {several.size:,} of {len(array):,} images {have} no label or more than one"
            f" (row {row:,} has {np.count_nonzero(array[row])}); mnist-lab trains classifiers that give each image one"
            " class.",
            "Keep the images with one label, or choose one of the labels as the class.",
        )
    return array.argmax(axis=1).astype(np.int64)
