"""The interface of trackers, and what they log about a run."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from mnist_lab.config import Config
from mnist_lab.config.settings import settings
from mnist_lab.errors import MissingError
from mnist_lab.history import Record
from mnist_lab.runs import Run, RunFolder, formats

Scalar = float | int | str | bool

PREFIX = "mnist_lab."
"""Prefix of the tags by which a run is found again."""
_EPOCH = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds")
"""The values of an epoch that are logged."""


@dataclass(frozen=True)
class Subject:
    """A run, as it is known before its first epoch."""

    config: Config
    folder: RunFolder
    fingerprint: str
    dataset: str
    """The title of its data set."""
    started: float | None = None
    """Unix time at which a finished run started; None for now."""

    @classmethod
    def of(cls, run: Run) -> "Subject":
        """Return the subject for a finished run."""
        facts = run.measured
        return cls(run.config, run.folder, facts.run.fingerprint, facts.dataset.label, seconds(facts.run.started))

    @property
    def title(self) -> str:
        """Title for people: `ablation/nodes_256 seed 1`."""
        return f"{self.config.experiment} seed {self.config.seed}"

    def parameters(self, *, main: bool = False) -> dict[str, Scalar]:
        """Return the seed and all settings that can change the numbers, by their keys (`train.batch_size`).

        Args:
            main: without defaults, except those of the model and the training, for tables.
        """
        known = settings(self.config)
        found: dict[str, Scalar] = {"seed": self.config.seed}
        for path, one in known.items():
            if path.endswith((".", ".count")) or one.value is None or one.value == ():
                continue  # how often a number is repeated is not a setting here
            if main and one.default and not path.startswith(("model.", "train.")):
                continue
            several = known.get(f"{path}.count")
            value = (one.value,) * several.value if several and several.value > 1 else one.value
            found[path] = value if isinstance(value, bool | int | float | str) else ", ".join(map(str, value))
        return found

    @property
    def tags(self) -> dict[str, str]:
        """Tags by which the run is found again; a repetition has the same."""
        facts = {"run": self.folder.id, "experiment": str(self.config.experiment), "fingerprint": self.fingerprint}
        return {f"{PREFIX}{name}": value for name, value in facts.items()}


def seconds(time: str) -> float:
    """Return the Unix time of an ISO 8601 timestamp."""
    return datetime.fromisoformat(time).timestamp()


def of_epoch(record: Record) -> list[tuple[str, float, int]]:
    """Return the known numbers of an epoch: name, value and epoch of each."""
    return [(f"epoch/{name}", record[name], record["epoch"]) for name in _EPOCH if record.get(name) is not None]


def of_run(run: Run) -> Iterator[tuple[str, float, int]]:
    """Yield the batch curve, if there is one, by the number of training images seen; then the final numbers."""
    with suppress(MissingError):
        arrays = formats.read_arrays(run.folder.path / "batches.npz")
        curve = zip(*(arrays[name].tolist() for name in ("epoch", "loss", "accuracy")), strict=True)
        for epoch, loss, accuracy in curve:
            images = round(epoch * run.measured.dataset.train)
            yield "batch/loss", loss, images
            yield "batch/accuracy", accuracy, images
    for name, value in numbers(run).items():
        yield name, value, run.measured.epochs


def numbers(run: Run) -> dict[str, float]:
    """Return the final numbers by name, without unknown ones."""
    measured, test = run.measured, run.measured.test
    found = {
        "test/accuracy": test.accuracy,
        "test/accuracy_ci95_low": test.ci95[0],
        "test/accuracy_ci95_high": test.ci95[1],
        "test/loss": test.loss,
        "test/wrong": test.wrong,
        "final/accuracy": measured.train.accuracy,
        "final/val_accuracy": measured.validation_accuracy,
        "final/saved_epoch": measured.best.epoch,
        "final/parameters": measured.parameters.total,
        "final/seconds": measured.seconds.total,
    }
    return {name: value for name, value in found.items() if value is not None}


def pictures(run: Run) -> dict[str, Path]:
    """Return the plots of the run by name."""
    return {Path(name).stem: run.folder.path / name for name in run.folder.plots}


def confusion(run: Run) -> list[list[int]] | None:
    """Count test images by true class (rows) and predicted class (columns); None if the run has no predictions."""
    try:
        return run.predictions.confusion(run.measured.dataset.classes).tolist()
    except MissingError:
        return None


class Tracker(ABC):
    """Logs one run at a time: its start, each epoch, and its end.

    The methods may take long and raise any error of the tracker's library.
    """

    title: ClassVar[str]
    """Name for people."""

    @abstractmethod
    def has(self, run: Run) -> bool:
        """Return whether this finished run has been logged completely."""

    @abstractmethod
    def begin(self, subject: Subject) -> None:
        """Log that a run begins or resumes; drop what was logged before it was interrupted."""

    @abstractmethod
    def epoch(self, record: Record, at: float) -> None:
        """Log an epoch, a record of the run's history, which ended `at` this Unix time."""

    @abstractmethod
    def finish(self, run: Run) -> None:
        """Log the batch curve, pictures and final numbers of the complete run."""

    @abstractmethod
    def abandon(self) -> None:
        """Log that the run failed or was interrupted."""

    @abstractmethod
    def where(self) -> str:
        """Return how to look at what was logged, for people."""
