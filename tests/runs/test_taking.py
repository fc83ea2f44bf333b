"""Runs that were written elsewhere are put in place completely or not at all."""

import pytest

from mnist_lab.runs import RunFolder, load_run
from tests.run_folders import finished_run


@pytest.fixture
def elsewhere(tmp_path):
    return finished_run(tmp_path / "elsewhere", test=0.97)


@pytest.fixture
def here(tmp_path, elsewhere):
    return RunFolder(tmp_path / "results" / elsewhere.path.parent.name / elsewhere.path.name)


def accuracy(folder):
    return load_run(folder.path).measured.test.accuracy


def names(folder):
    return {path.name for path in folder.path.iterdir()}


def test_a_finished_run_arrives_as_it_was(elsewhere, here):
    with here.locked():
        here.take(elsewhere.packed())
    assert {name: (here.path / name).read_bytes() for name in names(elsewhere)} == {
        path.name: path.read_bytes() for path in elsewhere.path.iterdir()
    }


def test_it_replaces_a_finished_run(tmp_path, elsewhere):
    here = finished_run(tmp_path / "results", test=0.5)
    (here.path / "old.txt").write_text("of the run that is replaced")
    with here.locked():
        here.take(elsewhere.packed())
    assert accuracy(here) == 0.97
    assert names(here) == names(elsewhere)


def test_a_failed_run_does_not_replace_a_finished_one(tmp_path, elsewhere):
    here = finished_run(tmp_path / "results", test=0.5)
    (elsewhere.path / "metrics.json").rename(elsewhere.path / "error.txt")
    with here.locked():
        here.take(elsewhere.packed())
    assert accuracy(here) == 0.5
    assert here.failed


def test_a_run_that_cannot_be_written_leaves_what_was_there(tmp_path, elsewhere, monkeypatch):
    here = finished_run(tmp_path / "results", test=0.5)
    before = names(here)

    unpack = RunFolder.unpack

    def full(folder, content):
        unpack(folder, content)
        raise OSError("no space left on device")

    monkeypatch.setattr(RunFolder, "unpack", full)
    with here.locked(), pytest.raises(OSError, match="no space"):
        here.take(elsewhere.packed())
    assert (accuracy(here), names(here)) == (0.5, before)


def test_a_crash_before_the_last_step_is_completed_by_the_next_process(tmp_path, elsewhere, here):
    with here.locked():
        here.repetition.unpack(elsewhere.packed())  # and it was killed there
    here.settle()
    assert accuracy(here) == 0.97
