"""The interface for following a search."""

from mnist_lab import sweeps
from mnist_lab.search.forecast import Forecast
from mnist_lab.search.record import Search, Trial


class Observer(sweeps.Observer):
    """Is notified of the events of a search; this base class ignores them.

    `started`, `tick` and `note` are about trials until `ended_search`; all events of a sweep after it are about the
    confirmation.
    """

    def begun(self, record: Search, forecast: Forecast) -> None:
        """The search is about to begin, or to go on."""

    def moved(self, trial: Trial, record: Search, left: float | None) -> None:
        """A trial has reached a rung or its end, has failed or was refused; `left` are seconds, as far as known."""

    def ended_search(self, record: Search) -> None:
        """The search has ended."""
