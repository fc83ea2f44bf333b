"""Tasks on a real SLURM of one node, and on submitit's local engine.

Without SLURM the tests that need it are skipped; with MNIST_LAB_SLURM=required they fail instead.
"""

import os
import shutil
from pathlib import Path

import pytest

pytest.importorskip("submitit", reason="the extra slurm is not installed")

from mnist_lab.config.clusters import SlurmOptions
from mnist_lab.errors import InputError, SetupError
from mnist_lab.executors.slurm import Slurm, Status
from tests.executors import calls
from tests.executors.slurm_cluster import one_node
from tests.lab import until, write


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with one_node(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster


@pytest.fixture
def slurm(cluster, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    for name, value in cluster.variables.items():
        monkeypatch.setenv(name, value)
    yield Slurm(tmp_path / "jobs", SlurmOptions())
    cluster.command("scancel", "--user=root")


def ended(slurm, tasks):
    until(lambda: all(status.state == "ended" for status in slurm.statuses(tasks).values()))
    return slurm.statuses(tasks)


def running(slurm, task):
    return until(lambda: slurm.statuses([task])[task].state == "running")


def test_the_tasks_of_an_array_return_their_results(slurm):
    tasks = slurm.submit("answers", calls.answer, [(1,), (2,)])
    assert len({task.partition("_")[0] for task in tasks}) == 1
    assert [status.result for status in ended(slurm, tasks).values()] == [2, 3]


def test_a_task_is_queued_while_there_is_no_processor_for_it(slurm):
    tasks = slurm.submit("sleepers", calls.sleep, [(600,) for _ in range(os.cpu_count() + 1)])
    assert running(slurm, tasks[0])
    last = slurm.statuses(tasks)[tasks[-1]]
    assert (last.state, last.why) == ("queued", "Resources")


def test_an_exception_in_a_task_is_the_reason_of_its_end(slurm):
    [task] = slurm.submit("failing", calls.fail, [()])
    assert ended(slurm, [task])[task].why == "ValueError: as asked"


def test_a_cancelled_task_is_reported_as_one(slurm, cluster):
    [task] = slurm.submit("cancelled", calls.sleep, [(600,)])
    assert running(slurm, task)
    cluster.command("scancel", task)
    assert ended(slurm, [task])[task].why == "cancelled (CANCELLED)"


def test_a_task_that_is_killed_ends_with_an_error(slurm):
    [task] = slurm.submit("killed", calls.die, [()])
    assert ended(slurm, [task])[task].why.startswith("ended with an error (FAILED")


@pytest.mark.thorough
def test_a_task_whose_node_fails_is_reported_as_one(slurm, cluster):
    once = Slurm(slurm.folder, SlurmOptions(options={"no-requeue": True}))
    [task] = once.submit("abandoned", calls.sleep, [(600,)])
    assert running(once, task)
    node = once.statuses([task])[task].node
    try:
        cluster.command("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=test")
        assert ended(once, [task])[task].why == "its node failed (NODE_FAIL)"
    finally:
        cluster.command("scontrol", "update", f"NodeName={node}", "State=RESUME")
        until(lambda: "idle" in cluster.command("sinfo", "--noheader", "--format=%T"))


@pytest.mark.thorough
def test_a_task_that_uses_too_much_memory_is_reported_as_one(slurm):
    small = Slurm(slurm.folder, SlurmOptions(mem="150M"))
    [task] = small.submit("large", calls.use_memory, [(1_000,)])
    assert ended(small, [task])[task].why == "out of memory (OUT_OF_MEMORY)"


def test_a_task_that_slurm_has_forgotten_is_reported_as_one(slurm):
    assert slurm.statuses(["99999_0"])["99999_0"].why == "ended without a result, and SLURM no longer knows why"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("99999_0|CANCELLED by 1000|0:0|node7", "cancelled (CANCELLED)"),
        ("99999_0|OUT_OF_MEMORY|0:125|node7", "out of memory (OUT_OF_MEMORY)"),
        ("99999_0|FAILED|2:0|node7", "ended with an error (FAILED, exit code 2:0)"),
    ],
)
def test_accounting_knows_what_squeue_has_forgotten(slurm, tmp_path, monkeypatch, line, why):
    """This SLURM has no accounting; the lines are those of `sacct --parsable2`."""
    program = tmp_path / "bin" / "sacct"
    write(program, f"#!/bin/sh\necho '{line}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    status = slurm.statuses(["99999_0"])["99999_0"]
    assert (status.state, status.why, status.node) == ("ended", why, "node7")


def test_an_option_that_sbatch_refuses_is_an_error_in_its_own_words(slurm):
    refused = Slurm(slurm.folder, SlurmOptions(partition="nowhere"))
    with pytest.raises(InputError, match="invalid partition specified: nowhere"):
        refused.submit("refused", calls.answer, [(1,)])


@pytest.mark.thorough
def test_a_task_that_is_out_of_time_is_reported_as_one(slurm):
    short = Slurm(slurm.folder, SlurmOptions(time=1))
    [task] = short.submit("slow", calls.sleep_through_signals, [(600,)])
    until(lambda: short.statuses([task])[task].state == "ended", 180)
    assert short.statuses([task])[task].why == "out of time (TIMEOUT)"


def test_the_local_engine_needs_no_slurm(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    local = Slurm(tmp_path / "jobs", SlurmOptions(engine="local"))
    tasks = local.submit("answers", calls.answer, [(1,), (2,)])
    assert [status.result for status in ended(local, tasks).values()] == [2, 3]
    local.remove_folder()
    assert all((local.folder / task).exists() for task in tasks)
    for task in tasks:
        shutil.rmtree(local.folder / task)
    local.remove_folder()
    assert not local.folder.exists()


def test_without_sbatch_it_says_where_to_run(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="login node"):
        Slurm(tmp_path / "jobs", SlurmOptions()).submit("nowhere", calls.answer, [(1,)])


def test_a_refused_submission_leaves_no_files(tmp_path, monkeypatch):
    write(tmp_path / "srun", "#!/bin/sh\n").chmod(0o755)
    write(tmp_path / "sbatch", "#!/bin/sh\necho 'sbatch: error: no such partition' >&2; exit 1\n").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(InputError, match=r"sbatch failed: .*no such partition"):
        Slurm(tmp_path / "jobs", SlurmOptions()).submit("refused", calls.answer, [(1,), (2,)])
    assert not (tmp_path / "jobs").exists()


@pytest.mark.parametrize("squeue", ["exit 1", None], ids=["that fails", "that is not there"])
def test_without_an_answer_from_slurm_a_task_has_not_ended(tmp_path, monkeypatch, squeue):
    if squeue:
        write(tmp_path / "squeue", f"#!/bin/sh\n{squeue}\n").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    statuses = Slurm(tmp_path / "jobs", SlurmOptions()).statuses(["1_0"])
    assert statuses == {"1_0": Status("queued", "SLURM does not answer")}
