"""Ours beside the published numbers: every experiment of a write-up, whether it was run or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from statistics import median

from evidence.writeups import Experiment, Writeup, writeups
from mnist_lab.analysis import mean_interval
from mnist_lab.report import Chapter, Entry, Group, Study, collect, groups, study
from mnist_lab.report.columns import points
from mnist_lab.runs import Run

FEWEST = 3
"""Seeds from which the spread of ours says where another seed would be."""


@dataclass(frozen=True)
class Row:
    """One experiment, as it was trained in one way."""

    experiment: Experiment
    entry: Entry | None
    """Its runs compared; None if there are none."""

    @property
    def group(self) -> Group | None:
        """Its runs."""
        return self.entry and self.entry.group

    @property
    def n(self) -> int:
        """How many seeds were run."""
        return self.group.n if self.group else 0

    @property
    def finished(self) -> bool:
        """Whether all seeds were run that a full reproduction has."""
        return self.n >= self.experiment.seeds

    @property
    def median(self) -> float | None:
        """Of the test accuracy over the seeds: what the floor is for."""
        return median(self.group.test.values) if self.group else None

    @property
    def meets_floor(self) -> bool | None:
        """None if there is no floor, or no run."""
        if self.median is None or self.experiment.floor is None:
            return None
        # A floor is a sum of decimals, which floats are not.
        return self.median >= self.experiment.floor - 1e-9

    @property
    def published_test(self) -> float | None:
        """The published test accuracy; where only the best over the epochs is published, that."""
        reference = self.experiment.reference
        return reference.best_test_accuracy if reference.test_accuracy is None else reference.test_accuracy

    @property
    def test_above_published(self) -> float | None:
        """Ours less it, in points."""
        if self.group is None:
            return None
        ours = self.group.test if self.experiment.reference.test_accuracy is not None else self.group.best_test
        return points(ours, self.published_test)

    @property
    def another_seed(self) -> tuple[float, float] | None:
        """Where the test accuracy of one more seed would be, 19 times out of 20; None for fewer than `FEWEST`.

        Student's prediction interval, mean ± t·sd·sqrt(1 + 1/n) (G. J. Hahn, "Factors for calculating two-sided
        prediction intervals for samples from a normal distribution", Journal of the American Statistical Association 64
        (1969), 878-888): what a single published number is to be held against.
        """
        if self.group is None or self.n < FEWEST:
            return None
        ours = self.group.test if self.experiment.reference.test_accuracy is not None else self.group.best_test
        interval = ours and mean_interval(ours.values)
        if ours is None or interval is None:
            return None
        half = sqrt(self.n + 1) * (interval[1] - interval[0]) / 2
        return ours.mean - half, ours.mean + half

    @property
    def differs(self) -> bool:
        """Whether the published number lies outside of that."""
        published, interval = self.published_test, self.another_seed
        if published is None or interval is None:
            return False
        return not interval[0] <= published <= interval[1]


@dataclass(frozen=True)
class Comparison:
    """One write-up and the runs of its experiments."""

    writeup: Writeup
    rows: tuple[Row, ...]
    study: Study | None
    """None if nothing was run."""

    @property
    def chapter(self) -> Chapter | None:
        """All its runs are tested on the same images, so there is one."""
        return self.study.chapters[0] if self.study else None

    @property
    def done(self) -> tuple[Row, ...]:
        """The rows that have runs."""
        return tuple(row for row in self.rows if row.entry)

    @property
    def runs(self) -> tuple[Run, ...]:
        """All of them, in the order of the rows."""
        return tuple(run for row in self.rows if row.group for run in row.group.runs)

    def group(self, key: str) -> Group | None:
        """The runs of the experiment whose name ends so; where it was trained in several ways, of most seeds."""
        found = [row for row in self.done if row.experiment.name.rpartition("/")[2] == key]
        return max(found, key=lambda row: row.n).group if found else None


def compare(runs: Sequence[Run]) -> list[Comparison]:
    """All write-ups, each with its runs among `runs`."""
    return [_compare(writeup, runs) for writeup in writeups()]


def evidence(folder: Path) -> tuple[list[Comparison], Study | None]:
    """The runs in and below `folder`, by write-up and all together."""
    runs = collect([folder]).runs if folder.is_dir() else ()
    return compare(runs), study("published", groups(runs)) if runs else None


def _compare(writeup: Writeup, runs: Sequence[Run]) -> Comparison:
    names = {experiment.name for experiment in writeup.experiments}
    own = [run for run in runs if run.measured.run.experiment in names]
    compared = study(writeup.folder, groups(own)) if own else None
    entries = [entry for chapter in compared.chapters for entry in chapter.entries] if compared else []
    rows = []
    for experiment in writeup.experiments:
        found = [entry for entry in entries if entry.group.experiment == experiment.name]
        rows += [Row(experiment, entry) for entry in found or [None]]
    return Comparison(writeup, tuple(rows), compared)
