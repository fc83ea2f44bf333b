import shutil
from pathlib import Path

import pytest

from tests.lab import Answer, once
from tests.sweeps import family


@pytest.fixture(scope="session")
def swept(tmp_path_factory):
    """The folder of a finished sweep and its answer, once for all workers. Tests read it and change nothing."""

    def make(folder) -> Answer:
        family.write_family(folder)
        done = family.sweep(folder)
        assert done.code == 0, done.err
        return done

    return once(tmp_path_factory, "swept", make)


@pytest.fixture
def copy(swept, tmp_path):
    """A copy of that folder, to change."""
    return Path(shutil.copytree(swept[0], tmp_path / "copy"))


@pytest.fixture
def folder(tmp_path):
    """A folder in which nothing has been swept yet."""
    family.write_family(tmp_path)
    return tmp_path
