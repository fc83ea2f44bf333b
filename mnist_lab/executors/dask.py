"""A Dask cluster as an executor: Dask places calls on workers and detects lost ones; `dask_worker` runs the calls."""

import logging
import pickle
import time
import uuid
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import wait as wait_for
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from mnist_lab.errors import InputError, SetupError, first_line
from mnist_lab.executors import dask_worker
from mnist_lab.executors.interface import CallExecutor, DiedError, LostError, Progress
from mnist_lab.system.hardware import processors
from mnist_lab.system.installation import extra_command

if TYPE_CHECKING:
    from distributed import Future as DaskFuture

CONNECT = 8
"""Seconds to wait for a scheduler."""
AHEAD = 1
"""Calls that wait at each worker, so that it never waits for the client."""
DEATHS = 3
"""Deaths of workers that a call survives; the default of `distributed.scheduler.allowed-failures`."""
FETCH = 120
"""Seconds that a result may take to arrive."""
CONTINUE = "Finished runs and checkpoints are kept. Run the same command again to resume."
POLL = 1.0
"""Seconds between checks for new and lost workers."""


@dataclass(frozen=True)
class Worker:
    """A worker of the cluster."""

    address: str
    name: str
    resources: Mapping[str, float]

    def __str__(self) -> str:
        """Name for display; by default, the address."""
        return self.name.removeprefix("tcp://").removeprefix("tls://")


class DaskCluster:
    """A connection to a Dask cluster.

    Args:
        where: the scheduler's address, the path of its scheduler file, or `local` or `local:N` for a cluster in this
            process.

    Raises:
        SetupError: Dask is not installed.
        InputError: no scheduler answers there, or one with another version of Dask.
    """

    def __init__(self, where: str) -> None:
        try:
            import distributed
            from distributed.versions import VersionMismatchWarning
        except ImportError:
            why = f"--cluster {where} needs Dask, which is not installed."
            raise SetupError(why, f"Install it: {extra_command('dask')}") from None
        for name in ("distributed", "distributed.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # callers report what matters
        warnings.filterwarnings("ignore", category=VersionMismatchWarning)
        self.where = where
        self._local = None
        target: dict[str, Any] = {"scheduler_file" if Path(where).is_file() else "address": where}
        if where == "local" or where.startswith("local:"):
            self._local = _local_cluster(int(where.partition(":")[2] or len(processors())))
            target = {"address": self._local}
        try:
            self.client = distributed.Client(**target, timeout=CONNECT, set_as_default=False)
        except (OSError, TimeoutError, ValueError, KeyError) as error:
            raise InputError(
                f"--cluster {where}: no Dask scheduler answers there ({first_line(error)}).",
                "Start one with `dask scheduler`, or check the address and the network.",
            ) from None

    def versions(self, packages: Collection[str]) -> dict[str, dict[str, str | None]]:
        """Return the versions of Dask, `packages` and `python` for `client`, `scheduler` and each worker, by address.

        Python's has only the first two numbers.
        """
        found: Any = self.client.get_versions(packages=list(packages))
        parts = {"scheduler": found["scheduler"], "client": found["client"], **found["workers"]}
        versions = {name: part["packages"] for name, part in parts.items() if part}
        return {name: each | {"python": ".".join(each["python"].split(".")[:2])} for name, each in versions.items()}

    def workers(self) -> dict[str, Worker]:
        """Return the current workers, by address."""
        found = self.client.scheduler_info()["workers"]
        return {address: Worker(address, str(facts["name"]), facts["resources"]) for address, facts in found.items()}

    def ask(self, workers: Collection[str], function: Callable[..., Any], *args: Any) -> dict[str, Any]:
        """Call a function in the workers' own processes; return each one's result or exception, by address."""
        if not workers:
            return {}
        answers: Any = self.client.run(function, *args, workers=list(workers), on_error="return")
        return answers

    def close(self) -> None:
        """Disconnect, and end a local cluster."""
        with suppress(Exception):
            self.client.close(timeout=5)
        if self._local:
            self._local.close(timeout=5)


def _local_cluster(workers: int) -> Any:
    """Start a cluster in this process without the monitoring of larger ones, which would cost a few percent of time."""
    import dask.config
    from distributed import LocalCluster

    quiet = {
        "distributed.worker.profile.enabled": False,
        "distributed.admin.tick.interval": "500ms",
        "distributed.admin.system-monitor.interval": "10s",
    }
    with dask.config.set(quiet):
        return LocalCluster(
            n_workers=workers, threads_per_worker=max(1, len(processors()) // workers), processes=False,
            dashboard_address=":0", silence_logs=logging.CRITICAL, memory_limit=0,
        )  # fmt: skip


Admission = Callable[[Mapping[str, Worker]], Mapping[str, str]]
"""A function that returns why workers cannot be used: the problem, or an empty string, for each address."""


class DaskExecutor(CallExecutor):
    """Runs calls on a Dask cluster: one at a time per worker, each in a child process there.

    A call whose child dies fails as with `ProcessExecutor`. If its worker dies, Dask has another worker execute it, so
    a call must tolerate being executed twice; after several deaths it fails with `DiedError`. If the scheduler is lost,
    all calls fail with `LostError`.

    Workers that join later are used, too.

    Args:
        cluster: the cluster to use.
        admission: judges workers before their first call.
        preload: modules that each worker's server imports.
        environment: environment variables of all calls.
        timeout: longest duration of a call in seconds.
        resources: what a call needs from its worker besides a thread, by Dask's names: `{"GPU": 1}`.
        patience: seconds without a usable worker after which `LostError` is raised; None for no limit.
        note: called with messages about workers.
    """

    def __init__(
        self,
        cluster: DaskCluster,
        admission: Admission,
        *,
        preload: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        timeout: float | None = None,
        resources: Mapping[str, float] | None = None,
        patience: float | None = None,
        note: Callable[[str], object] = lambda text: None,
    ) -> None:
        self.cluster = cluster
        self.note = note
        self.refused: dict[str, str] = {}
        """The name of each worker that cannot be used, and the reason, by address."""
        self.admitted: dict[str, Worker] = {}
        self._admission = admission
        self._id = f"mnist-lab-{uuid.uuid4().hex[:12]}"
        self._purpose = dask_worker.Purpose(self._id, tuple(preload), dict(environment or {}), timeout)
        self._resources = {dask_worker.ONE: 1, self._id: 1, **(resources or {})}
        self._numbers = count()
        self._calls: dict[int, _Call] = {}
        """The unfinished calls, by number."""
        self._patience = patience
        self._looked, self._seen = float("-inf"), time.monotonic()
        cluster.client.subscribe_topic(self._id, self._heard)
        self.look()

    def _heard(self, event: Any) -> None:
        _, message = event
        if call := self._calls.get(message["call"]):
            call.heard = message["worker"], message["said"]

    def look(self) -> None:
        """Admit workers that have joined, and forget those that have left."""
        self._looked = time.monotonic()
        if self.cluster.client.status != "running":
            return  # the calls fail by themselves
        try:
            workers = self.cluster.workers()
        except OSError:  # it is being lost at this moment
            return
        self._admit({address: worker for address, worker in workers.items() if address not in self.refused})
        if self.admitted:
            self._seen = time.monotonic()
        elif self._patience is not None and time.monotonic() - self._seen > self._patience:
            raise LostError(f"--cluster {self.cluster.where}: no worker is left.", CONTINUE)

    def _admit(self, workers: Mapping[str, Worker]) -> None:
        for address in [address for address in self.admitted if address not in workers]:
            self.note(f"Worker {self.admitted.pop(address)} is gone.")
            for call in list(self._calls.values()):
                if call.heard and call.heard[0] == address:
                    call.heard = None
                    call.deaths += 1
                    if call.deaths > DEATHS:
                        _end(call, DiedError(f"its worker died {call.deaths} times"))
        new = {address: worker for address, worker in workers.items() if address not in self.admitted}
        if not new:
            return
        for address, problem in self._admission(new).items():
            if problem:
                self.refused[address] = f"{new[address]}: {problem}"
                self.note(f"Worker not used: {self.refused[address]}")
        fit = {address: worker for address, worker in new.items() if address not in self.refused}
        answers = self.cluster.ask(fit, dask_worker.offer, self._id, 1)
        first = not self.admitted
        self.admitted |= {address: fit[address] for address, answer in answers.items() if answer is None}
        if first and self.admitted:
            self._resend()

    def _resend(self) -> None:
        """Resend the calls that have not started.

        Dask offers waiting calls to a worker that joins, but not to one that declares a new resource.
        """
        for call in list(self._calls.values()):
            if call.heard is None:
                before, call.sent = call.sent, None
                self.cluster.client.cancel([before], force=True)
                self._send(call)

    @override
    def retire(self, future: Future[Any], reason: str) -> bool:
        assert isinstance(future, _Call)
        address, _ = future.heard or ("", None)
        if not address or not self.admitted.keys() - {address}:
            return False
        if address in self.admitted:  # a call that waited there may have started before it was retired
            self.refused[address] = f"{self.admitted.pop(address)}: {reason}"
            self.note(f"Worker no longer used: {self.refused[address]}")
            self.cluster.ask([address], dask_worker.offer, self._id, 0)
        return True

    @property
    @override
    def capacity(self) -> int:
        if time.monotonic() - self._looked > POLL:
            self.look()
        return len(self.admitted) * (1 + AHEAD)

    @override
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        call = _Call(next(self._numbers), pickle.dumps((fn, args, kwargs)))
        self._calls[call.number] = call
        call.add_done_callback(lambda _: self._forget(call))
        self._send(call)
        return call

    def _send(self, call: "_Call") -> None:
        key = f"{self._id}-{call.number}-{uuid.uuid4().hex[:8]}"
        call.sent = sent = self.cluster.client.submit(
            dask_worker.call, call.number, self._purpose, call.pickled,
            key=key, pure=False, retries=0, resources=self._resources,
        )  # fmt: skip
        sent.add_done_callback(lambda done: self._done(call, done))

    def _done(self, call: "_Call", sent: "DaskFuture") -> None:
        """Set the result of a call; runs in one of Dask's threads."""
        if call.sent is not sent or call.done():
            return
        from distributed import KilledWorker

        try:
            result = sent.result(timeout=FETCH)
        except KilledWorker as error:
            _end(call, DiedError(f"its worker died {error.allowed_failures + 1} times"))
        except BaseException as error:
            lost = LostError(f"--cluster {self.cluster.where}: the connection to the scheduler is lost.", CONTINUE)
            _end(call, lost if sent.status in ("cancelled", "lost") else error)
        else:
            with suppress(InvalidStateError):
                call.set_result(result)

    def _forget(self, call: "_Call") -> None:
        del self._calls[call.number]
        sent, call.sent = call.sent, None
        if sent is not None and sent.status == "pending":
            with suppress(Exception):
                sent.cancel(force=True)

    @override
    def progress(self, future: Future[Any]) -> Progress:
        assert isinstance(future, _Call)
        if future.heard is None:
            return Progress(begun=False)
        address, said = future.heard
        return Progress(True, str(self.admitted.get(address, address)), said)

    @override
    def stop(self) -> None:
        self.cluster.ask(self.admitted, dask_worker.stop, self._id)

    @override
    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Wait for the calls, or with `cancel_futures` cancel them now; then end the processes on the workers."""
        if cancel_futures:
            calls = list(self._calls.values())
            sent = [call.sent for call in calls if call.sent is not None]
            for call in calls:
                call.sent = None
            with suppress(Exception):
                self.cluster.client.cancel(sent, force=True)
        if wait:
            if not cancel_futures:
                wait_for(list(self._calls.values()))
            with suppress(Exception):
                self.cluster.client.unsubscribe_topic(self._id)
                self.cluster.ask(self.admitted, dask_worker.leave, self._id)


class _Call(Future[Any]):
    """A call, which outlives the Dask task that it was sent as."""

    def __init__(self, number: int, pickled: bytes) -> None:
        super().__init__()
        self.number, self.pickled = number, pickled
        self.sent: DaskFuture | None = None
        self.heard: tuple[str, Any] | None = None
        """The address of the worker that runs it, and its last message."""
        self.deaths = 0
        """The number of workers that died while running it."""


def _end(call: _Call, error: BaseException) -> None:
    with suppress(InvalidStateError):  # it has just ended in another way
        call.set_exception(error)
