"""A run's folder: which process may write it, what a kill leaves of it, and what is read from damaged files."""

import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from mnist_lab.errors import BusyError, InputError, NoRoomError
from mnist_lab.runs import Measured, RunFolder, finished_runs, formats, load_run, lock
from tests.lab import environment
from tests.run_folders import finished_run


def no_flock(monkeypatch, code):
    """A file system without `flock`."""

    def flock(descriptor, operation):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", flock)


HOLD = """\
import errno, fcntl, os, sys
from pathlib import Path

def flock(descriptor, operation):
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

fcntl.flock = flock
from mnist_lab.runs import RunFolder

with RunFolder(Path(sys.argv[1])).locked():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds the folder `run` on a file system without `flock`."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "run")], env=environment(), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_process_that_only_checks_whether_a_run_is_being_written_blocks_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "TIMEOUT", 60.0)
    looking = os.open(tmp_path / lock.LOCK, os.O_RDWR | os.O_CREAT)
    fcntl.flock(looking, fcntl.LOCK_EX)
    assert RunFolder(tmp_path).busy
    threading.Timer(0.05, os.close, [looking]).start()
    with RunFolder(tmp_path).locked():
        assert True


@pytest.mark.filterwarnings("error")
def test_without_flock_a_live_process_keeps_its_lock_and_is_named_and_a_killed_one_loses_it(
    holder, tmp_path, monkeypatch
):
    no_flock(monkeypatch, errno.ENOSYS)
    folder = RunFolder(tmp_path / "run")
    assert folder.busy
    with pytest.raises(BusyError, match=f"process {holder.pid} on ") as refused, folder.locked():
        pass
    assert str(folder.path / ".lock.owner") in refused.value.hint
    holder.kill()
    holder.wait()
    assert not folder.busy
    with folder.locked():
        assert (folder.path / ".lock.owner").read_text().splitlines()[0] == str(os.getpid())
    assert not (folder.path / ".lock.owner").exists()


def test_a_lock_file_left_by_flock_blocks_nobody_where_there_is_no_flock(tmp_path, monkeypatch):
    (tmp_path / ".lock").touch()
    no_flock(monkeypatch, errno.ENOSYS)
    with RunFolder(tmp_path).locked():
        pass


@pytest.mark.parametrize("code", [errno.EOPNOTSUPP, errno.ENOLCK])
def test_a_file_system_without_locks_is_named_with_what_to_do(code, tmp_path, monkeypatch):
    no_flock(monkeypatch, code)
    with pytest.raises(NoRoomError) as refused, RunFolder(tmp_path / "run").locked():
        pass
    assert f"{tmp_path / 'run'}: cannot be locked ({os.strerror(code)})" in refused.value.message
    assert "--results" in refused.value.hint


class Killed(BaseException):
    """What a test raises at the point where a process would be killed."""


def repetition(folder, accuracy):
    """A repetition of a finished run, about to be finished, and its measurements."""
    metrics = load_run(folder.path).metrics
    again = folder.repetition
    again.path.mkdir()
    for name in ("config.yaml", "history.jsonl"):
        shutil.copy(folder.path / name, again.path)
    (again.path / "checkpoint.npz").write_text("")
    (again.path / "of_the_repetition.txt").write_text("")
    return again, Measured.model_validate(metrics | {"test": metrics["test"] | {"accuracy": accuracy}})


def steps(monkeypatch, stop):
    """Count the calls that change a folder, and raise `Killed` in place of call number `stop`."""
    made = []

    def counted(function):
        def call(*arguments, **named):
            if len(made) == stop:
                raise Killed
            made.append(function.__name__)
            return function(*arguments, **named)

        return call

    for name in ("replace", "rename", "unlink", "rmdir"):
        monkeypatch.setattr(Path, name, counted(getattr(Path, name)))
    return made


def test_whenever_a_repetition_is_killed_there_is_the_old_run_or_the_new_one_whole(tmp_path, monkeypatch):
    stop = 0
    while True:
        results = tmp_path / str(stop)
        folder = finished_run(results, test=0.9)
        (folder.path / "of_the_first.txt").write_text("")
        again, measured = repetition(folder, accuracy=0.8)
        with monkeypatch.context() as patch:
            made = steps(patch, stop)
            try:
                with folder.locked():
                    again.finish(measured)
                killed = False
            except Killed:
                killed = True
        if not killed:
            break
        if folder.finished:
            found = load_run(folder.path).measured.test.accuracy
            assert (folder.path / {0.9: "of_the_first.txt", 0.8: "of_the_repetition.txt"}[found]).exists()
        with folder.locked():
            pass
        assert len(finished_runs(results)) == 1
        new = load_run(folder.path).measured.test.accuracy == 0.8
        assert (folder.path / "of_the_repetition.txt").exists() is new
        assert (folder.path / "of_the_first.txt").exists() is not new
        if new:
            assert not any(path.name.startswith(".") for path in folder.path.iterdir())
            assert not (folder.path / "checkpoint.npz").exists()
        stop += 1
    assert stop > len(made) / 2 > 5


def test_a_lock_that_cannot_be_opened_is_held_by_nobody_and_the_folder_cannot_be_written(tmp_path):
    (tmp_path / ".lock").mkdir()  # nothing is read-only to root
    folder = RunFolder(tmp_path)
    assert not folder.busy
    with pytest.raises(NoRoomError, match="cannot be written"), folder.locked():
        pass


def test_arrays_with_a_wrong_byte_anywhere_are_read_or_called_damaged(tmp_path):
    folder = RunFolder(tmp_path)
    probabilities = np.random.default_rng(0).dirichlet(np.ones(10), 10).astype("float16")
    formats.write_arrays(folder.path / "predictions.npz", {"probabilities": probabilities}, compressed=True)
    whole, damaged = (tmp_path / "predictions.npz").read_bytes(), 0
    for place in range(len(whole)):
        wrong = bytearray(whole)
        wrong[place] ^= 1
        (tmp_path / "predictions.npz").write_bytes(wrong)
        try:
            formats.read_arrays(folder.path / "predictions.npz")
        except InputError as error:
            assert "predictions.npz: damaged" in error.message  # noqa: PT017 - some bytes do not matter
            damaged += 1
    assert damaged > len(whole) / 2


ON_ANOTHER_MACHINE = """\
import fcntl, socket, sys, time
from pathlib import Path

fcntl.flock = lambda descriptor, operation: None  # as on NFS mounted with local_lock=all
socket.gethostname = lambda: sys.argv[2]
from mnist_lab.errors import BusyError
from mnist_lab.runs import RunFolder, across_machines, lock

lock.EXPIRES = 2.0
with across_machines():
    try:
        with RunFolder(Path(sys.argv[1])).locked():
            print("held", flush=True)
            time.sleep(float(sys.argv[3]))
    except BusyError:
        print("busy", flush=True)
"""


def on_machine(name, folder, seconds):
    return subprocess.Popen(
        [sys.executable, "-c", ON_ANOTHER_MACHINE, str(folder), name, str(seconds)],
        env=environment(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_folder_that_another_machine_writes_is_busy_even_if_flock_is_local(tmp_path):
    with on_machine("one", tmp_path / "run", 600) as first:
        assert first.stdout.readline() == "held\n"
        with on_machine("two", tmp_path / "run", 0) as second:
            assert second.stdout.readline() == "busy\n"
        first.kill()


def test_a_folder_is_taken_over_when_the_other_machine_shows_no_sign_of_life(tmp_path):
    with on_machine("one", tmp_path / "run", 600) as first:
        assert first.stdout.readline() == "held\n"
        first.kill()
    with on_machine("two", tmp_path / "run", 0) as second:
        assert second.stdout.readline() == "held\n"


@pytest.mark.thorough
def test_a_process_that_was_suspended_and_superseded_ends(tmp_path):
    with on_machine("one", tmp_path / "run", 600) as first:
        assert first.stdout.readline() == "held\n"
        first.send_signal(signal.SIGSTOP)
        with on_machine("two", tmp_path / "run", 5) as second:
            assert second.stdout.readline() == "held\n"
            first.send_signal(signal.SIGCONT)
            assert first.wait(60) == lock.SUPERSEDED
