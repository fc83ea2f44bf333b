"""The recipes in `configs/records/`: what each aims at, and what its runs reach.

`records.yaml` says what is public, what the aim is and how the recipe was chosen; every number of ours comes from the
`metrics.json` of the runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from evidence.writeups import ROOT
from mnist_lab.analysis import mean_interval
from mnist_lab.config import Config, load_config
from mnist_lab.reports import Group, groups
from mnist_lab.runs import Run

FILE = Path(__file__).with_name("records.yaml")
FOLDER = "records"
"""The folder of their configurations in `configs/`, and of their runs in the evidence."""


class Record(BaseModel):
    """A recipe and what it aims at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """The name of its configuration in `configs/records/`."""
    title: str
    measure: Literal["seconds", "parameters", "accuracy"]
    """Seconds of training or trainable parameters, the fewer the better; or the mean test accuracy."""
    accuracy: float | None = None
    """The mean test accuracy required for seconds or parameters to count."""
    aim: float
    public: str
    """The best public results of this kind that we know of, in a sentence."""
    seeds: int
    chosen: str
    """How the recipe was chosen, in a paragraph."""

    @model_validator(mode="after")
    def _one_aim(self) -> "Record":
        if (self.measure == "accuracy") != (self.accuracy is None):
            raise ValueError("'accuracy' says at which accuracy seconds or parameters count: only they need it")
        return self

    @property
    def least(self) -> float:
        """The mean test accuracy to reach."""
        return self.aim if self.accuracy is None else self.accuracy

    @property
    def experiment(self) -> str:
        """The name of its configuration."""
        return f"{FOLDER}/{self.name}"

    @property
    def config(self) -> Config:
        """Its configuration."""
        return load_config(ROOT / "configs" / f"{self.experiment}.yaml")

    @property
    def aims_at(self) -> str:
        """The mean test accuracy to reach, and what it may cost."""
        most = {"seconds": f"{self.aim:g} s of training", "parameters": f"{self.aim:,.0f} parameters"}
        return f"{self.least:g} with at most {most[self.measure]}" if self.measure in most else f"{self.least:g}"


@dataclass(frozen=True)
class Standing:
    """A record and its runs."""

    record: Record
    group: Group | None
    """None if it was not run."""

    @property
    def n(self) -> int:
        """Number of seeds that were run."""
        return self.group.n if self.group else 0

    @property
    def train_seconds(self) -> tuple[float, ...]:
        """Seconds of training of each run, including compilation, but not imports and test."""
        return tuple(run.measured.seconds.train for run in self.group.runs) if self.group else ()

    @property
    def cost(self) -> float | None:
        """The mean seconds of training, or the trainable parameters; None for a record in accuracy, or without runs."""
        if self.group is None or self.record.measure == "accuracy":
            return None
        return fmean(self.train_seconds) if self.record.measure == "seconds" else self.group.first.parameters.trainable

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % Student's t interval of the mean test accuracy; None with fewer than two seeds."""
        return mean_interval(self.group.test.values) if self.group else None

    @property
    def result(self) -> Literal["not run yet", "incomplete", "missed", "met by the mean", "met"]:
        """Whether the means over the seeds reach the aim; `met` if the whole interval of the accuracy does, too."""
        if self.group is None:
            return "not run yet"
        if self.n < self.record.seeds:
            return "incomplete"
        # Accuracies are decimals, which floats cannot represent exactly.
        if self.group.test.mean + 1e-9 < self.record.least or (self.cost or 0) > self.record.aim:
            return "missed"
        return "met" if self.interval and self.interval[0] >= self.record.least else "met by the mean"


@cache
def records() -> tuple[Record, ...]:
    """All records, in order."""
    return tuple(Record.model_validate(entry) for entry in yaml.safe_load(FILE.read_text(encoding="utf-8")))


def standings(runs: Sequence[Run]) -> list[Standing]:
    """Every record with its runs among `runs`."""
    names = {record.experiment for record in records()}
    found = {one.experiment: one for one in groups([run for run in runs if run.measured.run.experiment in names])}
    return [Standing(record, found.get(record.experiment)) for record in records()]
