"""Where the runs of a sweep are trained: this machine, or a cluster."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from typing_extensions import override

from mnist_lab.executors import CallExecutor, Slot
from mnist_lab.sweeps.plan import PlannedRun
from mnist_lab.sweeps.worker import Task, executor_for


class Machine(ABC):
    """What `launch` needs to know of it."""

    @property
    @abstractmethod
    def parallel(self) -> int:
        """The number of runs at a time."""

    def await_workers(self, note: Callable[[str], object]) -> None:
        """Wait until something can be trained there, or raise InputError; before anything is prepared."""
        return

    @abstractmethod
    def executor(
        self, runs: Sequence[PlannedRun], *, timeout: float | None, note: Callable[[str], object]
    ) -> CallExecutor:
        """An executor for these runs, which have the same `server`.

        `timeout` is the seconds that each may take, None for no limit; `note` gets messages for the user.
        """

    def adapted(self, task: Task) -> Task:
        """The task as the machine needs it; called after `executor`."""
        return task

    def close(self) -> None:
        """Disconnect; nothing can be trained there any more."""
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
