"""Finds out in which format a folder or file holds a data set, and has the right reader read it."""

from pathlib import Path

from mnist_lab.datasets import folders, idx, npz
from mnist_lab.datasets.dataset import ROLES, Raw
from mnist_lab.datasets.files import entries, kind
from mnist_lab.errors import DataError

EXPECTED = (
    "Expected in the folder: four IDX files (train-images-idx3-ubyte.gz, ...), one .npz archive with "
    + ", ".join(ROLES)
    + ", or pictures as train/<class>/*.png and test/<class>/*.png."
)


def read_path(path: Path) -> Raw:
    """Reads the data set at a path: a folder in any of the formats, or an npz file.

    Raises:
        DataError: nothing is there, it is in no known format, or it is damaged.
    """
    if kind(path) == "file":
        if path.suffix.lower() != ".npz":
            raise DataError(f"{path}: expected a folder or an .npz file, this is a file of another kind.", EXPECTED)
        return npz.read_file(path)
    raw = read_folder(path)
    if raw is None:
        raise DataError(f"{path}: no data set in this folder.", EXPECTED)
    return raw


def read_folder(folder: Path) -> Raw | None:
    """Reads IDX files, else the one npz archive, else pictures; None if there is none of these.

    Raises:
        DataError: damaged or incomplete, or several archives.
    """
    if raw := idx.read_folder(folder):
        return raw
    archives = [path for path in entries(folder) if path.suffix.lower() == ".npz" and not path.name.startswith(".")]
    if len(archives) > 1:
        names = ", ".join(path.name for path in archives)
        raise DataError(f"{folder}: which of these is meant? {names}", "Give the path of the file itself.")
    if archives:
        return npz.read_file(archives[0])
    return folders.read_folder(folder)
