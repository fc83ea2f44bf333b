"""Small data sets and the files they come in, for the tests of `mnist_lab.datasets`."""

import gzip
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from mnist_lab.datasets.dataset import ROLES, array_digest
from mnist_lab.datasets.known import GZIPPED_IDX

ROWS = {"train": 30, "test": 10}
SHAPE = (6, 5, 1)


def arrays(seed=0, channels=1, classes=10):
    """Four arrays as in MNIST, only smaller; every class is in the training part."""
    generator = np.random.default_rng(seed)
    made = {}
    for part, rows in ROWS.items():
        made[f"x_{part}"] = generator.integers(0, 256, (rows, *SHAPE[:2], channels), np.uint8)
        made[f"y_{part}"] = np.arange(rows, dtype=np.uint8) % classes
    return {role: made[role] for role in ROLES}


def digests(data):
    return tuple(array_digest(data[role]) for role in ROLES)


def idx_bytes(array):
    if array.ndim == 4 and array.shape[-1] == 1:
        array = array[..., 0]
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_idx(folder: Path, data, names=GZIPPED_IDX) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, role in zip(names, ROLES, strict=True):
        content = idx_bytes(data[role])
        (folder / name).write_bytes(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)
    return folder


def write_pictures(folder: Path, classes: Mapping[str, Sequence[Image.Image]], **options) -> Path:
    """A folder for each class with its pictures 0.png, 1.png and so on: the same for training and testing."""
    for part in ("train", "test"):
        for name, pictures in classes.items():
            (folder / part / name).mkdir(parents=True)
            for n, picture in enumerate(pictures):
                picture.save(folder / part / name / f"{n}.png", **options)
    return folder


def write_npz(path: Path, data, **changes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {name: array for name, array in {**data, **changes}.items() if array is not None}
    np.savez_compressed(path, **kept)
    return path
