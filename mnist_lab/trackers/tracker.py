"""The interface of trackers, and what they are told about a run."""

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
"""Of the tags by which a run is found again."""
_EPOCH = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds")
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

    def parameters(self, *, main: bool = False) -> dict[str, Scalar]:
        """The seed, and all settings that can change the numbers, by their keys (`train.batch_size`).

        Args:
            main: without settings of the data that are left at their defaults, for tables.
        """
        known = settings(self.config)
        found: dict[str, Scalar] = {"seed": self.config.seed}
        for path, one in known.items():
            if path.endswith((".", ".count")) or one.value is None or one.value == ():
                continue  # how often a number is repeated is no setting here
            if main and one.default and not path.startswith(("model.", "train.")):
                continue
            several = known.get(f"{path}.count")
            value = (one.value,) * several.value if several and several.value > 1 else one.value
            found[path] = value if isinstance(value, bool | int | float | str) else ", ".join(map(str, value))
        return found

    @property
    def tags(self) -> dict[str, str]:
        """By which it is found again; a repetition of the run has the same."""
        facts = {"run": self.folder.id, "experiment": str(self.config.experiment), "fingerprint": self.fingerprint}
        return {f"{PREFIX}{name}": value for name, value in facts.items()}


def seconds(time: str) -> float:
    """Seconds since 1970 until a time in ISO 8601."""
    return datetime.fromisoformat(time).timestamp()


def of_epoch(record: Record) -> list[tuple[str, float, int]]:
    """What is known of an epoch: the name of each number, its value, and the epoch."""
    return [(f"epoch/{name}", record[name], record["epoch"]) for name in _EPOCH if record.get(name) is not None]


def of_run(run: Run) -> Iterator[tuple[str, float, int]]:
    """The batch curve, if there is one, with the training images so far in all epochs; then the final numbers."""
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
