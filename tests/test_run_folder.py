"""A run's folder: who may write it, and what is read from damaged files."""

import numpy as np
import pytest

from mnist_lab.errors import InputError, NoRoomError
from mnist_lab.runs import RunFolder


def test_a_lock_that_cannot_be_opened_is_nobody_s_and_the_folder_cannot_be_written(tmp_path):
    (tmp_path / ".lock").mkdir()  # nothing is read-only to root
    folder = RunFolder(tmp_path)
    assert not folder.busy
    with pytest.raises(NoRoomError, match="cannot be written"), folder.locked():
        pass


def test_arrays_with_a_wrong_byte_anywhere_are_read_or_called_damaged(tmp_path):
    folder = RunFolder(tmp_path)
    probabilities = np.random.default_rng(0).dirichlet(np.ones(10), 10).astype("float16")
    folder.write_arrays("predictions.npz", {"probabilities": probabilities}, compressed=True)
    whole, damaged = (tmp_path / "predictions.npz").read_bytes(), 0
    for place in range(len(whole)):
        wrong = bytearray(whole)
        wrong[place] ^= 1
        (tmp_path / "predictions.npz").write_bytes(wrong)
        try:
            folder.read_arrays("predictions.npz")
        except InputError as error:
            assert "predictions.npz: damaged" in error.message  # noqa: PT017 - some bytes do not matter
            damaged += 1
    assert damaged > len(whole) / 2
