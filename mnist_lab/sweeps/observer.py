"""The interface for following a sweep."""

from collections.abc import Sequence

from mnist_lab.sweeps.plan import PlannedRun
from mnist_lab.sweeps.schedule import Schedule
from mnist_lab.sweeps.worker import Outcome


class Observer:
    """Is notified of the events of a sweep; this base class ignores them."""

    def appraising(self) -> None:
        """Before networks are built and one is timed, to estimate the cost."""

    def planned(self, schedule: Schedule) -> None:
        """The plan is complete; training has not started."""

    def started(self, run: PlannedRun) -> None:
        """Before the process of a run starts."""

    def ended(self, run: PlannedRun, outcome: Outcome, seconds: float) -> None:
        """A run ended after this many seconds."""

    def tick(self, running: Sequence[PlannedRun]) -> None:
        """Called a few times per second; the runs' folders contain their progress."""

    def note(self, text: str) -> None:
        """A remark for the user."""
