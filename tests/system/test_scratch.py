"""The temporary folder of a process, with real processes that are killed."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab import ROOT, environment

MAKE = "import time; from mnist_lab.system import scratch; print(scratch.folder(), flush=True); "


@pytest.fixture
def start(tmp_path):
    """A function that starts a process with its folder and returns both; the processes are killed at the end."""
    started = []

    def start(then: str = "time.sleep(600)"):
        process = subprocess.Popen(
            [sys.executable, "-c", MAKE + then], cwd=ROOT, env=environment(TMPDIR=str(tmp_path)),
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process, Path(process.stdout.readline().strip())

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_it_is_removed_when_its_process_ends(start, tmp_path):
    process, folder = start("(scratch.folder() / 'file').touch()")
    assert folder.parent == tmp_path
    process.wait(60)
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_a_killed_process_goes_with_the_next_start_and_that_of_a_live_one_stays(start, tmp_path):
    killed, left = start("(scratch.folder() / 'below').mkdir(); print(flush=True); time.sleep(600)")
    killed.stdout.readline()
    _, living = start()
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert (left / "below").is_dir()
    _, newer = start()
    assert set(tmp_path.iterdir()) == {living, newer}


def test_nothing_else_of_the_same_name_is_removed(start, tmp_path):
    theirs = tmp_path / "mlab-results"
    (theirs / "precious").mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "alive.lock").touch()
    link = tmp_path / "mlab-link"
    link.symlink_to(elsewhere)
    start()
    assert (theirs / "precious").is_dir()
    assert (link / "alive.lock").is_file()
