"""Calls on a Dask cluster."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import wait
from concurrent.futures.process import BrokenProcessPool

import pytest

pytest.importorskip("distributed", reason="the extra dask is not installed")

from pebble import ProcessExpired

from mnist_lab.errors import InputError
from mnist_lab.executors import DiedError, LostError, dask
from mnist_lab.executors.dask import DaskCluster, DaskExecutor
from mnist_lab.system import hardware
from tests.executors import calls
from tests.executors.dask_cluster import Cluster
from tests.lab import environment, gone, until


def everyone(workers):
    return {}


@pytest.fixture(autouse=True)
def processors(tmp_path, monkeypatch):
    """No other process, such as another test, claims processors."""
    monkeypatch.setattr(hardware, "_claims", lambda: tmp_path)


@pytest.fixture(scope="module")
def local():
    cluster = DaskCluster("local:2")
    yield cluster
    cluster.close()


@pytest.fixture
def executor(local):
    made = DaskExecutor(local, everyone, environment={"MARK": "here"})
    yield made
    made.shutdown(cancel_futures=True)


def test_a_call_runs_in_a_process_of_its_own(executor):
    processes = [executor.submit(calls.process) for _ in range(3)]
    assert len({process.result(60)[0] for process in processes} | {os.getpid()}) == 4


def test_an_exception_in_a_call_reaches_the_caller(executor):
    with pytest.raises(ValueError, match="as asked"):
        executor.submit(calls.fail).result(60)


def test_a_call_whose_process_is_killed_fails_alone(executor):
    killed, other = executor.submit(calls.die), executor.submit(calls.answer, 1)
    assert isinstance(killed.exception(60), ProcessExpired | BrokenProcessPool)  # the latter if it had hardly begun
    assert other.result(60) == 2


def test_a_call_has_the_workers_threads_and_the_executors_environment(executor):
    cpus, threads, mark = executor.submit(calls.surroundings).result(60)
    assert (len(cpus), threads, mark) == (1, "1", "here")


def test_workers_on_one_machine_use_different_processors(executor):
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("needs two processors")
    running = [executor.submit(calls.surroundings_after, 1.0) for _ in range(2)]
    assert len({tuple(call.result(60)[0]) for call in running}) == 2


def test_what_a_call_reports_is_its_progress_with_the_workers_name(executor):
    call = executor.submit(calls.say_and_wait, {"epoch": 3}, 600)
    progress = until(lambda: executor.progress(call).said and executor.progress(call))
    assert (progress.begun, progress.said) == (True, {"epoch": 3})
    assert progress.worker in set(map(str, executor.admitted.values()))
    executor.stop()
    assert call.result(60) == "stopped"


def test_a_worker_runs_one_call_at_a_time(executor):
    waiting = [executor.submit(calls.say_and_wait, None, 600) for _ in range(executor.capacity)]
    until(lambda: sum(executor.progress(call).begun for call in waiting) == 2)
    time.sleep(0.5)
    assert sum(executor.progress(call).begun for call in waiting) == 2
    executor.stop()
    assert {call.result(60) for call in waiting} == {"stopped"}


def test_shutdown_at_once_ends_the_processes(local):
    executor = DaskExecutor(local, everyone)
    call = executor.submit(calls.say_and_wait, "pid", 600)
    process = until(lambda: executor.progress(call).said)
    executor.shutdown(cancel_futures=True)
    until(lambda: gone(process))
    with DaskExecutor(local, everyone) as other:
        assert other.submit(calls.answer, 1).result(60) == 2


def test_a_call_that_takes_too_long_is_ended(local):
    with DaskExecutor(local, everyone, timeout=0.5) as executor, pytest.raises(TimeoutError):
        executor.submit(calls.sleep, 600).result(60)


@pytest.mark.thorough
def test_a_worker_that_is_not_admitted_gets_no_call(local):
    [first, second] = local.workers()
    with DaskExecutor(local, lambda workers: {first: "too old"}) as executor:
        assert executor.refused == {first: f"{local.workers()[first]}: too old"}
        running = [executor.submit(calls.say_and_wait, None, 1) for _ in range(4)]
        until(lambda: executor.progress(running[0]).begun)
        wait(running)
        assert {executor.progress(call).worker for call in running} == {str(local.workers()[second])}


def test_calls_that_a_retired_worker_had_already_started_can_run_elsewhere(executor):
    ended = [executor.submit(calls.answer, 1) for _ in range(3)]
    wait(ended, timeout=60)
    workers = [executor.progress(each).worker for each in ended]
    twice = [each for each, worker in zip(ended, workers, strict=True) if workers.count(worker) > 1]
    assert [executor.retire(each, "full") for each in twice[:2]] == [True, True]
    assert len(executor.admitted) == len(executor.refused) == 1


def test_the_last_worker_is_not_retired(executor):
    ended = executor.submit(calls.answer, 1)
    ended.result(60)
    [other] = [worker for worker in executor.admitted.values() if str(worker) != executor.progress(ended).worker]
    del executor.admitted[other.address]
    assert not executor.retire(ended, "full")


def test_an_address_without_a_scheduler_is_soon_an_error(monkeypatch):
    assert dask.CONNECT <= 10
    monkeypatch.setattr(dask, "CONNECT", 1)
    with pytest.raises(InputError, match="no Dask scheduler answers"):
        DaskCluster("tcp://127.0.0.1:1")


@pytest.fixture
def cluster(tmp_path):
    made = Cluster(tmp_path)
    yield made
    made.close()


@pytest.fixture
def connection(cluster):
    made = DaskCluster(cluster.address)
    yield made
    made.close()


@pytest.mark.thorough
def test_a_call_whose_worker_is_killed_runs_again_on_another(cluster, connection):
    for name in ("one", "two"):
        cluster.start_worker(name)
    until(lambda: len(connection.workers()) == 2)
    with DaskExecutor(connection, everyone) as executor:
        call = executor.submit(calls.say_and_wait, "pid", 3)
        process = until(lambda: executor.progress(call).said)
        [address] = [at for at, it in executor.admitted.items() if str(it) == executor.progress(call).worker]
        os.kill(connection.ask([address], os.getpid)[address], signal.SIGKILL)
        until(lambda: gone(process))
        assert call.result(60) == "waited"
        assert executor.progress(call).worker in {"one", "two"}


@pytest.mark.thorough
def test_calls_wait_for_a_worker_that_comes_back(cluster, connection):
    cluster.start_worker("one")
    until(connection.workers)
    with DaskExecutor(connection, everyone) as executor:
        running = [executor.submit(calls.say_and_wait, "pid", 2) for _ in range(3)]
        until(lambda: executor.progress(running[0]).said)
        os.kill(*connection.ask(connection.workers(), os.getpid).values(), signal.SIGKILL)
        until(lambda: executor.capacity and all(call.done() for call in running))
        assert [call.result() for call in running] == ["waited"] * 3


@pytest.mark.thorough
def test_when_the_scheduler_dies_the_calls_are_lost(cluster, connection):
    cluster.start_worker("one")
    until(connection.workers)
    executor = DaskExecutor(connection, everyone)
    call = executor.submit(calls.say_and_wait, "pid", 600)
    process = until(lambda: executor.progress(call).said)
    cluster.scheduler.kill()
    assert isinstance(call.exception(60), LostError)
    until(lambda: gone(process))
    executor.shutdown(cancel_futures=True)


@pytest.mark.thorough
def test_the_calls_of_a_client_that_is_killed_end(cluster, tmp_path):
    cluster.start_worker("one")
    program = f"""
import time
from mnist_lab.executors.dask import DaskCluster, DaskExecutor
from mnist_lab.system import hardware
from tests.executors import calls
cluster = DaskCluster({cluster.address!r})
while not cluster.workers():
    time.sleep(0.1)
executor = DaskExecutor(cluster, lambda workers: {{}})
call = executor.submit(calls.say_and_wait, "pid", 600)
while not executor.progress(call).said:
    time.sleep(0.1)
print(executor.progress(call).said, flush=True)
time.sleep(600)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment(), cwd=tmp_path
    ) as client:
        process = int(client.stdout.readline())
        client.kill()
    until(lambda: gone(process))


@pytest.mark.thorough
def test_a_call_whose_workers_all_die_is_given_up(cluster, connection):
    cluster.start_worker("one")
    until(connection.workers)
    executor = DaskExecutor(connection, everyone)
    call = executor.submit(calls.kill_the_worker)
    until(lambda: executor.capacity is not None and call.done(), 120)
    executor.shutdown(cancel_futures=True)
    assert isinstance(call.exception(), DiedError)
