"""Reads data sets from NumPy's files: one npz archive with an array for each part, or a file for each array.

Arrays are recognized by the words of their names (`roles`), as in Keras' and MedMNIST's files. Pickled objects are
rejected, never unpickled: a pickle can execute arbitrary code. What `write` writes is read back without loss.
"""

import math
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy import lib
from numpy.typing import NDArray

from mnist_lab.datasets import medmnist, roles
from mnist_lab.datasets.dataset import ROLES, VALIDATION, Dataset, Raw
from mnist_lab.datasets.files import DAMAGE, MOST_BYTES, opened
from mnist_lab.errors import DataError

SUFFIXES = (".npz", ".npy")
_CLASSES = "classes"
"""The array in an archive with the names of the classes, in the order of their labels."""
_NPY = b"\x93NUMPY"
_DAMAGE = (*DAMAGE, MemoryError)
_UNDERSTOOD = (
    f"Expected {', '.join(ROLES)} or names with the same meaning, such as train_images or X_test; without a test part,"
    " one is split off. A validation part (x_val, y_val) is used as such."
)


def read_file(path: Path) -> Raw:
    """Read one archive.

    Raises:
        DataError: unreadable, damaged, pickled, too large, or without images or labels.
    """
    with _archive(path) as archive:
        members = _members(archive)
        exact = {role: role for role in (*ROLES, *VALIDATION) if role in members}
        found = exact if exact.keys() >= set(ROLES) else roles.by_role(members, str(path))
        if missing := roles.missing(found):
            raise DataError(f"{path}: {', '.join(missing)} missing. {_held(archive, members)}", _UNDERSTOOD)
        places = {role: f"{path}, {name}" for role, name in found.items()}
        arrays = {role: _read_member(archive, members[name], places[role]) for role, name in found.items()}
        classes = _class_names(archive, members, path) or medmnist.class_names(path, arrays)
    return Raw(arrays, places, (path,), str(path), classes)


def read_files(paths: Sequence[Path]) -> Raw | None:
    """Read a data set with one array in each file, such as KMNIST's four; None if the names do not show which.

    Raises:
        DataError: unreadable, damaged, pickled, too large, or several arrays in a file.
    """
    folder = paths[0].parent
    named = {path.name: path for path in paths}
    found = roles.by_role(named, str(folder))
    if len(found) < len(paths) or roles.missing(found):
        return None
    files = {role: named[name] for role, name in found.items()}
    arrays = {role: _read_single(path) for role, path in files.items()}
    ordered = tuple(files[role] for role in (*ROLES, *VALIDATION) if role in files)
    return Raw(arrays, {role: str(path) for role, path in files.items()}, ordered, f"{folder} (NumPy)")


def write(dataset: Dataset, path: Path) -> None:
    """Write a data set as one compressed archive, from which `read_file` returns the same arrays and classes.

    Raises:
        OSError: it cannot be written.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for part, (images, labels) in dataset.parts.items():
        part = "val" if part == "validation" else part
        arrays |= {f"x_{part}": images, f"y_{part}": labels.astype(np.min_scalar_type(len(dataset.classes) - 1))}
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays, **{_CLASSES: np.array(dataset.classes)})


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    with opened(path) as file:
        if file.read(len(_NPY)) == _NPY:
            raise DataError(f"{path}: a single array (.npy); expected an .npz archive of several.", _UNDERSTOOD)
        try:
            with zipfile.ZipFile(file) as archive:
                yield archive
        except _DAMAGE as error:
            raise DataError(
                f"{path}: the npz archive is truncated or corrupt ({error or type(error).__name__})."
            ) from error


def _read_single(path: Path) -> NDArray[Any]:
    """Read the one array of an .npy or .npz file."""
    with opened(path) as file:
        if file.read(len(_NPY)) == _NPY:
            file.seek(0)
            try:
                return _read_array(file, path.stat().st_size, str(path))
            except _DAMAGE as error:
                raise DataError(f"{path}: the .npy file is truncated or corrupt ({error}).") from error
    with _archive(path) as archive:
        members = _members(archive)
        if len(members) != 1:
            raise DataError(f"{path}: expected one array. {_held(archive, members)}")
        (member,) = members.values()
        return _read_member(archive, member, str(path))


def _members(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the files of an archive by the names of their arrays."""
    return {name.removesuffix(".npy"): name for name in archive.namelist()}


def _read_member(archive: zipfile.ZipFile, member: str, where: str) -> NDArray[Any]:
    with archive.open(member) as file:
        return _read_array(file, archive.getinfo(member).file_size, where)


def _read_array(file: IO[bytes], size: int, where: str) -> NDArray[Any]:
    """One array of a file of `size` bytes; its header is checked before memory is allocated."""
    shape, dtype = _header(file)
    if dtype.hasobject:
        raise DataError(
            f"{where}: contains pickled Python objects, which are never loaded: a pickle can execute arbitrary code.",
            "Save plain arrays of numbers or text: numpy.savez_compressed(path, x_train=..., y_train=..., ...).",
        )
    declared = math.prod(shape) * dtype.itemsize
    says = f"{where}: its header says {' x '.join(f'{n:,}' for n in shape)} of {dtype} = {declared:,} bytes"
    if declared > MOST_BYTES:
        raise DataError(f"{says}; at most {MOST_BYTES:,} are read.")
    held = size - file.tell()
    if min(shape, default=0) < 0 or declared != held:
        raise DataError(
            f"{says}, but it contains {'only ' if held < declared else ''}{held:,}.",
            "The file is truncated or corrupt. Delete it and fetch it again.",
        )
    file.seek(0)
    return lib.format.read_array(file, allow_pickle=False)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    short = lib.format.read_magic(file) == (1, 0)
    read = lib.format.read_array_header_1_0 if short else lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    return shape, dtype


def _held(archive: zipfile.ZipFile, members: Mapping[str, str]) -> str:
    """Describe the content of an archive, for messages: the names, shapes and types of its arrays."""
    lines = []
    for name, member in members.items():
        try:
            with archive.open(member) as file:
                shape, dtype = _header(file)
            lines.append(f"  {name}  {shape} {'objects' if dtype.hasobject else dtype}")
        except _DAMAGE:
            lines.append(f"  {name}  not an array")
    return "It holds:\n" + "\n".join(lines) if lines else "It holds nothing."


def _class_names(archive: zipfile.ZipFile, members: Mapping[str, str], path: Path) -> dict[int, str] | None:
    if _CLASSES not in members:
        return None
    names = _read_member(archive, members[_CLASSES], f"{path}, {_CLASSES}")
    if names.ndim != 1 or names.dtype.kind != "U" or len(set(names.tolist())) < len(names):
        raise DataError(
            f"{path}, {_CLASSES}: expected the name of each class as text, received {names.shape} of {names.dtype}."
        )
    return dict(enumerate(names.tolist()))
