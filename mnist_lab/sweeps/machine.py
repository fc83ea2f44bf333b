"""Where the runs of a sweep are trained: this machine, or a cluster."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from typing_extensions import override

from mnist_lab.executors import CallExecutor, Slot
from mnist_lab.sweeps.plan import PlannedRun
from mnist_lab.sweeps.worker import Task, executor_for


class Machine(ABC):
    """A place to train runs, as `launch` sees it."""

    @property
    @abstractmethod
    def parallel(self) -> int:
        """The number of runs at a time."""

    def await_workers(self, note: Callable[[str], object]) -> None:
        """Wait until something can be trained, or raise InputError; called before anything is prepared."""
        return

    @abstractmethod
    def executor(
        self, runs: Sequence[PlannedRun], *, timeout: float | None, note: Callable[[str], object]
    ) -> CallExecutor:
        """Return an executor for these runs, which have the same `server`.

        `timeout` is how many seconds each may take, None for no limit; `note` receives messages for the user.
        """

    def adapted(self, task: Task) -> Task:
        """Return the task as the machine needs it; called after `executor`."""
        return task

    def close(self) -> None:
        """Disconnect; nothing more can be trained."""
        return


class ThisMachine(Machine):
    """The machine of this process, divided into slots."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        self.slots = tuple(slots)

    @property
    @override
    def parallel(self) -> int:
        return len(self.slots)

    @override
    def executor(
        self, runs: Sequence[PlannedRun], *, timeout: float | None, note: Callable[[str], object]
    ) -> CallExecutor:
        return executor_for(runs[0].server, self.slots, timeout=timeout)
