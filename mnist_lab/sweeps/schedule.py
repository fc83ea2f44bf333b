"""The schedule of a plan: estimated costs, order, and the shares of the machine."""

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
    """Remarks about the sweep's files, data and finished runs."""
    parallel: int
    """The number of runs at a time."""
    costs: Mapping[PlannedRun, Appraisal]
    """The estimated cost of each run to train."""

    @property
    def seconds(self) -> float:
        """Estimated wall-clock time in seconds."""
        return sum(cost.seconds for cost in self.costs.values()) / max(1, self.parallel)

    @property
    def basis(self) -> str:
        """The basis of the estimated time, in words."""
        bases = {cost.basis for cost in self.costs.values()}
        known = {"runs": "finished runs on this machine", "timing": "a short benchmark"}
        return " and ".join(text for basis, text in known.items() if basis in bases)

    @property
    def bytes(self) -> int:
        """Estimated disk space in bytes."""
        return sum(cost.bytes for cost in self.costs.values())

    @property
    def problems(self) -> list[str]:
        """Messages about networks that are too large for this machine; their runs will fail."""
        return list(dict.fromkeys(cost.problem for cost in self.costs.values() if cost.problem))

    @property
    def longest_first(self) -> list[PlannedRun]:
        """The runs to train, longest first, which keeps all slots busy until the end."""
        return sorted(self.plan.todo, key=lambda run: -self.costs[run].seconds)


def slots_for(todo: Sequence[PlannedRun], *, jobs: int | None = None) -> list[Slot]:
    """Divide the machine among the runs in `todo`: `jobs` in parallel, or as many as its processors allow."""
    threads = max((run.identity.config.runtime.threads or 0 for run in todo), default=0) or None
    gpus = any(run.identity.config.runtime.device != "cpu" for run in todo)
    return divide(jobs, runs=max(1, len(todo)), device="auto" if gpus else "cpu", threads=threads)
