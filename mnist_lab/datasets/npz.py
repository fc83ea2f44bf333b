"""Reads a data set from one NumPy archive with `x_train`, `y_train`, `x_test` and `y_test`, as Keras keeps it.

Pickled objects are refused and never unpickled: a pickle can run any code.
"""

import math
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy import lib
from numpy.typing import NDArray

from mnist_lab.datasets.dataset import ROLES, Raw
from mnist_lab.datasets.files import MOST_BYTES, opened
from mnist_lab.errors import DataError

_NPY = b"\x93NUMPY"
_DAMAGE = (
    ArithmeticError, EOFError, LookupError, MemoryError, RuntimeError, SyntaxError, TypeError, ValueError,
    struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What zipfile and NumPy raise on damaged files, besides OSError. RuntimeError: one wrong byte makes a file look
encrypted or compressed in an unknown way."""


def read_file(path: Path) -> Raw:
    """Reads one archive.

    Images are (n, height, width) or (n, height, width, channels) with 1 or 3 channels, numbers 0..255 or 0..1 of any
    type; labels are (n,) or (n, 1), whole numbers from 0 on.

    Raises:
        DataError: unreadable, damaged, pickled, too large, without one of the four arrays, or values that do not fit.
    """
    arrays = _load(path)
    for role in ROLES:
        where = f"{path}, {role}"
        arrays[role] = _images(arrays[role], where) if role[0] == "x" else _labels(arrays[role], where)
    return Raw(arrays, {role: f"{path}, {role}" for role in ROLES}, (path,), str(path))


def _load(path: Path) -> dict[str, NDArray[Any]]:
    with opened(path) as file:
        if file.read(len(_NPY)) == _NPY:
            raise DataError(f"{path}: a single array (.npy); expected an .npz archive with {', '.join(ROLES)}.")
        try:
            with zipfile.ZipFile(file) as archive:
                names = [name.removesuffix(".npy") for name in archive.namelist()]
                if missing := [role for role in ROLES if role not in names]:
                    held = ", ".join(names) or "nothing"
                    raise DataError(
                        f"{path}: {', '.join(missing)} missing; expected {', '.join(ROLES)}, it holds {held}."
                    )
                return {role: _read_array(archive, f"{role}.npy", f"{path}, {role}") for role in ROLES}
        except _DAMAGE as error:
            raise DataError(
                f"{path}: the npz archive is truncated or corrupt ({error or type(error).__name__})."
            ) from error


def _read_array(archive: zipfile.ZipFile, member: str, where: str) -> NDArray[Any]:
    """One array; its header is checked before memory is taken for what it declares."""
    with archive.open(member) as file:
        match lib.format.read_magic(file):
            case (1, 0):
                shape, _, dtype = lib.format.read_array_header_1_0(file)
            case _:
                shape, _, dtype = lib.format.read_array_header_2_0(file)
        if dtype.hasobject:
            raise DataError(
                f"{where}: holds pickled Python objects, which are never opened: a pickle can run any code.",
                "Save plain arrays of numbers: numpy.savez_compressed(path, x_train=..., y_train=..., ...).",
            )
        declared = math.prod(shape) * dtype.itemsize
        says = f"{where}: its header says {' x '.join(f'{n:,}' for n in shape)} of {dtype} = {declared:,} bytes"
        if declared > MOST_BYTES:
            raise DataError(f"{says}; at most {MOST_BYTES:,} are read.")
        held = archive.getinfo(member).file_size - file.tell()
        if min(shape, default=0) < 0 or declared != held:
            raise DataError(f"{says}, it holds {held:,}: the npz archive is truncated or corrupt.")
    with archive.open(member) as file:
        return lib.format.read_array(file, allow_pickle=False)


def _images(array: NDArray[Any], where: str) -> NDArray[Any]:
    """Bytes where the pixels are whole numbers, else floating point."""
    if array.ndim == 3:
        array = array[..., np.newaxis]
    if array.ndim != 4 or array.shape[-1] not in (1, 3):
        raise DataError(
            f"{where}: expected images of shape (n, height, width) or (n, height, width, channels) with 1 or 3"
            f" channels, received {array.shape}."
        )
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind not in "iuf":
        raise DataError(f"{where}: expected numbers 0..255 as pixels, received values of type {array.dtype}.")
    low, high = (array.min(), array.max()) if array.size else (0, 0)
    if not (low >= 0 and high <= 255):
        raise DataError(
            f"{where}: pixels must lie within 0..255, received {low:g} to {high:g}.",
            "Bring them there; models rescale and standardize by themselves (data.preprocess).",
        )
    whole = array.astype(np.uint8)
    return array if array.dtype.kind == "f" and (whole != array).any() else whole


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
