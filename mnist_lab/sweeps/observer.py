"""The interface for following a sweep."""

from collections.abc import Sequence
from dataclasses import dataclass

from mnist_lab.sweeps.plan import PlannedRun
from mnist_lab.sweeps.schedule import Schedule
from mnist_lab.sweeps.worker import Outcome


@dataclass(frozen=True)
class Running:
    """A run that is being trained."""

    run: PlannedRun
    seconds: float
    """Seconds since the run started."""
    worker: str = ""
    """The worker of the cluster that trains it."""
    epoch: int = 0
    """Number of completed epochs."""
    accuracy: float | None = None
    """Accuracy of the last epoch, on the validation images if there are any."""
    epoch_seconds: float = 0.0
    """Mean duration of an epoch."""


class Observer:
    """Is notified of the events of a sweep; this base class ignores them."""

    def appraising(self) -> None:
        """React to the start of the estimate, for which networks are built and one is timed."""

    def planned(self, schedule: Schedule) -> None:
        """React to the complete plan; training has not started."""

    def started(self, run: PlannedRun) -> None:
        """React to the start of a run."""

    def ended(self, run: PlannedRun, outcome: Outcome, seconds: float) -> None:
        """React to the end of a run after this many seconds."""

    def tick(self, running: Sequence[Running]) -> None:
        """React to the state of the runs in progress; called a few times a second."""

    def note(self, text: str) -> None:
        """Take a remark for the user."""
