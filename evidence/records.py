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
from pydantic import BaseModel, ConfigDict

from evidence.writeups import ROOT
from mnist_lab.config import Config, load_config
from mnist_lab.reports import Group, groups
from mnist_lab.runs import Run

FILE = Path(__file__).with_name("records.yaml")
FOLDER = "records"
"""Of their configurations below `configs/`, and of their runs below the evidence."""


class Record(BaseModel):
    """A recipe and what it is to reach."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Of its configuration below `configs/records/`."""
    title: str
    measure: Literal["seconds", "parameters", "accuracy"]
    """Seconds of training or trainable parameters, the fewer the better; or the mean test accuracy."""
    accuracy: float | None = None
    """The mean test accuracy at which seconds or parameters count."""
    aim: float
    public: str
    """The best public results of this kind, in a sentence."""
    seeds: int
    chosen: str
    """How the recipe was chosen, in a paragraph."""

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
        """The aim in words."""
        if self.accuracy is None:
            return f"a mean test accuracy of {self.aim:g}"
        at_most = f"{self.aim:g} s of training" if self.measure == "seconds" else f"{self.aim:,.0f} parameters"
        return f"{self.accuracy:g} with at most {at_most}"


@dataclass(frozen=True)
class Standing:
    """A record and its runs."""

    record: Record
    group: Group | None
    """None if it was not run."""

    @property
    def n(self) -> int:
        """How many seeds were run."""
        return self.group.n if self.group else 0

    @property
    def seconds(self) -> tuple[float, ...]:
        """Of training, of each run: compilation included, imports and test not."""
        return tuple(run.measured.seconds.train for run in self.group.runs) if self.group else ()

    @property
    def met(self) -> bool | None:
        """Whether the means over the seeds reach the aim; None if it was not run."""
        if self.group is None:
            return None
        # Accuracies are decimals, which floats are not.
        record, accuracy = self.record, self.group.test.mean + 1e-9
        if record.accuracy is None:
            return accuracy >= record.aim
        cost = fmean(self.seconds) if record.measure == "seconds" else self.group.first.parameters.trainable
        return accuracy >= record.accuracy and cost <= record.aim


@cache
def records() -> tuple[Record, ...]:
    """All of them, in order."""
    return tuple(Record.model_validate(entry) for entry in yaml.safe_load(FILE.read_text(encoding="utf-8")))


def standings(runs: Sequence[Run]) -> list[Standing]:
    """Every record with its runs among `runs`."""
    names = {record.experiment for record in records()}
    found = {one.experiment: one for one in groups([run for run in runs if run.measured.run.experiment in names])}
    return [Standing(record, found.get(record.experiment)) for record in records()]
