"""The interface of trackers, and what they are told about a run."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from mnist_lab.config import Config
from mnist_lab.config.settings import settings
from mnist_lab.errors import MissingError
from mnist_lab.history import Record
from mnist_lab.runs import Run, RunFolder, formats

Scalar = float | int | str | bool

PREFIX = "mnist_lab."
"""Of the tags by which a run is found again."""
EPOCH = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds")
"""The values of an epoch that are reported."""


@dataclass(frozen=True)
class Subject:
    """A run, as it is known before its first epoch."""

    config: Config
    folder: RunFolder
    fingerprint: str
    dataset: str
    """The title of its data set."""
    started: float | None = None
    """When a finished run started, in seconds since 1970; None for now."""

    @classmethod
    def of(cls, run: Run) -> "Subject":
        """A finished run."""
        facts = run.measured
        return cls(run.config, run.folder, facts.run.fingerprint, facts.dataset.label, seconds(facts.run.started))

    @property
    def title(self) -> str:
        """For people: `ablation/nodes_256 seed 1`."""
        return f"{self.config.experiment} seed {self.config.seed}"

    @property
    def parameters(self) -> dict[str, Scalar]:
        """The seed, and all settings that can change the numbers, by their keys (`train.batch_size`)."""
        known = settings(self.config)
        found: dict[str, Scalar] = {"seed": self.config.seed}
        for path in self._with_value:
            value, several = known[path].value, known.get(f"{path}.count")
            found[path] = _plain((value,) * several.value if several and several.value > 1 else value)
        return found

    @property
    def main_parameters(self) -> dict[str, Scalar]:
        """The same without settings of the data that are left at their defaults, for tables."""
        known, every = settings(self.config), self.parameters
        kept = [path for path in self._with_value if path.startswith(("model.", "train.")) or not known[path].default]
        return {path: every[path] for path in ("seed", *kept)}

    @property
    def _with_value(self) -> list[str]:
        """The keys of settings that have a value; how often a number is repeated is no setting here."""
        known = settings(self.config).items()
        return [
            path
            for path, one in known
            if not path.endswith((".", ".count")) and one.value is not None and one.value != ()
        ]

    @property
    def tags(self) -> dict[str, str]:
        """By which it is found again; a repetition of the run has the same."""
        facts = {"run": self.folder.id, "experiment": str(self.config.experiment), "fingerprint": self.fingerprint}
        return {f"{PREFIX}{name}": value for name, value in facts.items()}


def seconds(time: str) -> float:
    """Seconds since 1970 until a time in ISO 8601."""
    return datetime.fromisoformat(time).timestamp()


def points(run: Run) -> Iterator[tuple[int, float, float]]:
    """The batch curve: training images so far, in all epochs, and loss and accuracy there; nothing if there is none."""
    try:
        arrays = formats.read_arrays(run.folder.path / "batches.npz")
    except MissingError:
        return
    images = run.measured.dataset.train
    for epoch, loss, accuracy in zip(*(arrays[name].tolist() for name in ("epoch", "loss", "accuracy")), strict=True):
        yield round(epoch * images), loss, accuracy


def numbers(run: Run) -> dict[str, float]:
    """The final numbers, by name; those that are not known are left out."""
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
    """The plots of the run, by name."""
    return {Path(name).stem: run.folder.path / name for name in run.folder.plots}


def confusion(run: Run) -> list[list[int]] | None:
    """Test images by true class (rows) and predicted class (columns); None if the run has no predictions."""
    try:
        return run.predictions.confusion(run.measured.dataset.classes).tolist()
    except MissingError:
        return None


class Tracker(ABC):
    """Is told about one run at a time: that it begins, each epoch, and how it ended.

    The methods may take long and raise whatever its library raises.
    """

    title: ClassVar[str]
    """For people."""

    @abstractmethod
    def has(self, run: Run) -> bool:
        """Whether it has been told all about this finished run."""

    @abstractmethod
    def begin(self, subject: Subject) -> None:
        """A run begins, or resumes; what was told about it before it was interrupted is dropped."""

    @abstractmethod
    def epoch(self, record: Record, at: float) -> None:
        """An epoch ended `at` this time, in seconds since 1970; a record of the run's history."""

    @abstractmethod
    def finish(self, run: Run) -> None:
        """The run is complete: its batch curve, pictures and final numbers."""

    @abstractmethod
    def abandon(self) -> None:
        """The run failed or was interrupted."""

    @abstractmethod
    def where(self) -> str:
        """Where to look at what it was told, for people."""


def _plain(value: Any) -> Scalar:
    """A value as trackers take it: lists as text."""
    return value if isinstance(value, bool | int | float | str) else ", ".join(map(str, value))
