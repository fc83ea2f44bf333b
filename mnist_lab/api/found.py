"""`Found`, what a search has found, for Python users: the best configuration, all trials and the confirmation."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from mnist_lab import config
from mnist_lab.api.study import Study, frame_of
from mnist_lab.search import Search
from mnist_lab.text.quantities import count

if TYPE_CHECKING:
    import pandas


class Found:
    """What a search has found.

    Attributes:
        record: all of it, as `search.json` has it.
        best: the configuration of the best trial, which `run` takes.
        study: the comparison of the best trials with the base on the test images, over fresh seeds; None if nothing
            was confirmed.
        files: what was written.
    """

    def __init__(self, record: Search, best: config.Config, study: Study | None, files: Sequence[Path]) -> None:
        self.record = record
        self.best = best
        self.study = study
        self.files = tuple(files)

    def table(self) -> list[dict[str, Any]]:
        """A row for each trial: its number, state and values, its validation numbers and its size."""
        names = [each.name for each in self.record.space]
        return [
            {
                "trial": trial.number,
                "state": trial.state,
                **{name: trial.values.get(name) for name in names},
                "val_accuracy": trial.measured("val_accuracy"),
                "val_loss": trial.measured("val_loss"),
                "parameters": trial.parameters,
                "epochs": trial.epochs,
                "seconds": trial.seconds,
            }
            for trial in self.record.trials
        ]

    def frame(self) -> "pandas.DataFrame":
        """The same as a data frame.

        Raises:
            SetupError: pandas is not installed.
        """
        return frame_of(self.table())

    @override
    def __repr__(self) -> str:
        record, trial = self.record, self.record.best_trial
        best = f", best trial {trial.number} with {record.watched.measure} {record.value(trial)}" if trial else ""
        return f"Found({self.record.name}: {count(len(self.record.trials), 'trial')}{best})"
