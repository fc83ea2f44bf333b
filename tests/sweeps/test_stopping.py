"""A sweep that is stopped by a signal, sent to it alone or to all its processes."""

import os
import signal

import pytest

from tests.lab import gone, until
from tests.sweeps import family

CODES = {signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.thorough)])
def test_it_keeps_its_checkpoints_says_so_and_leaves_no_process_and_no_temporary_file(folder, number, monkeypatch):
    temporary = folder / "t"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    process = family.start(folder, "--set", "train.epochs=100000", "--set", "train.schedule=[]")
    assert family.until(lambda: family.some_epochs(folder) and list(folder.rglob("checkpoint.npz")), process)
    alive = [*family.servers(process), *family.runs(process)]
    assert alive
    if number == signal.SIGHUP:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == CODES[number]
    end = f"Stopped by {number.name}. Finished runs and checkpoints are kept. Run the same command again to resume."
    assert err.splitlines()[-1] == end
    assert list(folder.rglob("checkpoint.npz"))
    assert not list(folder.rglob("error.txt"))
    until(lambda: all(gone(pid) for pid in alive))
    assert list(temporary.iterdir()) == []
