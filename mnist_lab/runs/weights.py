"""Reads only the weights of a saved model.

A `.keras` file is a zip archive with the weights in HDF5 and a description of the network, which can refer to code. The
description is not read: the network is built from the configuration of the run.
"""

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab.errors import InputError, first_line

_INSIDE = "model.weights.h5"


def load_weights(model: Any, path: Path) -> None:
    """Load the weights of the `.keras` file at `path` into the Keras `model`.

    Raises:
        InputError: the file is not a saved model, is damaged, refers to other files, or belongs to another network.
    """
    with _opened(path) as file:
        there = sum(dataset.size for _, dataset in _datasets(file, path))
    expected = sum(prod(weight.shape) for weight in model.weights)
    if there != expected:
        raise _unfit(path, f"expected {expected:,} values, received {there:,}")
    try:
        model.load_weights(path)
    except ValueError as error:
        raise _unfit(path, first_line(error)) from error
    except (OSError, KeyError) as error:
        raise InputError(f"{path}: the saved model is damaged ({error}).", train_again(path.parent)) from error


def read_weights(path: Path) -> dict[str, NDArray[Any]]:
    """Return every weight of the `.keras` file at `path`, by its path in the network.

    Raises:
        InputError: the file is not a saved model, is damaged, or refers to other files.
    """
    with _opened(path) as file:
        return {name: np.asarray(dataset) for name, dataset in _datasets(file, path)}


def weights_sha256(path: Path) -> str:
    """Return the SHA-256 (hex) of all weights with their names, types and shapes; raises what `read_weights` does."""
    digest = hashlib.sha256()
    for name, values in sorted(read_weights(path).items()):
        digest.update(f"{name} {values.dtype} {values.shape}\n".encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def train_again(run: Path) -> str:
    """Say how to get the model that the folder `run` lacks."""
    return f"Train it again: mnist-lab run {run / 'config.yaml'} --results again"


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import h5py

    try:
        with zipfile.ZipFile(path) as archive, archive.open(_INSIDE) as weights, h5py.File(weights, "r") as file:
            yield file
    except FileNotFoundError:
        raise InputError(f"{path}: no such file.") from None
    except (OSError, KeyError, RuntimeError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path}: expected a saved Keras model; this is not one, or it is damaged ({error}).",
            train_again(path.parent),
        ) from error


def _datasets(file: Any, path: Path) -> list[tuple[str, Any]]:
    """Return the arrays stored in the file itself.

    Raises:
        InputError: the file has links, external storage or virtual data sets, through which HDF5 reads other files.
    """
    import h5py

    links: list[str] = []
    file.visititems_links(lambda name, link: links.append(name) if not isinstance(link, h5py.HardLink) else None)
    found: list[tuple[str, Any]] = []
    file.visititems(lambda name, item: found.append((name, item)) if isinstance(item, h5py.Dataset) else None)
    if elsewhere := links + [name for name, dataset in found if dataset.external or dataset.is_virtual]:
        raise InputError(
            f"{path}: {elsewhere[0]} refers to data outside of the file; expected weights stored in the file itself.",
            "Neither mnist-lab nor Keras writes such a file; do not use it.",
        )
    return found


def _unfit(path: Path, why: str) -> InputError:
    return InputError(
        f"{path}: its weights do not fit the network of {path.parent / 'config.yaml'}: {why}.",
        "One of the two files was changed or belongs to another run.",
    )
