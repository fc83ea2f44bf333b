"""The worker side of a Dask cluster: each call runs in a child process, for which the worker's thread waits."""

import asyncio
import multiprocessing
import pickle
import threading
from collections.abc import Mapping
from concurrent.futures import CancelledError, wait
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from mnist_lab.executors.interface import CallExecutor
from mnist_lab.executors.processes import ProcessExecutor
from mnist_lab.executors.slots import Slot
from mnist_lab.system import atomic
from mnist_lab.system.hardware import claimed

if TYPE_CHECKING:
    from distributed import Worker

ONE = "mnist-lab"
"""The resource of which every worker has one and every call takes one: a worker runs one call at a time."""
POLL = 0.25
"""Seconds between checks of a running call."""
END = 3.0
"""Seconds to wait for a killed process to end."""


@dataclass(frozen=True)
class Purpose:
    """The common properties of the processes of one executor."""

    executor: str
    """The id of the client's executor; also the topic of events about its calls."""
    preload: tuple[str, ...]
    environment: Mapping[str, str]
    timeout: float | None


class _Node:
    """The processes of one worker."""

    def __init__(self, worker: "Worker") -> None:
        self.folder = Path(worker.local_directory) / "mnist-lab"
        self._threads = worker.state.nthreads
        self._lock = threading.Lock()
        self._purpose: Purpose | None = None
        self._executor: CallExecutor | None = None
        self._end = ExitStack()

    def executor(self, purpose: Purpose) -> CallExecutor:
        """Return the executor for this purpose; its server is kept, so that no call pays for importing Keras."""
        with self._lock:
            if self._executor is None or purpose != self._purpose:
                self._end.close()
                self.folder.mkdir(exist_ok=True)
                # Workers started by a nanny count as daemons, which multiprocessing does not allow children.
                multiprocessing.current_process()._config["daemon"] = False  # pyright: ignore[reportAttributeAccessIssue]
                slot = Slot(self._end.enter_context(claimed(self._threads)))
                self._executor = ProcessExecutor(
                    [slot], preload=purpose.preload, environment=purpose.environment, timeout=purpose.timeout,
                    folder=self.folder,
                )  # fmt: skip
                self._end.callback(self._executor.shutdown, cancel_futures=True)
                self._purpose = purpose
            return self._executor

    def stop(self, executor: str) -> None:
        """Ask the calls of this executor to end soon."""
        if self._executor and self._purpose and self._purpose.executor == executor:
            self._executor.stop()

    def close(self, executor: str) -> None:
        """End the processes of this executor."""
        with self._lock:
            if self._purpose and self._purpose.executor == executor:
                self._end.close()
                self._executor = self._purpose = None


_nodes: "WeakKeyDictionary[Worker, _Node]" = WeakKeyDictionary()
_making = threading.Lock()


def node_of(worker: "Worker") -> _Node:
    """Return the processes of `worker`; a Python process may have several workers."""
    with _making:
        if worker not in _nodes:
            _nodes[worker] = _Node(worker)
        return _nodes[worker]


async def offer(executor: str, calls: int, dask_worker: "Worker") -> None:
    """Declare that this worker runs calls of `executor`; `calls` is 1 (one at a time) or 0 (no more)."""
    await dask_worker.set_resources(**{ONE: 1, executor: calls})


def stop(executor: str, dask_worker: "Worker") -> None:
    """Ask the calls of `executor` to end soon."""
    node_of(dask_worker).stop(executor)


async def leave(executor: str, dask_worker: "Worker") -> None:
    """End the processes of `executor` on this worker."""
    await offer(executor, 0, dask_worker)
    await asyncio.to_thread(node_of(dask_worker).close, executor)


def leave_file(name: str, content: bytes, dask_worker: "Worker") -> None:
    """Write a file for the calls on this worker, which find it in the folder `left()`."""
    path = node_of(dask_worker).folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic.replacing(path) as part:
        part.write_bytes(content)


def call(number: int, purpose: Purpose, pickled: bytes) -> Any:
    """Run a call in a child process and report its progress to the client, which knows it as `number`.

    `pickled` has the function, arguments and keyword arguments, as bytes that the scheduler passes on unchanged.
    """
    from distributed import get_worker

    function, args, kwargs = pickle.loads(pickled)
    worker = get_worker()
    key = worker.get_current_task()
    executor = node_of(worker).executor(purpose)
    future = executor.submit(function, *args, **kwargs)
    reported: Any = ...
    while True:
        said = executor.progress(future).said
        if said != reported:
            reported = said
            worker.log_event(purpose.executor, {"call": number, "worker": worker.address, "said": said})
        if wait([future], timeout=POLL).done:
            return future.result()
        task = worker.state.tasks.get(key)
        cancelled = task is None or task.state == "cancelled"  # by the client, or because the client is gone
        if cancelled or worker.status.name in ("closing", "closed", "failed"):
            future.cancel()
            wait([future], timeout=END)  # until its process has ended
            raise CancelledError
