"""Calls in separate processes, each restricted to its part of the machine."""

import json
import multiprocessing
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from pebble import CONSTS, ProcessPool
from typing_extensions import override

from mnist_lab.executors import forkserver
from mnist_lab.executors.interface import CallExecutor, Channel, Progress, open_channel
from mnist_lab.executors.slots import Slot
from mnist_lab.system import scratch, signals

ENDED_WITH_PARENT = 70
"""The exit code of a process whose executor has ended."""
CONSTS.term_timeout = 0  # seconds that pebble waits between SIGTERM, which these processes ignore, and SIGKILL


class ProcessExecutor(CallExecutor):
    """Runs each call in a new process, in the first free slot.

    A process that is killed fails only its own call, with pebble's `ProcessExpired`; a call that exceeds `timeout` is
    killed and fails with `TimeoutError`. The processes are forked from a server that has imported the `preload`
    modules, so that one starts in milliseconds; without fork (Windows) they import the modules themselves.

    No process outlives the executor's own, however that ends: each reads from a pipe whose other end the executor's
    process holds, and exits when that is closed. Signals that request a stop are handled by that process alone. Each
    call has its own temporary folder, which is removed afterwards.

    A Python process has one such server. The next executor with the same preload and environment reuses it; an
    executor with others restarts it, so such executors cannot be used at the same time.

    Args:
        slots: the parts of the machine, each for one call at a time.
        preload: modules that the server imports.
        environment: environment variables of the server and all calls.
        timeout: longest duration of a call in seconds; None for no limit.
        folder: for temporary files, and for files that were left for the calls; None for this process' own.

    Raises:
        SetupError: there is no writable folder for temporary files.
    """

    def __init__(
        self,
        slots: Sequence[Slot],
        *,
        preload: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        timeout: float | None = None,
        folder: Path | None = None,
    ) -> None:
        self._environment = dict(environment or {})
        self._timeout = timeout
        self._folder = folder
        self._temporary = Path(tempfile.mkdtemp(prefix="calls-", dir=folder or scratch.folder()))
        self._stop = self._temporary / "stop"
        self._lifeline, self._alive = multiprocessing.Pipe(duplex=False)
        self._end = ExitStack()
        self._end.callback(shutil.rmtree, self._temporary, ignore_errors=True)
        forkserver.server.use(self._environment, preload)
        self._end.callback(forkserver.server.leave)
        self._end.callback(self._lifeline.close)
        self._end.callback(self._kill)
        signals.at_once.append(self._kill)
        self._end.callback(signals.at_once.remove, self._kill)
        # One pool per slot: a killed process can break the channel of its pool.
        self._slots = list(slots)
        self._pools = [self._pool(slot) for slot in self._slots]
        self._unfinished: list[set[Future[Any]]] = [set() for _ in self._slots]
        self._numbers = count()
        self._said: WeakKeyDictionary[Future[Any], Path] = WeakKeyDictionary()

    @property
    @override
    def capacity(self) -> int:
        return len(self._slots)

    @override
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        for futures in self._unfinished:
            futures -= {future for future in futures if future.done()}
        i = min(range(len(self._slots)), key=lambda i: len(self._unfinished[i]))
        if not self._pools[i].active:
            self._pools[i].stop()
            self._pools[i] = self._pool(self._slots[i])
        channel = Channel(self._stop, self._temporary / f"{next(self._numbers)}.json", self._folder)
        call = (self._temporary, channel, fn, args, kwargs)
        future = self._pools[i].schedule(_call, args=call, timeout=self._timeout)
        self._unfinished[i].add(future)
        self._said[future] = channel.said
        future.add_done_callback(lambda _: channel.said.unlink(missing_ok=True))
        return future

    @override
    def progress(self, future: Future[Any]) -> Progress:
        said = None
        with suppress(OSError, KeyError):
            said = json.loads(self._said[future].read_bytes())
        return Progress(begun=True, said=said)

    @override
    def stop(self) -> None:
        self._stop.touch()

    @override
    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Stop the processes when their calls have ended; with `cancel_futures`, kill them now."""
        if cancel_futures:
            self._kill()
        for pool in self._pools:
            pool.stop() if cancel_futures else pool.close()
        if wait:
            for pool in self._pools:
                pool.join()
            self._end.close()

    def _kill(self) -> None:
        """Stop all processes now, busy or not."""
        self._alive.close()

    def _pool(self, slot: Slot) -> ProcessPool:
        return ProcessPool(
            max_workers=1,
            max_tasks=1,
            initializer=_occupy,
            initargs=(slot, self._environment, self._lifeline),
            context=forkserver.context,  # pyright: ignore[reportArgumentType]
        )


def _occupy(slot: Slot, environment: Mapping[str, str], lifeline: Connection) -> None:
    """Restrict the new process to its slot, and to the lifetime of its parent."""
    signals.ignore()
    threading.Thread(target=_end_with, args=(lifeline,), name="lifeline", daemon=True).start()
    os.environ.update(slot.environment())
    os.environ.update(environment)  # last, because it may hide all GPUs
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, slot.cpus)


def _end_with(lifeline: Connection) -> None:
    """Exit when the parent closes its end of the pipe; if the parent is killed, the system closes it."""
    lifeline.poll(None)
    os._exit(ENDED_WITH_PARENT)


def _call(
    temporary: Path, channel: Channel, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    """Make a call with its own temporary folder."""
    open_channel(channel)
    with tempfile.TemporaryDirectory(dir=temporary, ignore_cleanup_errors=True) as folder:
        scratch.redirect(Path(folder))
        return function(*args, **kwargs)
