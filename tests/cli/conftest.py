import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import pytest
from filelock import FileLock
from lab import Answer, good, run_folder, write

# Dropout and the best epoch's weights, so that a resumed run has seeds and more than the last weights to bring along;
# many quick epochs, so that there is time to interrupt them.
EPOCHS = 60
SMALL = f"""\
description: A small net.
data: {{dataset: digits}}
model: {{kind: mlp, nodes: [24], dropout: 0.2}}
train: {{epochs: {EPOCHS}, batch_size: 64, restore_best: val_loss}}
"""


class Finished(NamedTuple):
    """A run that went well from beginning to end: the folder it was called in, what it said, its run folder."""

    cwd: Path
    answer: Answer
    folder: Path


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Finished:
    """`mnist-lab run small.yaml`, on JAX, once for all workers. Tests read it and change nothing."""
    several_workers = "PYTEST_XDIST_WORKER" in os.environ
    common = tmp_path_factory.getbasetemp().parent if several_workers else tmp_path_factory.getbasetemp()
    cwd, said = common / "finished", common / "finished.json"
    with FileLock(common / "finished.lock"):
        if not said.exists():
            cwd.mkdir()
            write(cwd / "small.yaml", SMALL)
            said.write_text(json.dumps(asdict(good("run", "small.yaml", cwd=cwd))))
    return Finished(cwd, Answer(**json.loads(said.read_text())), run_folder(cwd / "results"))
