"""The fork server of a sweep: Keras on one backend, for one kind of device."""

from collections.abc import Sequence

from mnist_lab import backends
from mnist_lab.executors import ProcessExecutor, Slot
from mnist_lab.sweeps.plan import PlannedRun

PRELOAD = ("mnist_lab.sweeps.preload",)


def server(run: PlannedRun) -> tuple[str, str]:
    """The backend and device that the run's server must have."""
    runtime = run.identity.config.runtime
    return str(runtime.backend), runtime.device


def executor_for(run: PlannedRun, slots: Sequence[Slot], *, timeout: float | None = None) -> ProcessExecutor:
    """An executor whose processes can train `run`, and every run with the same `server`."""
    return ProcessExecutor(slots, preload=PRELOAD, environment=backends.environment(*server(run)), timeout=timeout)
