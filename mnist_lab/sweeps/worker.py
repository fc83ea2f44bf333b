"""Trains one run of a sweep in its own process, forked from a server that has imported Keras."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from typing_extensions import override

from mnist_lab import backends, experiment
from mnist_lab.config import Config
from mnist_lab.errors import BusyError, MachineError, MnistLabError, NoRoomError
from mnist_lab.executors import ProcessExecutor, Slot
from mnist_lab.experiment import Observer
from mnist_lab.experiment import Plan as RunPlan
from mnist_lab.sweeps.plan import PlannedRun
from mnist_lab.system import streams

_PRELOAD = ("mnist_lab.sweeps.preload",)


@dataclass(frozen=True)
class Task:
    """One run to train; it stops after the current epoch once the file `stop` exists."""

    config: Config
    results: Path
    data_dir: Path | None
    force: bool
    stop: Path


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    kind: Literal["done", "failed", "busy", "stopped", "no_room"]
    reason: str = ""


def executor_for(run: PlannedRun, slots: Sequence[Slot], *, timeout: float | None = None) -> ProcessExecutor:
    """An executor whose processes can train `run`, and every run with the same `server`."""
    return ProcessExecutor(slots, preload=_PRELOAD, environment=backends.environment(*run.server), timeout=timeout)


def work(task: Task) -> Outcome:
    """Run `task`; however it ends, unless the process is killed, there is an outcome."""
    streams.redirect(Path(os.devnull))
    try:
        experiment.run(
            task.config,
            results=task.results,
            data_dir=task.data_dir,
            force=task.force,
            observer=_InTheBackground(task.stop),
        )
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


class _InTheBackground(Observer):
    """Redirects output of libraries to the run's log, and stops after an epoch on request."""

    def __init__(self, stop: Path) -> None:
        self._stop = stop

    @override
    def begun(self, plan: RunPlan) -> None:
        streams.redirect(plan.folder.path / "log.txt")

    @override
    def stops(self) -> bool:
        return self._stop.exists()
