"""Calls in processes of their own, forked from a server that has the slow imports behind it."""

import multiprocessing
import os
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pebble import ProcessPool

from mnist_lab.executors.slots import Slot
from mnist_lab.system import scratch, signals
from mnist_lab.system.environment import changed_environment

PARENT = "MNIST_LAB_PARENT"
"""The variable that tells a server whom it serves, while it imports its modules and does not look by itself."""
LONGEST_PLACE = 103 - len("/pymp-12345678/listener-12345678")
"""Characters that a folder's path may have for a socket of multiprocessing to be possible below it."""
ENDED_WITH_PARENT = 70
"""The exit code of a process whose executor is gone."""


class ProcessExecutor(Executor):
    """Each call runs in a new process, in the first slot that is free.

    A call that is killed fails alone, with pebble's `ProcessExpired`; one that takes longer than `timeout` is killed
    and fails with `TimeoutError`. The processes are forked from a server that has imported the `preload` modules, which
    makes starting one a matter of milliseconds; where there is no fork (Windows), they import them themselves.

    None of them outlives the executor's own process, however that ends: all read from a pipe whose other end it holds,
    and end when that is closed. Signals that ask to stop are for that process alone. Each call has a temporary folder
    of its own, which is removed after it.

    A Python process has one such server. It stays for the next executor with the same preload and environment; one with
    another starts the server anew, so such executors are used one after the other.

    Args:
        slots: the parts of the machine, one call at a time in each.
        preload: modules that the server imports.
        environment: variables for the server and all calls.
        timeout: seconds that a call may take; None for no limit.

    Raises:
        SetupError: there is no folder for temporary files.
    """

    def __init__(
        self,
        slots: Sequence[Slot],
        *,
        preload: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> None:
        self._environment = dict(environment or {})
        self._timeout = timeout
        self._temporary = scratch.folder()
        self._lifeline, self._alive = multiprocessing.Pipe(duplex=False)
        forks = "forkserver" in multiprocessing.get_all_start_methods()
        self._context = multiprocessing.get_context("forkserver" if forks else "spawn")
        self._end = ExitStack()
        served = {PARENT: str(os.getpid())}
        self._end.enter_context(changed_environment(self._environment | served))  # the server inherits it
        if forks:
            self._context.set_forkserver_preload(list(preload))
            _serve(tuple(preload), tuple(sorted(self._environment.items())))
        self._end.callback(self._lifeline.close)
        self._end.callback(self._kill)
        signals.at_once.append(self._kill)
        self._end.callback(signals.at_once.remove, self._kill)
        # A pool for each slot: a process that is killed can take down a pool's channel, and then only its own.
        self._slots = list(slots)
        self._pools = [self._pool(slot) for slot in self._slots]
        self._unfinished: list[set[Future[Any]]] = [set() for _ in self._slots]

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call `fn(*args, **kwargs)` in a process of its own."""
        for futures in self._unfinished:
            futures -= {future for future in futures if future.done()}
        i = min(range(len(self._slots)), key=lambda i: len(self._unfinished[i]))
        if not self._pools[i].active:
            self._pools[i].stop()
            self._pools[i] = self._pool(self._slots[i])
        call = (self._temporary, fn, args, kwargs)
        future = self._pools[i].schedule(_call, args=call, timeout=self._timeout)
        self._unfinished[i].add(future)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End all processes once they are done; with `cancel_futures` at once, also those that are at work."""
        if cancel_futures:
            self._kill()
        for pool in self._pools:
            pool.stop() if cancel_futures else pool.close()
        if wait:
            for pool in self._pools:
                pool.join()
            self._end.close()

    def _kill(self) -> None:
        """End all processes now, whatever they are at."""
        self._alive.close()

    def _pool(self, slot: Slot) -> ProcessPool:
        return ProcessPool(
            max_workers=1,
            max_tasks=1,
            initializer=_occupy,
            initargs=(slot, self._environment, self._lifeline),
            context=self._context,  # pyright: ignore[reportArgumentType]
        )


def _occupy(slot: Slot, environment: Mapping[str, str], lifeline: Connection) -> None:
    """Hold the new process to its part of the machine, and to the life of its parent."""
    signals.ignore()
    threading.Thread(target=_end_with, args=(lifeline,), name="lifeline", daemon=True).start()
    os.environ.update(slot.environment())
    os.environ.update(environment)  # the last word, for it may forbid all GPUs
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, slot.cpus)


def _end_with(lifeline: Connection) -> None:
    """Wait until the parent closes its end, which the system does for one that was killed."""
    lifeline.poll(None)
    os._exit(ENDED_WITH_PARENT)


def _call(temporary: Path, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Call in a temporary folder of its own."""
    with tempfile.TemporaryDirectory(dir=temporary, ignore_cleanup_errors=True) as folder:
        scratch.redirect(Path(folder))
        return function(*args, **kwargs)


_served: list[tuple[object, ...]] = []
"""What this process' server has been started for, if anything."""


def _serve(*purpose: object) -> None:
    """Start the server; one that was started for another purpose ends, for which there is no public way."""
    from multiprocessing import forkserver, resource_tracker, util

    if _served and _served[-1] != purpose:
        forkserver._forkserver._stop()  # pyright: ignore[reportAttributeAccessIssue]
    _served[:] = [purpose]
    # Where its socket is; it would stay in the common temporary folder when this process is killed.
    places = (str(scratch.folder()), tempfile.gettempdir(), "/tmp")
    short = next((place for place in places if len(place) <= LONGEST_PLACE), places[0])
    before, tempfile.tempdir = tempfile.tempdir, short
    try:
        scratch.elsewhere.append(Path(util.get_temp_dir()))
    finally:
        tempfile.tempdir = before
    # After a kill it removes what is left, which is what it is for, and warns of it, which nobody needs to know.
    quiet = f"{os.environ.get('PYTHONWARNINGS', 'default')},ignore::UserWarning:multiprocessing.resource_tracker"
    with signals.held(), changed_environment({"PYTHONWARNINGS": quiet}):
        resource_tracker.ensure_running()  # it lets signals through again
    with signals.held():
        forkserver.ensure_running()
