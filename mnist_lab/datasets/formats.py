"""Detects the format of a data set in a folder or file, and calls its reader."""

import zipfile
from pathlib import Path

from mnist_lab.datasets import folders, idx, npz, tables
from mnist_lab.datasets.dataset import ROLES, Raw
from mnist_lab.datasets.files import entries, kind, printable
from mnist_lab.datasets.form import AS_IT_IS, Form
from mnist_lab.errors import DataError

EXPECTED = f"""Supported:
  a folder with four IDX files (train-images-idx3-ubyte.gz, ...);
  an .npz file, or a folder with one: {", ".join(ROLES)}, or MedMNIST's train_images, ...;
  a folder with an .npz or .npy file for each array: kmnist-train-imgs.npz, ...;
  a .csv file of rows of a label and pixels, or a folder with train.csv and test.csv;
  a folder with images: train/<class>/*.png and test/<class>/*.png, or just <class>/*.png."""
_MOST_LISTED = 8


def read_path(path: Path, prefix: str = "", form: Form = AS_IT_IS) -> Raw:
    """Read the data set at a path: a folder in any of the formats, or one file.

    Args:
        path: the folder or file.
        prefix: how the names of IDX files begin, if a folder has those of several data sets.
        form: to which pictures of different sizes or colours are converted.

    Raises:
        DataError: nothing is there, it is in no known format, or it is damaged.
    """
    if kind(path) == "file":
        if tables.is_table(path):
            return tables.read_file(path)
        if path.suffix.lower() == ".npz":
            return npz.read_file(path)
        if zipfile.is_zipfile(path):
            raise DataError(f"{path}: this is a zip archive.", "Unpack it, and give the folder with its files.")
        raise DataError(f"{path}: expected a folder, an .npz or a .csv file; this is a file of another kind.", EXPECTED)
    raw = read_folder(path, prefix, form)
    if raw is None:
        folders.check_classes(path)
        raise DataError(f"{path}: no data set in this folder. {_listed(path)}", EXPECTED)
    return raw


def read_folder(folder: Path, prefix: str = "", form: Form = AS_IT_IS) -> Raw | None:
    """Read IDX files, else NumPy's, else pictures, else CSV files; None if there are none of these.

    Raises:
        DataError: damaged or incomplete, or several archives.
    """
    if raw := idx.read_folder(folder, prefix):
        return raw
    arrays = [path for path in entries(folder) if path.suffix.lower() in npz.SUFFIXES and not path.name.startswith(".")]
    if len(arrays) == 1 and arrays[0].suffix.lower() == ".npz":
        return npz.read_file(arrays[0])
    if arrays:
        if raw := npz.read_files(arrays):
            return raw
        names = ", ".join(path.name for path in arrays)
        raise DataError(
            f"{folder}: which of these is meant? {names}",
            "Give the path of an .npz file itself. Files with one array each are recognized by their names:"
            " x_train.npy, y_train.npy, x_test.npy, y_test.npy.",
        )
    return folders.read_folder(folder, form) or tables.read_folder(folder)


def _listed(folder: Path) -> str:
    """List the content of a folder, for messages."""
    names = [printable(path.name) + ("/" if kind(path) == "folder" else "") for path in entries(folder)]
    more = f" and {len(names) - _MOST_LISTED:,} more" if len(names) > _MOST_LISTED else ""
    return f"It holds {', '.join(names[:_MOST_LISTED])}{more}." if names else "It is empty."
