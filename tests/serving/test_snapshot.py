"""What a results folder holds at a given moment."""

import os
import shutil
import time

import pytest

from mnist_lab.runs import lock
from mnist_lab.serving.snapshot import Kept, Watched
from mnist_lab.sweeps import Observer
from mnist_lab.sweeps.queue import recorded
from tests.run_folders import finished_run, unfinished_run
from tests.sweeps.test_queue import planned


def states(results):
    return {run.label: run.state for run in Watched(results).look().unfinished}


def test_a_run_whose_folder_is_locked_is_running_with_the_epochs_it_has_had(tmp_path):
    folder = unfinished_run(tmp_path, epochs=4, planned=10)
    with lock.locked(folder.path):
        [run] = Watched(tmp_path).look().of("running")
    assert (run.label, run.epochs, len(run.history), run.validation) == ("mlp_512 seed 1", 10, 4, "validation")


def test_the_time_left_is_that_of_the_remaining_epochs_minus_that_since_the_last(tmp_path):
    folder = unfinished_run(tmp_path, epochs=4, planned=10)
    with lock.locked(folder.path):
        [run] = Watched(tmp_path).look().unfinished
    assert run.left(run.updated) == pytest.approx(6.0)  # each took a second
    assert run.left(run.updated + 2.5) == pytest.approx(3.5)
    assert run.left(run.updated + 60) == 0.0


def test_a_run_that_nobody_writes_was_interrupted_or_has_failed(tmp_path):
    unfinished_run(tmp_path, seed=1)
    unfinished_run(tmp_path, seed=2, error="The loss became nan.\n\nThe end of its log:\nepoch 1\n")
    assert states(tmp_path) == {"mlp_512 seed 1": "interrupted", "mlp_512 seed 2": "failed"}
    [failed] = Watched(tmp_path).look().of("failed")
    assert failed.reason == "The loss became nan."


def test_a_run_on_another_machine_is_running_as_long_as_it_gives_signs_of_life(tmp_path):
    folder = unfinished_run(tmp_path)
    lease = folder.path / lock.LEASE
    lease.write_text("")
    assert states(tmp_path) == {"mlp_512 seed 1": "running"}
    long_ago = time.time() - 10 * lock.EXPIRES
    os.utime(lease, (long_ago, long_ago))
    assert states(tmp_path) == {"mlp_512 seed 1": "interrupted"}


def test_a_repetition_runs_beside_the_finished_run_that_it_repeats(tmp_path):
    folder = finished_run(tmp_path)
    shutil.copytree(folder.path, folder.repetition.path)
    (folder.repetition.path / "metrics.json").unlink()
    with lock.locked(folder.path):
        seen = Watched(tmp_path).look()
    assert [(run.state, run.repeats, run.folder) for run in seen.unfinished] == [("running", True, folder)]
    assert {path for path, _ in seen.finished} == {folder.path}


def test_a_run_that_waits_in_a_queue_has_not_failed(tmp_path):
    schedule = planned(tmp_path, 1)
    path = schedule.plan.todo[0].folder.path
    path.mkdir(parents=True)
    (path / "error.txt").write_text("It broke yesterday.")
    assert states(tmp_path) == {"mlp_512 seed1-ffffffff": "failed"}
    with recorded(tmp_path, "ablation", Observer()) as observer:
        observer.planned(schedule)
        seen = Watched(tmp_path).look()
        assert seen.unfinished == ()
        assert [entry.label for entry in seen.queued("waiting")] == ["mlp_512 seed 1"]
        observer.started(schedule.plan.todo[0])
        assert len(Watched(tmp_path).look().queued("running")) == 0  # its folder says so


def test_a_run_that_has_begun_without_a_folder_is_known_from_the_queue(tmp_path):
    schedule = planned(tmp_path, 1)
    with recorded(tmp_path, "ablation", Observer()) as observer:
        observer.planned(schedule)
        observer.started(schedule.plan.todo[0])
        assert [entry.label for entry in Watched(tmp_path).look().queued("running")] == ["mlp_512 seed 1"]


def test_files_that_are_damaged_leave_gaps_and_are_named(tmp_path):
    folder = unfinished_run(tmp_path)
    (folder.path / "config.yaml").write_text("{")
    (folder.path / "history.jsonl").write_text("no history\n")
    [run] = Watched(tmp_path).look().unfinished
    assert (run.label, run.epochs, run.history, run.left(0)) == (f"mlp_512 {folder.id}", None, [], None)
    assert "history.jsonl, line 1: damaged" in run.reason


def test_a_missing_folder_is_reported_and_may_come_back(tmp_path):
    watched = Watched(tmp_path / "results")
    assert (watched.look().there, watched.look().finished) == (False, frozenset())
    finished_run(tmp_path / "results")
    assert (watched.look().there, len(watched.look().finished)) == (True, 1)
    shutil.rmtree(tmp_path / "results")
    assert watched.look().there is False


def test_a_run_that_is_finished_again_is_another(tmp_path):
    folder = finished_run(tmp_path)
    watched = Watched(tmp_path)
    before = watched.look().finished
    assert watched.look().finished == before
    (folder.path / "metrics.json").write_text((folder.path / "metrics.json").read_text() + "\n")
    assert watched.look().finished != before


def test_a_file_is_read_again_only_if_it_has_changed(tmp_path):
    file = tmp_path / "file"
    file.write_text("one")
    read = []
    kept = Kept(lambda path: read.append(path.read_text()) or read[-1])
    assert [kept(file), kept(file)] == ["one", "one"]
    file.write_text("another")
    assert kept(file) == "another"
    assert read == ["one", "another"]
