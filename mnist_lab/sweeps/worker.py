"""Trains one run of a sweep in its own process, forked from a server that has imported Keras."""

import os
import pickle
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

from typing_extensions import override

from mnist_lab import backends, datasets, experiment
from mnist_lab.config import Config
from mnist_lab.errors import BusyError, ConfigError, MachineError, MnistLabError, NoRoomError
from mnist_lab.executors import ProcessExecutor, Slot, left, say, stopping
from mnist_lab.experiment import Observer
from mnist_lab.experiment import Plan as RunPlan
from mnist_lab.history import Record, column, training_seconds
from mnist_lab.runs import RunFolder, across_machines
from mnist_lab.system import streams

Limits = Mapping[str, int]
"""The largest value of `parameters` and of `multiply_adds` (for one image)."""
PRELOAD = ("mnist_lab.sweeps.preload",)


@dataclass(frozen=True)
class Task:
    """One run to train."""

    config: Config
    results: Path
    data_dir: Path | None
    force: bool
    folder: Path
    """The run's folder, below `results`."""
    remote: bool = False
    """Whether other machines may train it, too."""
    detached: bool = False
    """Whether to train it in a temporary folder, because `results` does not exist here; the outcome has its files."""
    before: bytes = b""
    """The archive of the interrupted run to resume, if the run is detached."""
    dataset_sha256: str = ""
    """The hash of its data set, under which it may have been left for the executor's calls; else empty."""
    until: int | None = None
    """The epoch at which to leave the run, neither tested nor finished; None trains it to its end."""
    limits: Limits = field(default_factory=dict)
    """The limits of the network's size; a larger one is refused before it is trained."""
    seconds: float | None = None
    """Limit on seconds of training over all sessions; the epoch that exceeds it is the last, with a checkpoint."""

    def anywhere(self) -> "Task":
        """Return the task for a process on another machine."""
        data_dir = self.data_dir and self.data_dir.absolute()
        results, folder = self.results.absolute(), self.folder.absolute()
        return replace(self, results=results, folder=folder, data_dir=data_dir, remote=True)


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    kind: Literal["done", "failed", "busy", "stopped", "no_room", "refused"]
    reason: str = ""
    archive: bytes = b""
    """The run folder, if the run was detached."""
    sizes: Mapping[str, int | None] = field(default_factory=dict)
    """The size of the network, with the keys of `Limits`; empty if it was not built."""


TIMED_OUT = "Stopped at its time limit (--timeout); the next attempt resumes from the last checkpoint."


def terminated(error: BaseException) -> str:
    """Return the reason for the failure of a run whose process ended without an outcome."""
    code = getattr(error, "exitcode", None)
    how = type(error).__name__ if code is None else f"signal {-code}" if code < 0 else f"exit code {code}"
    return f"Its process terminated unexpectedly ({how}): killed, or out of memory."


def executor_for(server: tuple[str, str], slots: Sequence[Slot], *, timeout: float | None = None) -> ProcessExecutor:
    """Return an executor whose processes can train every run with this `server`."""
    return ProcessExecutor(slots, preload=PRELOAD, environment=backends.environment(*server), timeout=timeout)


def work(task: Task) -> Outcome:
    """Train a run; there is always an outcome, unless the process is killed."""
    streams.redirect(Path(os.devnull))
    if not task.detached:
        with across_machines() if task.remote else nullcontext():
            return _trained(task, task.results)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        results = Path(temporary)
        folder = RunFolder(results / task.folder.relative_to(task.results))
        try:
            if task.before:
                folder.unpack(task.before)
            outcome = _trained(task, results)
            archive = folder.packed() if folder.begun else b""
        except OSError as error:
            return Outcome("no_room", str(MachineError.of(error)))
        return replace(outcome, reason=outcome.reason.replace(temporary, str(task.results)), archive=archive)


def _trained(task: Task, results: Path) -> Outcome:
    observer = _WorkerObserver(task)
    return replace(_tried(task, results, observer), sizes=observer.sizes)


def _tried(task: Task, results: Path, observer: "_WorkerObserver") -> Outcome:
    where = {"results": results, "data_dir": task.data_dir, "dataset": _left(task.dataset_sha256), "observer": observer}
    try:
        if task.until is None:
            experiment.run(task.config, force=task.force, **where)
        else:
            experiment.advance(task.config, until=task.until, **where)
    except _LimitError as error:
        return Outcome("refused", str(error))
    except BusyError as error:
        return Outcome("busy", str(error))
    except NoRoomError as error:
        return Outcome("no_room", str(error))
    except KeyboardInterrupt:
        return Outcome("stopped")
    except MnistLabError as error:
        return Outcome("failed", str(error))
    except MemoryError:
        return Outcome("failed", "Out of memory.")
    except OSError as error:
        return Outcome("failed", str(MachineError.of(error)))
    except Exception as error:
        return Outcome("failed", f"{type(error).__name__}: {error}")
    return Outcome("done")


def _left(sha256: str) -> datasets.Dataset | None:
    """Return the data set with this hash, if it was left for the calls on this machine."""
    folder = left()
    if not sha256 or folder is None or not (file := folder / data_file(sha256)).is_file():
        return None
    return pickle.loads(file.read_bytes())


def data_file(sha256: str) -> str:
    """Return the file name under which a data set is left."""
    return f"{sha256}.pickle"


def progress_of(history: Sequence[Record]) -> dict[str, Any]:
    """Return the progress of a run after these epochs, with the keys of `Running`."""
    last = history[-1]
    return {
        "epoch": last["epoch"],
        "accuracy": last.get("val_accuracy", last["accuracy"]),
        "epoch_seconds": fmean(record["seconds"] for record in history),
    }


class _LimitError(ConfigError):
    """The network is larger than allowed."""


class _WorkerObserver(Observer):
    """Redirects library output to the run's log, reports epochs, and stops after an epoch on request or at a limit."""

    def __init__(self, task: Task) -> None:
        self.sizes: dict[str, int | None] = {}
        self._task = task
        self._folder: RunFolder | None = None
        self._records: list[Record] = []

    @override
    def begun(self, plan: RunPlan) -> None:
        summary = plan.summary
        self.sizes = {"parameters": summary.parameters.total, "multiply_adds": summary.multiply_adds}
        for name, most in self._task.limits.items():
            if (size := self.sizes[name] or 0) > most:
                raise _LimitError(f"{size:,} {name.replace('_', '-')} (limit {most:,}).")
        streams.redirect(plan.folder.path / "log.txt")
        say({"epoch": plan.epochs_done})
        self._folder = plan.folder
        if self._too_long():  # its process was killed before it could report that
            raise KeyboardInterrupt

    @override
    def epoch(self, record: Record, epochs: int) -> None:
        self._records.append(record)
        say(progress_of(self._records))

    @override
    def stops(self) -> bool:
        return stopping() or self._too_long()

    def _too_long(self) -> bool:
        """Return whether training took longer than allowed; False for a diverged run, which fails for that reason."""
        if self._task.seconds is None or self._folder is None:
            return False
        history = self._folder.read_history()
        diverged = not all(map(isfinite, column(history, "loss")[-1:]))
        return not diverged and training_seconds(history) > self._task.seconds
