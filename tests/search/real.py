"""A small search, run by the real command line, and the results that it must have."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from mnist_lab.search.record import Search
from tests.lab import Preloaded, command, environment
from tests.search.simulated import without_clock
from tests.sweeps.family import until

BASE = """\
data: {dataset: digits, subset: 300, test_subset: 60, validation: {split: stratified}}
model: {kind: mlp, nodes: [24], dropout: 0.1}
train: {epochs: 3, batch_size: 30, schedule: {cosine: {final: 0}}, restore_best: val_loss}
"""
SEARCH = """\
space: {train.optimizer.learning_rate: {log_uniform: [5e-4, 2e-2]}, model.dropout: {uniform: [0, 0.5]}}
budget: {trials: 4}
promote: {first: 1, factor: 3}
confirm: {best: 1, seeds: 2}
"""


def write(folder: Path, text: str = SEARCH) -> None:
    (folder / "base.yaml").write_text(BASE)
    (folder / "s.yaml").write_text(f"base: base.yaml\n{text}")


def kill_after_epochs(folder: Path, epochs: int) -> None:
    """Start the search, and kill it and all its processes once it has trained this many epochs, over all sessions."""
    process = Preloaded(
        command("tune", "s.yaml", "--jobs", "1"), cwd=folder, env=environment(), text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    assert until(lambda: _epochs(folder) >= epochs, process)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def evidence(folder: Path) -> dict:
    """Everything that must be the same whatever happened on the way."""
    return without_clock(Search.read(folder / "results" / "s"))


def _epochs(folder: Path) -> int:
    histories = (folder / "results" / "s").rglob("seed1-*/history.jsonl")
    return sum(len(history.read_bytes().splitlines()) for history in histories)
