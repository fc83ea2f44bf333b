"""A task of a SLURM job: trains its runs one after the other, and stops with a checkpoint before its time limit."""

import platform
import signal
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import wait
from concurrent.futures.process import BrokenProcessPool

from pebble import ProcessExpired

from mnist_lab.executors import CallExecutor, Slot
from mnist_lab.sweeps.worker import TIMED_OUT, Outcome, Task, executor_for, terminated, work
from mnist_lab.system.hardware import claimed
from mnist_lab.system.installation import installed_version

POLL = 0.5
"""Seconds between checks for a request to stop."""


def versions(backend: str) -> dict[str, str]:
    """Return what must be the same on the submitting machine and the nodes; for Python, the first two numbers."""
    python = ".".join(platform.python_version_tuple()[:2])
    packages = {name: installed_version(name) or "not installed" for name in ("mnist-lab", "keras", backend)}
    return {"Python": python, **packages}


def train(
    tasks: Sequence[Task], server: tuple[str, str], threads: int, timeout: float | None, expected: Mapping[str, str]
) -> list[Outcome]:
    """Train the runs in `tasks`, each in a child process; submitit calls this on a node.

    SIGTERM, and the signal that SLURM sends before the time limit, stop it after the current epoch, with a checkpoint.
    """
    there = versions(server[0])
    if wrong := [
        f"{name} {there[name]} (submitted with {expected[name]})" for name in expected if there[name] != expected[name]
    ]:
        return [Outcome("failed", f"{platform.node()} has other versions: {', '.join(wrong)}.")] * len(tasks)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR2):
        signal.signal(number, lambda *_: stop.set())
    with claimed(threads) as cpus, executor_for(server, [Slot(cpus)], timeout=timeout) as executor:
        return [Outcome("stopped") if stop.is_set() else _outcome(executor, task, stop) for task in tasks]


def _outcome(executor: CallExecutor, task: Task, stop: threading.Event, tries: int = 2) -> Outcome:
    future = executor.submit(work, task)
    while not wait([future], timeout=POLL).done:
        if stop.is_set():
            executor.stop()
    try:
        return future.result()
    except TimeoutError:
        return Outcome("failed", TIMED_OUT)
    except (ProcessExpired, BrokenProcessPool) as error:
        if tries > 1 and not stop.is_set():
            return _outcome(executor, task, stop, tries - 1)
        return Outcome("failed", terminated(error))
