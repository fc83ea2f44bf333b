"""Sweeps on a Dask cluster: which workers can train the runs, and whether they share the results folder."""

import asyncio
import pickle
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from typing_extensions import override

from mnist_lab import backends, datasets
from mnist_lab.config.schema import Data
from mnist_lab.errors import DataError, InputError, reason
from mnist_lab.executors import CallExecutor
from mnist_lab.executors.dask import DaskCluster, DaskExecutor, Worker
from mnist_lab.executors.dask_worker import leave_file
from mnist_lab.sweeps.machine import Machine
from mnist_lab.sweeps.plan import PlannedRun
from mnist_lab.sweeps.worker import PRELOAD, Task, data_file
from mnist_lab.system.hardware import gpus
from mnist_lab.text.quantities import count

SAME = {"dask": "Dask", "distributed": "distributed", "keras": "Keras", "mnist-lab": "mnist-lab"}
"""The packages that need the same version everywhere, besides Python and the backend."""
PATIENCE = 60.0
"""Seconds without a usable worker after which the sweep gives up, unless it waits."""
POLL = 2.0
"""Seconds between checks for workers while there are none."""


class DaskMachine(Machine):
    """A Dask cluster.

    Args:
        where: as for `DaskCluster`.
        results: the results folder.
        data_dir: where to look for data sets first, here and on the workers.
        wait: whether to wait for workers without a time limit.

    Raises:
        InputError: there is no such cluster.
    """

    def __init__(self, where: str, results: Path, *, data_dir: Path | None = None, wait: bool = False) -> None:
        self.where = where
        self.results = results.absolute()
        self.data_dir = data_dir and data_dir.absolute()
        self.wait = wait
        self.cluster = DaskCluster(where)
        self._shared: bool | None = None

    @property
    @override
    def parallel(self) -> int:
        return len(self.cluster.workers())

    @override
    def executor(
        self, runs: Sequence[PlannedRun], *, timeout: float | None, note: Callable[[str], object]
    ) -> CallExecutor:
        backend, device = runs[0].server
        self.await_workers(note)
        with_gpu = device != "cpu" and any(worker.resources.get("GPU") for worker in self.cluster.workers().values())
        executor = DaskExecutor(
            self.cluster,
            partial(self._problems, runs, with_gpu or device == "gpu"),
            preload=PRELOAD,
            environment=backends.environment(backend, device),
            timeout=timeout,
            resources={"GPU": 1} if with_gpu else None,
            patience=None if self.wait else PATIENCE,
            note=note,
        )
        while not executor.admitted:
            if not self.wait:
                executor.shutdown(cancel_futures=True)
                reasons = "".join(f"\n  {each}" for each in executor.refused.values())
                raise InputError(f"--cluster {self.where}: no worker can train these runs.{reasons}")
            time.sleep(POLL)
            executor.look()
        return executor

    def await_workers(self, note: Callable[[str], object]) -> None:
        """Wait until there is a worker.

        Raises:
            InputError: there is none, and `wait` is false.
        """
        if self.cluster.workers():
            return
        if not self.wait:
            raise InputError(
                f"--cluster {self.where}: the scheduler has no workers.",
                "Start some with `dask worker ADDRESS`, or wait for them with --wait.",
            )
        note("The scheduler has no workers; waiting for one.")
        while not self.cluster.workers():
            time.sleep(POLL)

    def _problems(self, runs: Sequence[PlannedRun], gpu: bool, workers: Mapping[str, Worker]) -> dict[str, str]:
        """Return why workers cannot be used, by address, without the usable ones. See `Admission`."""
        problems = self._wrong_versions(workers, runs[0].server[0])
        if gpu:
            problems |= {
                address: "it declares no GPU (start it with `--resources GPU=1`); --device cpu uses all workers."
                for address, worker in workers.items()
                if not worker.resources.get("GPU")
            }
        fit = {address: worker for address, worker in workers.items() if address not in problems}
        needed = {run.identity.dataset_sha256: run.identity.config.data for run in runs}
        with self._token() as (token, secret):
            answers = self.cluster.ask(fit, look, token, secret, self.data_dir, needed)
        for address, answer in answers.items():
            if not isinstance(answer, Found):
                problems[address] = f"mnist-lab does not run there ({type(answer).__name__}: {answer})."
            elif answer.problem:
                problems[address] = answer.problem
            elif gpu and answer.gpus > workers[address].resources["GPU"]:
                problems[address] = (
                    f"it sees {count(answer.gpus, 'GPU')} and declares {workers[address].resources['GPU']:g}; "
                    "show it only its own: CUDA_VISIBLE_DEVICES=0 dask worker ..."
                )
        found = {address: answers[address] for address in fit if address not in problems}
        problems |= self._other_folders(found, workers)
        for sha256, data in needed.items():
            without = [address for address, answer in found.items() if sha256 in answer.missing]
            self._send_data(data, sha256, [address for address in without if address not in problems])
        return problems

    @contextmanager
    def _token(self) -> Iterator[tuple[Path, str]]:
        """Create a file in the results folder; yield its path and contents."""
        self.results.mkdir(parents=True, exist_ok=True)
        token, secret = self.results / f".shared-{secrets.token_hex(8)}", secrets.token_hex(16)
        try:
            token.write_text(secret, encoding="utf-8")
            yield token, secret
        finally:
            token.unlink(missing_ok=True)

    def _wrong_versions(self, workers: Mapping[str, Worker], backend: str) -> dict[str, str]:
        names = {"python": "Python"} | SAME | {backend: backend}
        versions = self.cluster.versions([*SAME, backend])
        here, scheduler = versions["client"], versions["scheduler"]
        for name in ("python", "dask", "distributed", "mnist-lab"):  # the scheduler unpickles what passes through it
            if scheduler.get(name) != here.get(name):
                raise InputError(
                    f"--cluster {self.where}: {names[name]} is {scheduler.get(name) or 'not installed'} on the "
                    f"scheduler and {here.get(name)} here.",
                    "Use the same versions on all machines.",
                )
        problems = {}
        for address in workers:
            there = versions.get(address, {})
            wrong = [
                f"{title} {there.get(name) or 'is missing'} (here {here.get(name)})"
                for name, title in names.items()
                if there.get(name) != here.get(name)
            ]
            if wrong:
                problems[address] = f"other versions: {', '.join(wrong)}."
        return problems

    def _other_folders(self, found: "Mapping[str, Found]", workers: Mapping[str, Worker]) -> dict[str, str]:
        """Return the workers that see the results folder although the first ones do not, or the other way round."""
        if self._shared is None and found:
            seeing = [str(workers[address]) for address, answer in found.items() if answer.shared]
            if 0 < len(seeing) < len(found):
                others = [str(workers[address]) for address, answer in found.items() if not answer.shared]
                raise InputError(
                    f"{self.results}: only some workers see this folder: {', '.join(seeing)}; not {', '.join(others)}.",
                    "Mount it on all at the same path, or choose a folder with --results that none of them sees.",
                )
            self._shared = bool(seeing)
        sees = "does not see" if self._shared else "sees"
        return {
            address: f"it {sees} {self.results}, unlike the others."
            for address, answer in found.items()
            if answer.shared != self._shared
        }

    def _send_data(self, data: Data, sha256: str, workers: Sequence[str]) -> None:
        """Send a data set to the workers that lack it."""
        if workers:
            content = pickle.dumps(datasets.load(data, self.data_dir), protocol=5)
            for answer in self.cluster.ask(workers, leave_file, data_file(sha256), content).values():
                if isinstance(answer, Exception):
                    raise answer

    @override
    def adapted(self, task: Task) -> Task:
        return replace(task.anywhere(), detached=not self._shared)

    @override
    def close(self) -> None:
        with suppress(OSError):
            self.results.rmdir()  # if it is empty
        self.cluster.close()


@dataclass(frozen=True)
class Found:
    """A worker's answer."""

    shared: bool
    """Whether it sees the client's results folder."""
    missing: tuple[str, ...]
    """The hashes of the data sets that it lacks."""
    gpus: int
    problem: str = ""


async def look(token: Path, secret: str, data_dir: Path | None, needed: Mapping[str, Data]) -> Found:
    """Return whether this worker sees the client's results folder, which `needed` data sets it lacks, and its GPUs.

    It sees the folder if the file `token` in it contains `secret`. Data sets are given by hash. This runs in a thread,
    so that the worker can answer other requests at the same time.
    """
    return await asyncio.to_thread(_look, token, secret, data_dir, needed)


def _look(token: Path, secret: str, data_dir: Path | None, needed: Mapping[str, Data]) -> Found:
    shared, problem = _sees(token, secret)
    missing = () if problem else tuple(sha for sha, data in needed.items() if not _has(data, data_dir, sha))
    return Found(shared, missing, len(gpus()), problem)


def _sees(token: Path, secret: str) -> tuple[bool, str]:
    """Return whether the folder of `token` is the client's, and if so, what is wrong with it."""
    try:
        if token.read_text(encoding="utf-8") != secret:
            return False, ""
    except OSError:
        return False, ""
    try:
        with tempfile.NamedTemporaryFile(dir=token.parent, prefix=f"{token.name}."):
            return True, ""
    except OSError as error:
        return True, f"it cannot write to {token.parent} ({reason(error)})."


def _has(data: Data, data_dir: Path | None, sha256: str) -> bool:
    try:
        return datasets.load(data, data_dir, download=False).sha256 == sha256
    except DataError:
        return False
