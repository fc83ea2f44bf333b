"""The interface for following a search."""

from collections.abc import Sequence
from dataclasses import dataclass

from mnist_lab import sweeps
from mnist_lab.search.forecast import Forecast
from mnist_lab.search.record import Search, Trial


@dataclass(frozen=True)
class RunningTrial:
    """A trial that is being trained."""

    trial: Trial
    until: int
    """The epoch of its next rung or of its end."""
    running: sweeps.Running
    """Its progress."""


class Observer(sweeps.Observer):
    """Is notified of the events of a search; this base class ignores them.

    The events of a sweep are about the confirmation, except for `appraising` and `note`.
    """

    def begun(self, record: Search, forecast: Forecast) -> None:
        """React to a search that is about to begin, or to continue."""

    def running(self, trials: Sequence[RunningTrial]) -> None:
        """React to the state of the trials; called a few times per second while trials are trained."""

    def reported(self, trial: Trial, record: Search, left: float | None) -> None:
        """React to a trial that reached a rung or its end, failed or was refused; `left`: seconds left, if known."""

    def ended_search(self, record: Search) -> None:
        """React to the end of the search."""
