"""What a plan picks out of the runs of a sweep; nothing is trained."""

import pytest

from mnist_lab import load_config
from mnist_lab.sweeps import make_plan


@pytest.fixture
def configs():
    """Two runs that differ in seed."""
    small = {"name": "small", "data": {"dataset": "digits"}, "model": {"kind": "mlp", "nodes": [4]}}
    return [load_config(small | {"seed": seed}) for seed in (1, 2)]


@pytest.mark.parametrize("force", [False, True])
def test_with_retry_failed_only_what_failed_before_is_to_be_done(force, configs, tmp_path):
    [_, broken] = make_plan(configs, tmp_path).runs
    broken.folder.path.mkdir(parents=True)
    broken.folder.write_text("error.txt", "It broke.")
    plan = make_plan(configs, tmp_path, force=force, retry_failed=True)
    assert [run.folder for run in plan.todo] == [broken.folder]
