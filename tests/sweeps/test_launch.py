"""How a sweep starts its runs and handles their ends, with an executor that trains nothing."""

import signal
from concurrent.futures import Future

import pytest

from mnist_lab import load_config
from mnist_lab.config import Override
from mnist_lab.executors import CallExecutor, Progress, Slot
from mnist_lab.experiment import Identity
from mnist_lab.runs import RunFolder, load_run
from mnist_lab.sweeps import Observer, Outcome, PlannedRun, Supply, ThisMachine, launch, launch_from, task_for
from mnist_lab.system.signals import Interruption
from tests.run_folders import finished_run

HERE = ThisMachine([Slot((0,))])


class Notes(Observer):
    """Collects the notes of a sweep; `heard` is called with each."""

    def __init__(self, heard=lambda text: None):
        self.heard = heard
        self.texts = []

    def note(self, text):
        self.texts.append(text)
        self.heard(text)


@pytest.fixture
def ending(monkeypatch):
    """A function that makes every run end in a given way, or never, without a process, and returns the started runs."""

    def make(outcome=None):
        started = []

        class Ending(CallExecutor):
            capacity = 1

            def progress(self, future):
                return Progress(begun=True)

            def stop(self):
                pass

            def submit(self, call, task):
                started.append(task)
                future = Future()
                if outcome:
                    future.set_result(outcome)
                return future

        monkeypatch.setattr("mnist_lab.sweeps.worker.ProcessExecutor", lambda *_, **__: Ending())
        return started

    return make


@pytest.fixture
def damaged(tmp_path):
    """A run that was damaged when the plan was made, and its undamaged metrics."""
    folder = finished_run(tmp_path)
    run = PlannedRun(Identity(load_run(folder.path).config, "", folder, tmp_path), "damaged")
    metrics = (folder.path / "metrics.json").read_bytes()
    (folder.path / "metrics.json").write_text('{"format": 1')
    return run, metrics


def kept_aside(results):
    return sorted(path.parent.name for path in results.rglob("*.damaged*/metrics.json"))


def test_a_damaged_run_is_kept_aside_before_it_is_trained_again(damaged, ending, tmp_path):
    run, _ = damaged
    started = ending(Outcome("done"))
    assert launch([run], HERE) == []
    assert kept_aside(tmp_path) == [f"{run.folder.id}.damaged1"]
    assert len(started) == 1


def test_a_damaged_run_that_another_sweep_has_trained_again_stays(damaged, ending, tmp_path):
    run, metrics = damaged
    (run.folder.path / "metrics.json").write_bytes(metrics)
    ending(Outcome("done"))
    assert launch([run], HERE) == []
    assert kept_aside(tmp_path) == []
    assert load_run(run.folder.path)


def test_the_checkpoint_of_another_sweep_that_trains_a_damaged_run_again_stays(damaged, ending, tmp_path):
    run, _ = damaged
    (run.folder.path / "metrics.json").rename(run.folder.path / "checkpoint.npz")
    ending(Outcome("done"))
    assert launch([run], HERE) == []
    assert run.folder.interrupted
    assert [path.name for path in run.folder.path.parent.iterdir()] == [run.folder.id]


def test_a_damaged_run_that_another_process_takes_at_the_same_moment_is_checked_again(
    damaged, ending, tmp_path, monkeypatch
):
    run, _ = damaged
    started = ending(Outcome("done"))
    monkeypatch.setattr(RunFolder, "busy", False)  # the state of a moment ago
    other = run.folder.locked()
    other.__enter__()
    observer = Notes(lambda text: other.__exit__(None, None, None) if "another process" in text else None)
    assert launch([run], HERE, observer=observer) == []
    assert ["locked by another process; retrying" in observer.texts[0], "damaged; moved to" in observer.texts[1]] == [
        True,
        True,
    ]
    assert len(started) == 1


def test_a_failure_that_cannot_be_recorded_ends_no_other_run(ending, tmp_path):
    nowhere = tmp_path / "file"
    nowhere.write_text("A folder cannot be made below a file.")
    config = load_config("mlp_512", [Override(("runtime", "backend"), "jax", "--backend jax")])
    runs = [PlannedRun(Identity(config, "", RunFolder(nowhere / name), nowhere), "new") for name in ("one", "two")]
    ending(Outcome("failed", "It broke."))
    assert launch(runs, HERE) == [(run, "It broke.") for run in runs]


def test_a_signal_after_the_time_limit_is_answered_too(ending, tmp_path):
    config = load_config("mlp_512", [Override(("runtime", "backend"), "jax", "--backend jax")])
    run = PlannedRun(Identity(config, "", RunFolder(tmp_path / "run"), tmp_path), "new")
    started = ending()

    class Budget(Supply):
        @property
        def over(self):
            return "The time is used up." if started else ""

        def next(self):
            return run, task_for(run, None, force=False)

    observer = Notes(lambda _: signal.raise_signal(signal.SIGINT))
    with pytest.raises(Interruption):
        launch_from(Budget(), HERE, run, observer=observer)
    after = "Stopping after the current epochs."
    assert observer.texts == [f"The time is used up. {after}", f"{after} Press Ctrl-C again to stop immediately."]
