from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.small import ONE_THREAD, SMALL
from tests.lab import Answer, good, once, run_folder, write


class Finished(NamedTuple):
    """A run that succeeded: the directory it was started in, its exit code and output, its run folder."""

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
