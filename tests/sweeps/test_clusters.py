"""Sweeps on clusters end bit for bit as on one machine, whatever is killed on the way."""

import os
import random
import signal
import subprocess
import sys
import time
import warnings
from contextlib import ExitStack, suppress

import pytest

import mnist_lab
from tests.executors import hosts, slurm_cluster
from tests.executors.dask_cluster import Cluster
from tests.lab import environment, here, lab, read_json, write
from tests.sweeps import family

KILLS = int(os.environ.get("MNIST_LAB_CLUSTER_KILLS", "4"))
"""How many workers are killed in the crash test."""


def assert_the_same(folder, swept):
    assert family.evidence(folder) == family.evidence(swept[0])
    assert family.summary(folder) == family.summary(swept[0])
    assert not list((folder / "results").rglob(".shared-*"))


def test_jobs_and_cluster_exclude_each_other(folder):
    answer = here("sweep", "configs/family", "--cluster", "local", "--jobs", "2", cwd=folder, code=2)
    assert "--jobs and --cluster" in answer.err


def test_wait_needs_a_cluster(folder):
    assert "--wait needs --cluster" in here("sweep", "configs/family", "--wait", cwd=folder, code=2).err


def test_an_unknown_place_is_an_error(folder):
    answer = here("sweep", "configs/family", "--cluster", "slrum", cwd=folder, code=2)
    assert "did you mean 'slurm'?" in answer.err
    assert not (folder / "results").exists()


@pytest.mark.parametrize(
    ("where", "package", "extra"), [("local", "distributed", "dask"), ("slurm", "submitit", "slurm")]
)
def test_a_missing_extra_is_named(folder, monkeypatch, where, package, extra):
    monkeypatch.setitem(sys.modules, package, None)
    answer = here("sweep", "configs/family", "--cluster", where, cwd=folder, code=2)
    assert f"EXTRAS={extra}" in answer.err or package in answer.err


@pytest.fixture
def cluster(tmp_path_factory):
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    made = Cluster(tmp_path_factory.mktemp("dask"))
    yield made
    made.close()


def sweep(folder, *arguments):
    done = family.sweep(folder, *arguments)
    assert done.code == 0, done.err
    return done


@pytest.mark.thorough
def test_on_a_local_cluster_the_results_are_the_same(folder, swept):
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    sweep(folder, "--cluster", "local:2")
    assert_the_same(folder, swept)


@pytest.mark.thorough
def test_workers_that_see_the_folder_write_in_place(folder, swept, cluster):
    for name in ("one", "two"):
        cluster.start_worker(name)
    sweep(folder, "--cluster", cluster.address, "--wait")
    assert_the_same(folder, swept)
    nodes = {read_json(file)["node"] for file in (folder / "results").rglob("environment.json")}
    assert nodes == {os.uname().nodename}


def start_apart(cluster, name, hidden, before="", enter=()):
    """A worker in a mount namespace of its own, in which the folder `hidden` is empty; `enter` starts it on a host."""
    log = (cluster.folder / f"{name}.log").open("ab")
    with log:
        process = subprocess.Popen(
            [*enter, "unshare", "-m", "sh", "-c", before + 'mount -t tmpfs none "$0" && exec "$@"', str(hidden),
             sys.executable, "-m", "dask", "worker", cluster.address, "--name", name, "--nthreads", "1",
             "--no-dashboard", "--local-directory", str(cluster.folder / name)],
            env=environment(), cwd=cluster.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
    cluster.processes.append(process)
    return process


@pytest.fixture
def apart(tmp_path_factory):
    """Skip the test if this machine allows no workers that do not see a folder."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("mount namespaces need root")
    return start_apart


@pytest.mark.thorough
def test_workers_that_do_not_see_the_folder_send_runs_back(folder, swept, cluster, apart):
    for name in ("one", "two"):
        apart(cluster, name, folder)
    sweep(folder, "--cluster", cluster.address, "--wait")
    assert_the_same(folder, swept)


@pytest.mark.thorough
def test_a_folder_that_only_some_workers_see_is_an_error(folder, cluster, apart):
    cluster.start_worker("one")
    apart(cluster, "two", folder)
    cluster.await_workers(2)
    answer = lab("sweep", "configs/family", "--cluster", cluster.address, cwd=folder)
    assert answer.code == 2
    assert "only some workers see this folder: one; not two" in answer.err


@pytest.mark.thorough
def test_a_worker_whose_disk_is_full_is_no_longer_used(folder, swept, cluster, apart):
    full = cluster.folder / "full"
    full.mkdir()
    apart(cluster, "full", folder, f"mount -t tmpfs -o size=400k none {full} && ")
    apart(cluster, "two", folder)
    cluster.await_workers(2)
    err = sweep(folder, "--cluster", cluster.address).err
    assert "Worker no longer used: full: " in err
    assert_the_same(folder, swept)


@pytest.mark.thorough
def test_ctrl_c_stops_after_the_epoch_and_the_checkpoint_comes_back(folder, swept, cluster, apart):
    apart(cluster, "one", folder)
    cluster.await_workers(1)
    long = folder / "configs" / "family" / "long.yaml"
    write(long, "extends: ../base.yaml\ntrain: {epochs: 100000}\nmodel: {nodes: [8]}\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "mnist_lab", "sweep", "configs/family/long.yaml", "--cluster", cluster.address],
        cwd=folder, env=environment(), stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert family.until(
        lambda: any('"accuracy"' in said.read_text() for said in cluster.folder.rglob("calls-*/*.json")), process
    )
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    [checkpoint] = (folder / "results").rglob("checkpoint.npz")
    assert checkpoint.parent.joinpath("history.jsonl").read_text().count("\n") > 0


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("versions", "said"), [({"keras": "2.0.0"}, "Keras 2.0.0"), ({"mnist_lab": "0.0.1"}, "mnist-lab 0.0.1")]
)
def test_a_worker_with_another_version_is_refused_by_name(folder, cluster, tmp_path, versions, said):
    for package, version in versions.items():
        write(
            tmp_path / "old" / f"{package}-{version}.dist-info" / "METADATA", f"Name: {package}\nVersion: {version}\n"
        )
    cluster.start_worker("old", PYTHONPATH=f"{tmp_path / 'old'}:{environment()['PYTHONPATH']}")
    cluster.await_workers(1)
    answer = lab("sweep", "configs/family", "--cluster", cluster.address, cwd=folder)
    assert answer.code == 2
    assert "old: other versions" in answer.err
    assert said in answer.err
    assert not list((folder / "results").rglob("history.jsonl"))


@pytest.mark.thorough
def test_a_scheduler_without_workers_is_an_error(folder, cluster):
    answer = lab("sweep", "configs/family", "--cluster", cluster.address, cwd=folder)
    assert answer.code == 2
    assert "the scheduler has no workers" in answer.err


@pytest.mark.thorough
def test_a_scheduler_of_another_dask_is_an_error(folder, tmp_path_factory):
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    old = tmp_path_factory.mktemp("old")
    write(old / "dask-2024.1.0.dist-info" / "METADATA", "Name: dask\nVersion: 2024.1.0\n")
    made = Cluster(old, PYTHONPATH=f"{old}:{environment()['PYTHONPATH']}")
    try:
        made.start_worker("one")
        made.await_workers(1)
        answer = lab("sweep", "configs/family", "--cluster", made.address, cwd=folder)
        assert answer.code == 2
        assert "Dask is 2024.1.0 on the scheduler" in answer.err
    finally:
        made.close()


@pytest.fixture
def network():
    """Two machines besides this one, in network namespaces of their own if this machine allows it."""
    with ExitStack() as end:
        try:
            machines = end.enter_context(hosts.joined(2))
        except (OSError, subprocess.CalledProcessError):
            machines = hosts.Hosts("127.0.0.1", ((), ()))
        yield machines


@pytest.fixture
def networked(network, tmp_path_factory):
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    made = Cluster(tmp_path_factory.mktemp("dask"), host=network.head)
    yield made
    made.close()


@pytest.mark.thorough
def test_workers_and_clients_that_are_killed_at_random_lose_nothing(folder, swept, network, networked, apart):
    """Two workers without a common folder; a nanny starts each again when it is killed."""
    cluster = networked
    for name, enter in zip(("one", "two"), network.enter, strict=True):
        apart(cluster, name, folder, enter=enter)
    cluster.await_workers(2)
    chance = random.Random(KILLS)
    clients = 2 if KILLS >= 20 else 1
    process = family.start(folder, "--cluster", cluster.address, "--wait")
    for kill in range(KILLS):
        time.sleep(chance.uniform(2, 8))
        workers = cluster.worker_processes()
        if workers:
            with suppress(ProcessLookupError):
                os.kill(chance.choice(workers), signal.SIGKILL)
        if kill in range(KILLS // 2, KILLS // 2 + clients):
            family.kill_all(process)
            process = family.start(folder, "--cluster", cluster.address, "--wait")
        elif process.poll() is not None:
            process.communicate()
            process = family.start(folder, "--cluster", cluster.address, "--wait")
    process.communicate(timeout=300)
    sweep(folder, "--cluster", cluster.address, "--wait")
    assert_the_same(folder, swept)


@pytest.fixture
def slurm(tmp_path_factory, monkeypatch):
    pytest.importorskip("submitit", reason="the extra slurm is not installed")
    with slurm_cluster.one_node(tmp_path_factory.mktemp("slurm")) as cluster:
        for name, value in cluster.variables.items():
            monkeypatch.setenv(name, value)
        yield cluster


@pytest.mark.thorough
def test_on_slurm_the_results_are_the_same(folder, swept, slurm):
    submitted = sweep(folder, "--cluster", "slurm")
    assert "Submitted job" in submitted.err
    assert "3 queued" in submitted.err
    sweep(folder, "--cluster", "slurm", "--wait")
    assert_the_same(folder, swept)
    assert not (folder / "results" / ".slurm").exists()


@pytest.mark.thorough
@pytest.mark.parametrize("number", ["TERM", "USR2"])
def test_a_task_that_is_asked_to_stop_leaves_a_checkpoint_and_the_next_submission_resumes(number, folder, slurm):
    write(
        folder / "configs" / "long.yaml",
        f"{family.BASE}runtime: {{checkpoint_every: 100000}}\n".replace("epochs: 12", "epochs: 3000"),
    )
    assert lab("sweep", "configs/long.yaml", "--cluster", "slurm", cwd=folder).code == 0
    history = folder / "results"
    begun = time.monotonic()
    while not list(history.rglob("history.jsonl")) and time.monotonic() - begun < 100:
        time.sleep(0.2)
    time.sleep(2)
    slurm.command("scancel", "--user=root", f"--signal={number}")
    while not list(history.rglob("checkpoint.npz")) and time.monotonic() - begun < 100:
        time.sleep(0.2)
    while "long" in slurm.command("squeue", "--noheader", "--format=%j") and time.monotonic() - begun < 100:
        time.sleep(0.2)
    again = lab("sweep", "configs/long.yaml", "--cluster", "slurm", cwd=folder)
    assert "stopped; the next submission resumes it" in again.err
    assert "Submitted job" in again.err


@pytest.mark.thorough
def test_python_warns_while_the_runs_of_a_submitted_sweep_are_not_finished(tmp_path):
    pytest.importorskip("submitit", reason="the extra slurm is not installed")
    options = tmp_path / "slurm.yaml"
    options.write_text("engine: local\n")
    config = {"name": "small", "data": {"dataset": "digits"}, "model": {"kind": "mlp", "nodes": [8]}}
    how = {"epochs": 1, "backend": "jax", "results": tmp_path / "results", "cluster": str(options), "progress": False}
    with pytest.warns(UserWarning, match="Queued or running on SLURM: 1 of 1 run"):
        assert len(mnist_lab.sweep(config, **how)) == 0
    with warnings.catch_warnings(action="error", category=UserWarning):
        assert len(mnist_lab.sweep(config, **how, wait=True)) == 1
    assert not (tmp_path / "results" / ".slurm").exists()
