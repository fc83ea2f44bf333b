"""Ctrl-C, a kill, a bug: how a run ends when it does not end well, and how it continues."""

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from mnist_lab import datasets, load_config
from mnist_lab.config import Override
from mnist_lab.experiment import Observer
from mnist_lab.experiment.identity import identify
from mnist_lab.experiment.interrupts import Interrupts
from tests.cli.small import EPOCHS, ONE_THREAD
from tests.lab import (
    RUN_FILES,
    Answer,
    Case,
    Preloaded,
    command,
    environment,
    files,
    finish,
    in_one_process,
    read_history,
    read_json,
    run_folder,
    write,
)

ONE_EPOCH = "data: {dataset: digits}\nmodel: {kind: mlp, nodes: [4]}\ntrain: {epochs: 1}\n"


@contextmanager
def running(*arguments, cwd):
    """A running command, as the leader of a process group.

    Its stderr is a pipe that holds some 4 KB and is read without a buffer: the run can be at most that far ahead of
    the last line read.
    """
    with Preloaded(
        command(*arguments), cwd=cwd, env=environment(), start_new_session=True, bufsize=0, pipesize=4096,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def stop(how: signal.Signals, after: str, *arguments, cwd) -> Answer:
    """Send a signal to the whole process group, as a terminal does, once a line begins with `after`."""
    with running(*arguments, cwd=cwd) as process:
        said = ""
        for line in process.stderr:
            said += line.decode()
            if line.decode().startswith(after):
                os.killpg(process.pid, how)
                break
        out, err = process.communicate(timeout=120)
        return Answer(process.returncode, out.decode(), said + err.decode())


class Story(NamedTuple):
    """The run of `finished`, interrupted after its first epoch, killed some epochs later, then left to finish."""

    cwd: Path
    interrupted: Answer
    kept: set[str]
    epochs: int
    killed: Answer
    done: Answer
    folder: Path
    anew: Answer
    """Another run, whose folder has a damaged checkpoint."""
    damaged: Path


@pytest.fixture(scope="module")
def story(finished, tmp_path_factory):
    cwd = tmp_path_factory.mktemp("interrupted")
    shutil.copy(finished.cwd / "small.yaml", cwd)
    interrupted = stop(signal.SIGINT, "epoch  1", "run", "small.yaml", *ONE_THREAD, cwd=cwd)
    folder = run_folder(cwd / "results")
    left = files(folder), len(read_history(folder))
    killed = stop(signal.SIGKILL, f"epoch {left[1] + 3:2}", "run", "small.yaml", cwd=cwd)

    write(cwd / "short.yaml", ONE_EPOCH)
    config = load_config(cwd / "short.yaml", [Override(("runtime", "backend"), "jax", "--backend jax")])
    damaged = identify(config, datasets.load("digits"), cwd / "results").folder.path
    write(damaged / "checkpoint.npz", "damaged")
    write(damaged / "error.txt", "what went wrong the last time")
    write(damaged / ".part.metrics.json", "half of what a killed process wrote")
    done, anew = in_one_process([Case(["run", "small.yaml"]), Case(["run", "short.yaml"])], cwd)
    return Story(cwd, interrupted, *left, killed, done, folder, anew, damaged)


def test_ctrl_c_ends_with_130_and_says_how_to_resume(story):
    assert story.interrupted.code == 130
    assert story.interrupted.out == ""
    assert "Traceback" not in story.interrupted.err
    assert story.interrupted.err.splitlines()[-1] == (
        f"Interrupted. The same command resumes from the last checkpoint in {story.folder.relative_to(story.cwd)}."
    )


def test_a_run_that_is_asked_to_stop_leaves_a_checkpoint_and_no_temporary_file(tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    write(tmp_path / "long.yaml", ONE_EPOCH.replace("epochs: 1", "epochs: 100000"))
    stopped = stop(signal.SIGTERM, "epoch  ", "run", "long.yaml", *ONE_THREAD, cwd=tmp_path)
    folder = run_folder(tmp_path / "results")
    assert stopped.code == 143, stopped.text
    assert stopped.err.splitlines()[-1] == (
        f"Stopped by SIGTERM. The same command resumes from the last checkpoint in {folder.relative_to(tmp_path)}."
    )
    assert (folder / "checkpoint.npz").exists()
    assert [path.name for path in temporary.iterdir()] == [f"mnist-lab-cpus-{os.getuid()}"]  # claims, for all processes


def test_a_repetition_that_is_asked_to_stop_leaves_its_run_as_it_was(finished, tmp_path):
    folder = shutil.copytree(finished.folder, tmp_path / finished.folder.relative_to(finished.cwd))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    stopped = stop(signal.SIGHUP, "epoch  1", "reproduce", folder, cwd=tmp_path)
    assert stopped.code == 129, stopped.text
    assert stopped.err.splitlines()[-1] == "Stopped by SIGHUP. The same command restarts the repetition."
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_ctrl_c_keeps_what_is_needed_to_go_on(story):
    assert story.kept == {"config.yaml", "environment.json", "history.jsonl", "checkpoint.npz", "log.txt", ".lock"}
    assert 1 <= story.epochs < EPOCHS


def test_the_same_command_goes_on_after_ctrl_c(story):
    resumed = re.search(rf"^Resuming after epoch (\d+) of {EPOCHS}\.$", story.killed.err, re.MULTILINE)
    assert int(resumed[1]) in (story.epochs, story.epochs - 1)  # the last epoch's checkpoint may not have been written
    assert story.killed.code == -signal.SIGKILL


def test_the_same_command_goes_on_after_a_kill_and_finishes(story):
    assert re.search(rf"^Resuming after epoch \d+ of {EPOCHS}\.$", story.done.err, re.MULTILINE)
    assert "epoch  1/" not in story.done.err
    assert files(story.folder) == RUN_FILES
    assert "small, seed 1" in story.done.out


def test_a_run_that_was_stopped_twice_ends_with_the_numbers_of_one_that_never_was(story, finished):
    def without_seconds(history):
        return [{key: value for key, value in record.items() if key != "seconds"} for record in history]

    assert without_seconds(read_history(story.folder)) == without_seconds(read_history(finished.folder))
    ours, theirs = read_json(story.folder / "metrics.json"), read_json(finished.folder / "metrics.json")
    for section in ("train", "validation", "test", "best", "last", "observations"):
        assert ours[section] == theirs[section]
    for name in ("mistakes.json", "predictions.npz", "batches.npz", "mistakes.png", "confusion.png", "predictions.png"):
        assert (story.folder / name).read_bytes() == (finished.folder / name).read_bytes(), name


def test_a_run_goes_on_with_as_many_threads_as_it_began_with(story):
    assert read_json(story.folder / "environment.json")["threads"] == 1


def test_a_damaged_checkpoint_is_reported_and_the_run_restarts(story):
    assert "The checkpoint cannot be used; restarting the training" in story.anew.err
    assert files(story.damaged) == RUN_FILES


def test_ctrl_c_before_the_first_epoch_leaves_nothing(finished, tmp_path):
    shutil.copy(finished.cwd / "small.yaml", tmp_path)
    answer = stop(signal.SIGINT, "small, seed 1", "run", "small.yaml", cwd=tmp_path)
    assert answer.code == 130
    assert answer.err.splitlines()[-1] == "Interrupted. The same command restarts the run."
    assert files(tmp_path) == {"small.yaml"}
    assert list((tmp_path / "results").iterdir()) == []


def test_a_ctrl_c_that_keras_swallows_comes_again_at_the_next_event():
    with Interrupts(Observer()).watched() as interrupts:
        interrupts.preparing("Importing Keras")
        with suppress(BaseException):  # as Keras does where it waits for a batch
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            interrupts.epoch({"epoch": 1}, 2)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_bug_is_one_line_with_the_traceback_in_the_log(tmp_path):
    write(tmp_path / "small.yaml", ONE_EPOCH)
    program = (
        "from mnist_lab.runs import RunFolder\n"
        "def write_history(self, records): raise RuntimeError('a cable came loose')\n"
        "RunFolder.write_history = write_history\n"
        "from mnist_lab.cli import main\n"
        "main(['run', 'small.yaml', '--quiet'])\n"
    )
    done = finish([sys.executable, "-c", program], tmp_path)
    assert done.code == 1
    assert done.err == (
        "Internal error: RuntimeError: a cable came loose\n"
        "This is a bug in mnist-lab. --debug shows the traceback; log.txt has it, too, if a run was in progress.\n"
    )
    folder = run_folder(tmp_path / "results")
    for name in ("log.txt", "error.txt"):
        text = (folder / name).read_text()
        assert "Traceback" in text
        assert "RuntimeError: a cable came loose" in text
    assert not (folder / "metrics.json").exists()


def test_debug_shows_the_traceback_of_a_bug(tmp_path):
    program = (
        "import sys, mnist_lab.config\n"
        "def json_schema(): raise RuntimeError('a cable came loose')\n"
        "mnist_lab.config.json_schema = json_schema\n"
        "from mnist_lab.cli import main\n"
        "main(prog_name='mnist-lab')\n"
    )
    done = finish([sys.executable, "-c", program, "schema", "--debug"], tmp_path)
    assert done.code == 1
    assert done.err.startswith("Traceback")
    assert "in json_schema" in done.err
    assert "Internal error: RuntimeError: a cable came loose" in done.err
    assert done.out == ""
