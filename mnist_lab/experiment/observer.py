"""Who is told what a run does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from typing_extensions import override

from mnist_lab.config.schema import Config
from mnist_lab.runs import Measured, RunFolder

if TYPE_CHECKING:
    from mnist_lab.backends import Backend
    from mnist_lab.experiment.data import Splits
    from mnist_lab.history import Record
    from mnist_lab.models import Summary
    from mnist_lab.training import Progress


@dataclass(frozen=True)
class Plan:
    """What is about to be trained."""

    config: Config
    folder: RunFolder
    splits: "Splits"
    summary: "Summary"
    backend: "Backend"
    epochs_done: int
    """Epochs that an interrupted run had finished; 0 for a new one."""


class Observer:
    """Is told what happens and does nothing about it; subclasses do."""

    def preparing(self, text: str) -> None:
        """Something takes a while, for example importing Keras or a download."""

    def download(self, address: str, done: int, total: int | None) -> None:
        """So many bytes of a file of the data set have arrived; comes many times a second."""

    def begun(self, plan: Plan) -> None:
        """Training is about to begin."""

    def batch(self, progress: "Progress") -> None:
        """Some steps of an epoch are done; comes a few times a second."""

    def epoch(self, record: "Record", epochs: int) -> None:
        """An epoch of `epochs` is done."""

    def stops(self) -> bool:
        """Whether training is to stop after this epoch, with a checkpoint, as if interrupted."""
        return False

    def done(self, measured: Measured) -> None:
        """The run is complete; `measured` is what `metrics.json` is about to say, the last file to be written."""

    def note(self, text: str) -> None:
        """Something a reader of the log should know."""


class Observers(Observer):
    """Tells several."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self.observers = observers

    @override
    def preparing(self, text: str) -> None:
        for observer in self.observers:
            observer.preparing(text)

    @override
    def download(self, address: str, done: int, total: int | None) -> None:
        for observer in self.observers:
            observer.download(address, done, total)

    @override
    def begun(self, plan: Plan) -> None:
        for observer in self.observers:
            observer.begun(plan)

    @override
    def batch(self, progress: "Progress") -> None:
        for observer in self.observers:
            observer.batch(progress)

    @override
    def epoch(self, record: "Record", epochs: int) -> None:
        for observer in self.observers:
            observer.epoch(record, epochs)

    @override
    def stops(self) -> bool:
        return any(observer.stops() for observer in self.observers)

    @override
    def done(self, measured: Measured) -> None:
        for observer in self.observers:
            observer.done(measured)

    @override
    def note(self, text: str) -> None:
        for observer in self.observers:
            observer.note(text)
