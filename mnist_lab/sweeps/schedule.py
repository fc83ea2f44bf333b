"""What a plan costs, and how it is divided among the parts of the machine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnist_lab.executors import Slot, divide
from mnist_lab.sweeps.appraisal import Appraisal
from mnist_lab.sweeps.plan import Plan, PlannedRun


@dataclass(frozen=True)
class Schedule:
    """A plan with its costs."""

    plan: Plan
    notes: tuple[str, ...]
    """What people should know of the sweep's files, data and finished runs."""
    slots: tuple[Slot, ...]
    """The parts of the machine; a run at a time in each."""
    costs: Mapping[PlannedRun, Appraisal]
    """Of each run that is to do."""

    @property
    def seconds(self) -> float:
        """An estimate of how long it will take."""
        return sum(cost.seconds for cost in self.costs.values()) / len(self.slots)

    @property
    def bytes(self) -> int:
        """An estimate of the disk space that it will take."""
        return sum(cost.bytes for cost in self.costs.values())

    @property
    def problems(self) -> list[str]:
        """Of the networks that are too large for this machine; their runs will fail."""
        return list(dict.fromkeys(cost.problem for cost in self.costs.values() if cost.problem))

    @property
    def longest_first(self) -> list[PlannedRun]:
        """What is to do in the order in which it had better start: no long run is left when all others are done."""
        return sorted(self.plan.todo, key=lambda run: -self.costs[run].seconds)


def slots_for(todo: Sequence[PlannedRun], *, jobs: int | None = None) -> list[Slot]:
    """Divide the machine among the runs of `todo`: `jobs` at a time, or as many as suit it and the threads they ask."""
    threads = max((run.identity.config.runtime.threads or 0 for run in todo), default=0) or None
    gpus = any(run.identity.config.runtime.device != "cpu" for run in todo)
    return divide(jobs, runs=max(1, len(todo)), device="auto" if gpus else "cpu", threads=threads)
