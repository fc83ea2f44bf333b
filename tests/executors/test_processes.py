"""Calls in processes of their own: real processes, real kills."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from pebble import ProcessExpired

from mnist_lab.executors import ProcessExecutor, Slot, divide, forkserver
from tests.executors import calls
from tests.lab import environment, gone, until

CPU = min(os.sched_getaffinity(0))


@pytest.fixture
def executor():
    with ProcessExecutor([Slot((CPU,)), Slot((CPU,))]) as made:
        yield made


def test_a_call_returns_its_result(executor):
    assert executor.submit(calls.answer, 41).result(30) == 42


def test_an_exception_in_a_call_reaches_the_caller(executor):
    with pytest.raises(ValueError, match="as asked"):
        executor.submit(calls.fail).result(30)


def test_every_call_has_a_process_of_its_own(executor):
    processes = {executor.submit(calls.process).result(30)[0] for _ in range(3)}
    assert len(processes) == 3
    assert os.getpid() not in processes


def test_a_killed_call_fails_alone(executor):
    killed = executor.submit(calls.die)
    others = [executor.submit(calls.answer, i) for i in range(4)]
    assert isinstance(killed.exception(30), ProcessExpired)
    assert [other.result(30) for other in others] == [1, 2, 3, 4]


def test_a_call_that_hangs_is_ended():
    with ProcessExecutor([Slot((CPU,))], timeout=0.5) as executor:
        hung = executor.submit(calls.sleep, 600)
        with pytest.raises(TimeoutError):
            hung.result(30)
        assert executor.submit(calls.answer, 1).result(30) == 2


def test_calls_outlive_the_server_that_they_were_forked_from():
    with ProcessExecutor([Slot((CPU,))]) as executor:
        server = executor.submit(calls.process).result(30)[1]
        os.kill(server, signal.SIGKILL)
        time.sleep(0.2)
        result = executor.submit(calls.answer, 1)
        if isinstance(result.exception(30), ProcessExpired):  # it was being started when the server died
            result = executor.submit(calls.answer, 1)
        assert result.result(30) == 2


def test_threads_that_start_processes_at_the_same_time_see_how_each_ended():
    def codes(_):
        ended = []
        for _ in range(10):
            process = forkserver.context.Process(target=calls.answer, args=(1,))
            process.start()
            while process.is_alive():
                pass
            ended.append(process.exitcode)
        return ended

    with ThreadPoolExecutor(4) as threads:
        assert [code for ended in threads.map(codes, range(4)) for code in ended if code != 0] == []


def test_a_call_has_its_slots_processors_and_the_executors_environment():
    with ProcessExecutor([Slot((CPU,))], environment={"MARK": "here"}) as executor:
        assert executor.submit(calls.surroundings).result(30) == ([CPU], "1", "here")


def test_the_environment_is_the_callers_again_afterwards():
    with ProcessExecutor([Slot((CPU,))], environment={"MARK": "here"}):
        assert os.environ["MARK"] == "here"
    assert "MARK" not in os.environ


def test_the_server_stays_for_an_executor_with_the_same_purpose():
    servers = []
    for _ in range(2):
        with ProcessExecutor([Slot((CPU,))]) as executor:
            servers.append(executor.submit(calls.process).result(30)[1])
    assert servers[0] == servers[1]


def test_another_purpose_gets_another_server():
    servers = []
    for mark in ("one", "two"):
        with ProcessExecutor([Slot((CPU,))], environment={"MARK": mark}) as executor:
            servers.append(executor.submit(calls.process).result(30)[1])
            assert executor.submit(calls.surroundings).result(30)[2] == mark
    assert servers[0] != servers[1]


def test_nothing_is_left_behind(executor):
    before = set(Path("/proc/self/fd").iterdir())
    for _ in range(3):
        with ProcessExecutor([Slot((CPU,))]) as other:
            wait([other.submit(calls.answer, i) for i in range(5)])
    assert len(set(Path("/proc/self/fd").iterdir()) - before) <= 2


def test_the_machine_is_divided_into_a_slot_for_every_processor(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    assert [slot.cpus for slot in divide(None, runs=10, device="cpu")] == [(0,), (1,), (2,), (3,)]


def test_few_runs_have_several_processors_each(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    assert [slot.cpus for slot in divide(None, runs=2, device="cpu")] == [(0, 1), (2, 3)]


def test_threads_asked_for_make_fewer_slots(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    assert [slot.cpus for slot in divide(None, runs=9, device="cpu", threads=2)] == [(0, 1), (2, 3)]


def test_jobs_asked_for_share_the_processors(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    assert [slot.cpus for slot in divide(3, runs=9, device="cpu")] == [(0,), (1,), (0,)]


def test_every_gpu_is_a_slot(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    assert [slot.gpu for slot in divide(None, runs=9)] == ["0", "1"]


def test_a_slot_with_a_gpu_takes_its_memory_as_it_needs_it():
    environment = Slot((0,), gpu="1").environment()
    assert environment["CUDA_VISIBLE_DEVICES"] == "1"
    assert environment["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"


PARENT = """
import os, time
from mnist_lab.executors import ProcessExecutor, Slot
from tests.executors import calls
if __name__ == "__main__":
    executor = ProcessExecutor([Slot((min(os.sched_getaffinity(0)),))])
    print(*executor.submit(calls.process).result(60), flush=True)  # its server's number
    executor.submit(calls.tell_and_sleep, 600)
    time.sleep(600)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_no_process_outlives_the_one_that_it_works_for(how, tmp_path):
    (tmp_path / "parent.py").write_text(PARENT)
    env = environment(TMPDIR=str(tmp_path))
    with subprocess.Popen(
        [sys.executable, tmp_path / "parent.py"], cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True
    ) as parent:
        _, server = map(int, parent.stdout.readline().split())
        child = int(parent.stdout.readline())
        parent.send_signal(how)
        parent.wait(60)
        until(lambda: gone(child) and gone(server))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR2])
def test_signals_to_the_whole_group_are_left_to_the_parent(executor, number):
    assert executor.submit(calls.ignores, number).result(30) == "still here"


def test_the_server_outlives_the_signal_that_slurm_sends_to_all_processes(executor):
    server = executor.submit(os.getppid).result(30)
    os.kill(server, signal.SIGUSR2)
    time.sleep(0.2)
    assert executor.submit(os.getppid).result(30) == server


def test_temporary_files_of_a_call_go_with_it(executor):
    file = Path(executor.submit(calls.leave_a_temporary_file).result(30))
    assert not file.parent.exists()


def test_shutdown_at_once_ends_what_is_at_work():
    executor = ProcessExecutor([Slot((CPU,))])
    server = executor.submit(calls.process).result(30)[1]
    executor.submit(calls.sleep, 600)
    children = until(Path(f"/proc/{server}/task/{server}/children").read_text).split()
    executor.shutdown(cancel_futures=True)
    until(lambda: all(gone(int(child)) for child in children))
