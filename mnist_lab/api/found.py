"""`Found`, what a search has found, for Python users: the best configuration, all trials and the confirmation."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from mnist_lab import config
from mnist_lab.api.study import Study, frame_of
from mnist_lab.search import Search
from mnist_lab.text.quantities import count

if TYPE_CHECKING:
    import pandas


@dataclass(eq=False, repr=False)
class Found:
    """What a search has found."""

    record: Search
    """All of it, as `search.json` has it."""
    best: config.Config
    """The configuration of the best trial, which `run` takes."""
    study: Study | None
    """The comparison of the best trials with the base on the test images, over new seeds; None if nothing was
    confirmed."""
    files: tuple[Path, ...]
    """What was written."""

    @property
    def findings(self) -> tuple[str, ...]:
        """What came of it, in sentences: the best, the verdict on it, and how many trials there were."""
        from mnist_lab.search.presentation import wording

        sentences = (wording.outcome, wording.confirmed, wording.optimism, wording.tried, wording.progress)
        return tuple(text for sentence in sentences if (text := sentence(self.record)))

    def table(self) -> list[dict[str, Any]]:
        """A row for each trial: its number, state and values, its validation numbers, its size and its training.

        A refused or failed one has a `reason`.
        """
        names = [each.name for each in self.record.space]
        return [
            {
                "trial": trial.number,
                "state": trial.state,
                **{name: trial.values.get(name) for name in names},
                "val_accuracy": trial.measured("val_accuracy"),
                "val_loss": trial.measured("val_loss"),
                "parameters": trial.parameters,
                "multiply_adds": trial.multiply_adds,
                "epochs": trial.epochs,
                "seconds": trial.seconds,
                "reason": trial.reason,
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
        front = f", {len(record.front)} on the Pareto front" if record.front else ""
        return f"Found({record.name}: {count(len(record.trials), 'trial')}{best}{front})"

    def _repr_html_(self) -> str:
        from mnist_lab.notebook import search_html

        return search_html(self.record, self.findings, self.files)
