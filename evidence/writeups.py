"""What was published and what a reproduction must reach, read from `published.yaml` and the configurations."""

from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from mnist_lab.config import Config, describe, differences
from mnist_lab.config.schema import Reference
from mnist_lab.config.sweeps import load_sweep
from mnist_lab.reports import published_in, wording

ROOT = Path(__file__).resolve().parents[1]
FILE = Path(__file__).with_name("published.yaml")

Quantity = Literal["test", "gap", "overfitting", "first_gap", "onset", "best_test", "validation_at", "lowest_from"]


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Claim(_Facts):
    """A conclusion of a write-up, as something that runs can support or contradict."""

    says: str
    stated: bool = False
    """Whether the write-up says so in words; otherwise it follows from its numbers."""
    of: str
    quantity: Quantity = "test"
    epoch: int | None = None
    """The epoch that `validation_at` and `lowest_from` are about."""
    direction: Literal["higher", "lower"] | None = Field(None, alias="is")
    than: str | None = None
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _one_question(self) -> "Claim":
        if (self.direction is None) != (self.than is None):
            raise ValueError("'is' and 'than' go together")
        if (self.than is None) == (self.at_least is None and self.at_most is None):
            raise ValueError("expected either 'is' and 'than', or bounds")
        if (self.epoch is None) == (self.quantity in ("validation_at", "lowest_from")):
            raise ValueError(f"'epoch' is for validation_at and lowest_from, received {self.quantity}")
        return self


class Writeup(_Facts):
    """One of the write-ups; experiments are called by the last part of their name."""

    folder: str
    title: str
    about: str
    seeds: int
    seeds_of: dict[str, int] = {}
    floor_below_published: float | None = None
    floors: dict[str, float | None] = {}
    rounded: dict[str, float] = {}
    below_floor: dict[str, str] = {}
    differs: dict[str, str] = {}
    claims: tuple[Claim, ...]

    @property
    def experiments(self) -> "tuple[Experiment, ...]":
        """Its experiments, the base first and each followed by those that change it."""
        configs = _configs(self.folder)
        by_name = {str(config.experiment): config for config in configs}
        ordered = sorted(configs, key=lambda config: _line_of_bases(config, by_name))
        return tuple(self._experiment(config, by_name) for config in ordered)

    def _experiment(self, config: Config, by_name: dict[str, Config]) -> "Experiment":
        key = short(str(config.experiment))
        reference = config.reference or Reference()
        published = published_in("test", reference, None).accuracy
        threshold = self.floors.get(key)
        if key not in self.floors and self.floor_below_published is not None and published is not None:
            threshold = published - self.floor_below_published
        base = by_name.get(config.base or "")
        return Experiment(
            config=config,
            reference=reference,
            base=base and str(base.experiment),
            changed=describe(differences(base, config)) if base else "",
            seeds=self.seeds_of.get(key, self.seeds),
            threshold=threshold,
            rounded=self.rounded.get(key, 0.0),
            below_threshold=self.below_floor.get(key),
            differs=self.differs.get(key),
        )


class Experiment(_Facts):
    """One configuration of a write-up."""

    config: Config
    reference: Reference
    base: str | None
    changed: str
    """What it changes from its base; empty without one."""
    seeds: int
    """Number of seeds of a full reproduction."""
    threshold: float | None
    """Acceptance threshold: the median test accuracy that a reproduction must reach."""
    rounded: float
    """How far the measured accuracy may have been from the published one, which was rounded or truncated."""
    below_threshold: str | None
    differs: str | None

    @property
    def name(self) -> str:
        """Its path below `configs/`, without suffix."""
        return str(self.config.experiment)

    @property
    def test_as_published(self) -> str:
        """The test accuracy as published: `0.9799`, `best 0.9921`, `about 0.99`; empty if it was not published."""
        test = published_in("test", self.reference, None)
        return f"about {test.accuracy:g}" if self.rounded else wording.as_published(test)


def short(name: str) -> str:
    """Return the last part of an experiment's name."""
    return name.rpartition("/")[2]


@cache
def writeups() -> tuple[Writeup, ...]:
    """All write-ups, in order."""
    return tuple(Writeup.model_validate(entry) for entry in yaml.safe_load(FILE.read_text(encoding="utf-8")))


@cache
def _configs(folder: str) -> tuple[Config, ...]:
    return load_sweep([ROOT / "configs" / folder]).configs


def _line_of_bases(config: Config, by_name: dict[str, Config]) -> list[str]:
    line = [str(config.experiment)]
    while (base := by_name.get(config.base or "")) is not None:
        config = base
        line.insert(0, str(config.experiment))
    return line
