from pathlib import Path
from typing import NamedTuple

import pytest
from lab import Answer, good, once, run_folder, write

# Dropout and the best epoch's weights, so that a resumed run has seeds and more than the last weights to bring along;
# many quick epochs, so that there is time to interrupt them.
EPOCHS = 60
SMALL = f"""\
description: A small net.
data: {{dataset: digits}}
model: {{kind: mlp, nodes: [24], dropout: 0.2}}
train: {{epochs: {EPOCHS}, batch_size: 64, restore_best: val_loss}}
"""
ONE_THREAD = ("--set", "runtime.threads=1")


class Finished(NamedTuple):
    """A run that went well from beginning to end: the folder it was called in, what it said, its run folder."""

    cwd: Path
    answer: Answer
    folder: Path


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Finished:
    """`mnist-lab run small.yaml`, on one thread of JAX, once for all workers. Tests read it and change nothing."""

    def make(cwd: Path) -> Answer:
        write(cwd / "small.yaml", SMALL)
        return good("run", "small.yaml", *ONE_THREAD, cwd=cwd)

    cwd, answer = once(tmp_path_factory, "finished", make)
    return Finished(cwd, answer, run_folder(cwd / "results"))
