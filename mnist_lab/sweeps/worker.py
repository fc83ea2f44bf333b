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
    """Whether to train it in a temporary folder, because `results` is not there; the outcome has its files."""
    before: bytes = b""
    """The archive of the interrupted run to resume, if the run is detached."""
    dataset_sha256: str = ""
    """The hash of its data set, if that may have been left for the executor's calls under this name."""
    until: int | None = None
    """The epoch at which to leave the run, neither tested nor finished; None trains it to its end."""
    limits: Limits = field(default_factory=dict)
    """What the network may have at most; one that has more is refused before it is trained."""
    seconds: float | None = None
    """Stop, with a checkpoint, after the epoch with which the training has taken longer, over all its sessions."""

    def anywhere(self) -> "Task":
        """The same for a process on another machine."""
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
    """The size of the network by the names of `Limits`, if it was built."""


TIMED_OUT = "Stopped at its time limit (--timeout); the next attempt resumes from the last checkpoint."


def terminated(error: BaseException) -> str:
    """What became of a run whose process has ended without an outcome."""
    code = getattr(error, "exitcode", None)
    how = type(error).__name__ if code is None else f"signal {-code}" if code < 0 else f"exit code {code}"
    return f"Its process terminated unexpectedly ({how}): killed, or out of memory."


def executor_for(server: tuple[str, str], slots: Sequence[Slot], *, timeout: float | None = None) -> ProcessExecutor:
    """An executor whose processes can train every run with this `server`."""
    return ProcessExecutor(slots, preload=PRELOAD, environment=backends.environment(*server), timeout=timeout)


def work(task: Task) -> Outcome:
    """Run `task`; however it ends, unless the process is killed, there is an outcome."""
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
    observer = _InTheBackground(task)
    return replace(_tried(task, results, observer), sizes=observer.sizes)


def _tried(task: Task, results: Path, observer: "_InTheBackground") -> Outcome:
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
    """The data set with this hash, if it was left for the calls on this machine."""
    folder = left()
    if not sha256 or folder is None or not (file := folder / data_file(sha256)).is_file():
        return None
    return pickle.loads(file.read_bytes())


def data_file(sha256: str) -> str:
    """The name under which a data set is left."""
    return f"{sha256}.pickle"


def progress_of(history: Sequence[Record]) -> dict[str, Any]:
    """How far a run is after these epochs, by the names of `Running`."""
    last = history[-1]
    return {
        "epoch": last["epoch"],
        "accuracy": last.get("val_accuracy", last["accuracy"]),
        "epoch_seconds": fmean(record["seconds"] for record in history),
    }


class _LimitError(ConfigError):
    """The network is larger than allowed."""


class _InTheBackground(Observer):
    """Redirects output of libraries to the run's log, reports epochs, and stops after one on request or at a limit."""

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
                raise _LimitError(f"{size:,} {name.replace('_', '-')}, more than {most:,}.")
        streams.redirect(plan.folder.path / "log.txt")
        say({"epoch": plan.epochs_done})
        self._folder = plan.folder
        if self._too_long():  # its process was killed before it could say so
            raise KeyboardInterrupt

    @override
    def epoch(self, record: Record, epochs: int) -> None:
        self._records.append(record)
        say(progress_of(self._records))

    @override
    def stops(self) -> bool:
        return stopping() or self._too_long()

    def _too_long(self) -> bool:
        """Whether the training has taken longer than allowed; one that has diverged fails for that reason."""
        if self._task.seconds is None or self._folder is None:
            return False
        history = self._folder.read_history()
        diverged = not all(map(isfinite, column(history, "loss")[-1:]))
        return not diverged and training_seconds(history) > self._task.seconds
