"""Our numbers compared with the published ones: every experiment of a write-up, whether it was run or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median

from evidence.writeups import Experiment, Writeup, short, writeups
from mnist_lab.analysis import mean_interval
from mnist_lab.reports import Entry, Group, Published, Section, Study, groups, published_in, study
from mnist_lab.runs import Run

FEWEST = 3
"""Minimum number of seeds for a prediction interval."""
PREDICTED = 0.95
"""Level of the prediction interval."""


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
        """Number of seeds that were run."""
        return self.group.n if self.group else 0

    @property
    def finished(self) -> bool:
        """Whether all seeds of a full reproduction were run."""
        return self.n >= self.experiment.seeds

    @property
    def median(self) -> float | None:
        """The median test accuracy over the seeds, to which the acceptance threshold applies."""
        return median(self.group.test.values) if self.group else None

    @property
    def meets_threshold(self) -> bool | None:
        """Whether the acceptance threshold is met; None without a threshold or a run."""
        if self.median is None or self.experiment.threshold is None:
            return None
        # A threshold is a difference of decimals, which floats cannot represent exactly.
        return self.median >= self.experiment.threshold - 1e-9

    @property
    def train(self) -> Published:
        """The published training accuracy and ours."""
        return published_in("train", self.experiment.reference, self.group)

    @property
    def test(self) -> Published:
        """The published test accuracy and ours."""
        return published_in("test", self.experiment.reference, self.group)

    @property
    def prediction_interval(self) -> tuple[float, float] | None:
        """The interval for the test accuracy of one more seed, with level `PREDICTED`; None with fewer than `FEWEST`.

        Student's prediction interval, mean ± t·sd·sqrt(1 + 1/n) (G. J. Hahn, "Factors for calculating two-sided
        prediction intervals for samples from a normal distribution", Journal of the American Statistical Association 64
        (1969), 878-888): what a single published number is to be compared with.
        """
        ours = self.test.ours
        interval = ours and mean_interval(ours.values, PREDICTED)
        if ours is None or interval is None or self.n < FEWEST:
            return None
        half = sqrt(self.n + 1) * (interval[1] - interval[0]) / 2
        return ours.mean - half, ours.mean + half

    @property
    def differs(self) -> bool | None:
        """Whether the published number, even if rounded, is outside that interval; None if either is not known."""
        known, interval, off = self.test.accuracy, self.prediction_interval, self.experiment.rounded
        return None if known is None or interval is None else not interval[0] - off <= known <= interval[1] + off


@dataclass(frozen=True)
class Comparison:
    """One write-up and the runs of its experiments."""

    writeup: Writeup
    rows: tuple[Row, ...]
    study: Study | None
    """None if nothing was run."""

    @property
    def section(self) -> Section | None:
        """The only section, as all its runs are tested on the same images; None without runs."""
        return self.study.sections[0] if self.study else None

    @property
    def done(self) -> tuple[Row, ...]:
        """The rows that have runs."""
        return tuple(row for row in self.rows if row.entry)

    @property
    def runs(self) -> tuple[Run, ...]:
        """All runs, in the order of the rows."""
        return tuple(run for row in self.rows if row.group for run in row.group.runs)

    def experiment(self, key: str) -> Experiment:
        """Return the experiment whose short name is `key`."""
        return next(row.experiment for row in self.rows if short(row.experiment.name) == key)

    def entry(self, key: str) -> Entry | None:
        """Return the runs of the experiment with short name `key`; those with most seeds if trained in several ways."""
        found = [row for row in self.done if short(row.experiment.name) == key]
        return max(found, key=lambda row: row.n).entry if found else None


def compare(runs: Sequence[Run]) -> list[Comparison]:
    """All write-ups, each with its runs among `runs`."""
    return [_compare(writeup, runs) for writeup in writeups()]


def evidence(runs: Sequence[Run]) -> tuple[list[Comparison], Study | None]:
    """Return the runs of published experiments among `runs`, by write-up and all together."""
    compared = compare(runs)
    own = [run for one in compared for run in one.runs]
    return compared, study("published", groups(own)) if own else None


def _compare(writeup: Writeup, runs: Sequence[Run]) -> Comparison:
    names = {experiment.name for experiment in writeup.experiments}
    own = [run for run in runs if run.measured.run.experiment in names]
    compared = study(writeup.folder, groups(own)) if own else None
    entries = [entry for section in compared.sections for entry in section.entries] if compared else []
    rows = []
    for experiment in writeup.experiments:
        found = [entry for entry in entries if entry.group.experiment == experiment.name]
        rows += [Row(experiment, entry) for entry in found or [None]]
    return Comparison(writeup, tuple(rows), compared)
