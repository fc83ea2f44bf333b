"""Who follows a sweep."""

from collections.abc import Sequence

from mnist_lab.sweeps.plan import PlannedRun
from mnist_lab.sweeps.schedule import Schedule
from mnist_lab.sweeps.worker import Outcome


class Observer:
    """Is told how a sweep goes and does nothing about it; subclasses do."""

    def appraising(self) -> None:
        """Networks are about to be built, and one to be timed, to learn what the sweep will cost."""

    def planned(self, schedule: Schedule) -> None:
        """What there is to do is known; nothing was trained yet."""

    def started(self, run: PlannedRun) -> None:
        """A run's process is about to start."""

    def ended(self, run: PlannedRun, outcome: Outcome, seconds: float) -> None:
        """A run ended after so many seconds."""

    def tick(self, running: Sequence[PlannedRun]) -> None:
        """Comes a few times a second; the runs' folders say how far each is."""

    def note(self, text: str) -> None:
        """Something that people should know."""
