"""What a failed run leaves: nothing of a finished run is lost, and no failure is reported as a bug."""

import errno
import os

import pytest

from mnist_lab.errors import MachineError, NoRoomError, TrainingError
from mnist_lab.experiment.failures import recording_failures
from mnist_lab.runs import load_run
from tests.run_folders import finished_run


@pytest.fixture
def repeated(tmp_path):
    """A finished run that is being repeated."""
    folder = finished_run(tmp_path)
    folder.repetition.path.mkdir()
    (folder.repetition.path / "log.txt").write_text("epoch 1\n")
    return folder


def ends(folder, error, *, force=False):
    with folder.locked(), recording_failures(folder, folder.path.parents[1], force=force):
        folder.repetition.path.mkdir(exist_ok=True)
        raise error


def test_an_error_of_the_operating_system_names_the_file_and_what_stays(repeated):
    with pytest.raises(MachineError) as raised:
        ends(repeated, OSError(errno.EIO, os.strerror(errno.EIO), "/some/model.keras"))
    assert raised.value.message == f"/some/model.keras: {os.strerror(errno.EIO)}."
    assert str(repeated.repetition.path) in raised.value.hint
    assert (repeated.repetition.path / "error.txt").is_file()
    assert load_run(repeated.path)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
def test_without_room_the_finished_run_stays_and_its_repetition_goes(code, repeated):
    with pytest.raises(NoRoomError, match="cannot be written"):
        ends(repeated, OSError(code, os.strerror(code), "/some/model.keras"))
    assert not repeated.repetition.path.exists()
    assert load_run(repeated.path)


def test_a_repetition_that_fails_has_its_own_error_and_the_finished_run_stays(repeated):
    with pytest.raises(TrainingError):
        ends(repeated, TrainingError("The loss became nan in epoch 1."))
    assert not (repeated.path / "error.txt").exists()
    assert "The loss became nan" in (repeated.repetition.path / "error.txt").read_text()
    assert (repeated.state, load_run(repeated.path).folder) == ("finished; retraining failed", repeated)


def test_an_interrupted_repetition_resumes_from_its_checkpoint_and_leaves_nothing_without_one(repeated):
    (repeated.repetition.path / "checkpoint.npz").write_text("")
    with pytest.raises(KeyboardInterrupt, match=r"command resumes from the last checkpoint in .*\.repetition"):
        ends(repeated, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt, match=r"command, without --force, resumes from the last checkpoint in"):
        ends(repeated, KeyboardInterrupt(), force=True)
    assert repeated.interrupted
    (repeated.repetition.path / "checkpoint.npz").unlink()
    with pytest.raises(KeyboardInterrupt, match="restarts the run"):
        ends(repeated, KeyboardInterrupt())
    assert not repeated.unsettled
    assert load_run(repeated.path)
