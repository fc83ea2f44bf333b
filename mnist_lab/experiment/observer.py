"""The interface through which a run reports its progress."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from mnist_lab.backends import Backend
from mnist_lab.config.schema import Config
from mnist_lab.experiment.data import Splits
from mnist_lab.experiment.identity import Identity
from mnist_lab.history import Record
from mnist_lab.runs import Continued, Measured, RunFolder

if TYPE_CHECKING:
    from mnist_lab.models import Summary
    from mnist_lab.training import Progress


@dataclass(frozen=True)
class Plan:
    """The run that is about to be trained."""

    identity: Identity
    splits: Splits
    summary: "Summary"
    backend: Backend
    environment: Mapping[str, object]
    """The contents of `environment.json`."""
    epochs_done: int = 0
    """Epochs finished before an interruption, or by the run that this one continues; 0 for a new run."""
    continues: Continued | None = None
    """The finished run with fewer epochs that this one continues."""

    @property
    def config(self) -> Config:
        """The fully resolved configuration."""
        return self.identity.config

    @property
    def folder(self) -> RunFolder:
        """The folder to which the run is written."""
        return self.identity.folder


class Observer:
    """Is notified of the events of a run; this base class ignores them."""

    def preparing(self, text: str) -> None:
        """React to the start of a slow step, for example importing Keras."""

    def download(self, address: str, done: int, total: int | None) -> None:
        """React to a download of which `done` of `total` bytes have arrived; called many times a second."""

    def begun(self, plan: Plan) -> None:
        """React to the start of training."""

    def batch(self, progress: "Progress") -> None:
        """React to some finished steps of an epoch; called up to ten times a second."""

    def epoch(self, record: Record, epochs: int) -> None:
        """React to a finished epoch, one of `epochs`."""

    def stops(self) -> bool:
        """Return whether to stop after this epoch, with a checkpoint, as if interrupted."""
        return False

    def done(self, measured: Measured) -> None:
        """React to a run that is complete except for `metrics.json`, which will contain `measured`."""

    def note(self, text: str) -> None:
        """Take a remark for the log."""


class Observers(Observer):
    """Notifies several observers of every event."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self.observers = observers
        for event in ("preparing", "download", "begun", "batch", "epoch", "done", "note"):
            setattr(self, event, partial(self._notify, event))

    def _notify(self, event: str, *facts: Any) -> None:
        for observer in self.observers:
            getattr(observer, event)(*facts)

    @override
    def stops(self) -> bool:
        return any(observer.stops() for observer in self.observers)
