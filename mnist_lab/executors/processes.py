"""Calls in processes of their own, forked from a server that has the slow imports behind it."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from typing import Any

from pebble import ProcessPool

from mnist_lab.executors.slots import Slot
from mnist_lab.places import check_temporary_dir


class ProcessExecutor(Executor):
    """Each call runs in a new process, in the first slot that is free.

    A call that is killed fails alone, with pebble's `ProcessExpired`; one that takes longer than `timeout` is killed
    and fails with `TimeoutError`. The processes are forked from a server that has imported the `preload` modules, which
    makes starting one a matter of milliseconds; where there is no fork (Windows), they import them themselves.

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
        check_temporary_dir()  # the server's socket is there
        self._environment = dict(environment or {})
        self._before = {name: os.environ.get(name) for name in self._environment}
        os.environ.update(self._environment)  # the server inherits them
        self._timeout = timeout
        forks = "forkserver" in multiprocessing.get_all_start_methods()
        self._context = multiprocessing.get_context("forkserver" if forks else "spawn")
        if forks:
            self._context.set_forkserver_preload(list(preload))
            _serve(tuple(preload), tuple(sorted(self._environment.items())))
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
        future = self._pools[i].schedule(fn, args=args, kwargs=kwargs, timeout=self._timeout)
        self._unfinished[i].add(future)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End all processes once they are done; with `cancel_futures` at once, also those that are at work."""
        for pool in self._pools:
            pool.stop() if cancel_futures else pool.close()
        if wait:
            for pool in self._pools:
                pool.join()
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    def _pool(self, slot: Slot) -> ProcessPool:
        return ProcessPool(
            max_workers=1,
            max_tasks=1,
            initializer=_occupy,
            initargs=(slot, self._environment),
            context=self._context,  # pyright: ignore[reportArgumentType]
        )


def _occupy(slot: Slot, environment: Mapping[str, str]) -> None:
    """Hold the new process to its part of the machine."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, who decides what it means
    os.environ.update(slot.environment())
    os.environ.update(environment)  # the last word, for it may forbid all GPUs
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, slot.cpus)


_served: list[tuple[object, ...]] = []
"""What this process' server has been started for, if anything."""


def _serve(*purpose: object) -> None:
    """End a server that was started for another purpose; there is no public way to do so."""
    from multiprocessing import forkserver

    if _served and _served[-1] != purpose:
        forkserver._forkserver._stop()  # pyright: ignore[reportAttributeAccessIssue]
    _served[:] = [purpose]
