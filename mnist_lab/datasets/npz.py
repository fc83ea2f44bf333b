"""Reads a data set from one NumPy archive with `x_train`, `y_train`, `x_test` and `y_test`, as Keras keeps it.

Pickled objects are refused and never unpickled: a pickle can run any code.
"""

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab.datasets.dataset import ROLES, Raw
from mnist_lab.datasets.files import unreadable
from mnist_lab.errors import DataError


def read_file(path: Path) -> Raw:
    """Reads one archive.

    Images are (n, height, width) or (n, height, width, channels) with 1 or 3 channels, whole numbers 0..255
    of any type; labels are (n,) or (n, 1), whole numbers from 0 on.

    Raises:
        DataError: unreadable, damaged, pickled, without one of the four arrays, or values that do not fit.
    """
    arrays = _load(path)
    for role in ROLES:
        where = f"{path}, {role}"
        arrays[role] = _images(arrays[role], where) if role[0] == "x" else _labels(arrays[role], where)
    return Raw(arrays, {role: f"{path}, {role}" for role in ROLES}, (path,), str(path))


def _load(path: Path) -> dict[str, NDArray[Any]]:
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise DataError(f"{path}: a single array (.npy); expected an .npz archive with {', '.join(ROLES)}.")
        with archive:
            missing = [role for role in ROLES if role not in archive]
            if missing:
                held = ", ".join(archive.files) or "nothing"
                raise DataError(f"{path}: {', '.join(missing)} missing; expected {', '.join(ROLES)}, it holds {held}.")
            return {role: archive[role] for role in ROLES}
    except ValueError as error:
        if "pickle" in str(error).lower():
            raise DataError(
                f"{path}: holds pickled Python objects, which are never opened: a pickle can run any code.",
                "Save plain arrays of numbers: numpy.savez_compressed(path, x_train=..., y_train=..., ...).",
            ) from error
        raise _damaged(path, error) from error
    except OSError as error:
        raise unreadable(path, error) from error
    except (EOFError, KeyError, SyntaxError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        # RuntimeError: one wrong byte, and zipfile takes it for an encrypted file or an unknown compression.
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(f"{path}: the npz archive is truncated or corrupt ({error or type(error).__name__}).")


def _images(array: NDArray[Any], where: str) -> NDArray[np.uint8]:
    if array.ndim == 3:
        array = array[..., np.newaxis]
    if array.ndim != 4 or array.shape[-1] not in (1, 3):
        raise DataError(
            f"{where}: expected images of shape (n, height, width) or (n, height, width, channels) with 1 or 3"
            f" channels, received {array.shape}."
        )
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind not in "iuf":
        raise DataError(f"{where}: expected whole numbers 0..255, received values of type {array.dtype}.")
    low, high = (array.min(), array.max()) if array.size else (0, 0)
    if not (low >= 0 and high <= 255):
        raise DataError(f"{where}: pixels must lie within 0..255, received {low} to {high}.")
    pixels = array.astype(np.uint8)
    if array.dtype.kind == "f" and (pixels != array).any():
        raise DataError(
            f"{where}: pixels must be whole numbers 0..255, received fractions ({low:g} to {high:g}).",
            "If they were divided by 255, multiply and round them again: models rescale by themselves."
            if high <= 1
            else None,
        )
    return pixels


def _labels(array: NDArray[Any], where: str) -> NDArray[np.int64]:
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DataError(
            f"{where}: expected one label per image, shape (n,), received {array.shape}.",
            "One-hot labels become class numbers with labels.argmax(axis=1)." if array.ndim == 2 else None,
        )
    if array.dtype.kind not in "iuf":
        raise DataError(f"{where}: expected whole numbers as labels, received values of type {array.dtype}.")
    if array.size and not (array.min() >= 0 and array.max() < 2**31):
        raise DataError(f"{where}: labels start at 0, received {array.min()} to {array.max()}.")
    labels = array.astype(np.int64)
    if (labels != array).any():
        raise DataError(f"{where}: expected whole numbers as labels, received fractions.")
    return labels
