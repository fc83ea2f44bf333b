"""A saved model's weights: numbers from the file itself and nowhere else."""

import zipfile

import h5py
import numpy as np
import pytest

from mnist_lab.errors import InputError
from mnist_lab.runs.weights import load_weights, read_weights

NUMBERS = np.arange(6, dtype=np.float32)


def external_storage(file, other):
    file.create_dataset("layers/kernel", shape=6, dtype="f4", external=[(str(other.with_suffix(".raw")), 0, 24)])


def virtual_data_set(file, other):
    layout = h5py.VirtualLayout((6,), "f4")
    layout[:] = h5py.VirtualSource(str(other), "kernel", shape=(6,))
    file.create_virtual_dataset("layers/kernel", layout)


def external_link(file, other):
    file["layers/kernel"] = h5py.ExternalLink(str(other), "kernel")


def soft_link(file, _):
    file["numbers"] = NUMBERS
    file["layers/kernel"] = h5py.SoftLink("/numbers")


@pytest.fixture
def saved(tmp_path):
    """A saved model with what `fill` puts into it, beside another file that has numbers too."""
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["kernel"] = NUMBERS
    other.with_suffix(".raw").write_bytes(NUMBERS.tobytes())

    def save(fill):
        with h5py.File(tmp_path / "weights.h5", "w") as file:
            fill(file, other)
        with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
            archive.write(tmp_path / "weights.h5", "model.weights.h5")
        return tmp_path / "model.keras"

    return save


def test_numbers_in_the_file_are_read(saved):
    path = saved(lambda file, _: file.create_dataset("layers/kernel", data=NUMBERS))
    weights = read_weights(path)
    assert list(weights) == ["layers/kernel"]
    assert (weights["layers/kernel"] == NUMBERS).all()


@pytest.mark.parametrize("fill", [external_storage, virtual_data_set, external_link, soft_link])
@pytest.mark.parametrize("load", [read_weights, lambda path: load_weights(object(), path)], ids=["read", "load"])
def test_numbers_of_other_files_are_not(load, fill, saved):
    with pytest.raises(InputError, match="layers/kernel refers to data outside of the file"):
        load(saved(fill))
