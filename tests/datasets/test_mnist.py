"""The real MNIST, if `MNIST_LAB_DATA` has it."""

import os
from pathlib import Path

import numpy as np
import pytest

from mnist_lab import datasets

FOLDER = os.environ.get("MNIST_LAB_DATA")
pytestmark = pytest.mark.skipif(not FOLDER, reason="MNIST_LAB_DATA is not set")


def _save(path, arrays):
    np.savez(path, **arrays)
    return path


@pytest.fixture(scope="module")
def mnist():
    assert FOLDER
    return datasets.load("mnist", Path(FOLDER), download=False)


def test_it_is_genuine(mnist):
    assert mnist.genuine
    assert mnist.sha256 == "31ca189320ce511d314d85ee5cc02082b343a328bec028418f911405d558d666"


def test_it_has_the_published_counts(mnist):
    assert mnist.x_train.shape == (60_000, 28, 28, 1)
    assert mnist.x_test.shape == (10_000, 28, 28, 1)
    assert np.bincount(mnist.y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert mnist.y_train[:5].tolist() == [5, 0, 4, 1, 9]


def test_as_an_archive_it_is_the_same(mnist, tmp_path):
    arrays = {role: getattr(mnist, role) for role in ("x_train", "y_train", "x_test", "y_test")}
    again = datasets.load(str(_save(tmp_path / "any.npz", arrays)))
    assert again.genuine
    assert again.name == "mnist"
    assert again.sha256 == mnist.sha256


def test_one_changed_pixel_is_noticed(mnist, tmp_path):
    images = mnist.x_test.copy()
    images[5000, 10, 10] ^= 1
    arrays = {"x_train": mnist.x_train, "y_train": mnist.y_train, "x_test": images, "y_test": mnist.y_test}
    changed = datasets.load(str(_save(tmp_path / "any.npz", arrays)))
    assert not changed.genuine
    assert changed.sha256 != mnist.sha256
