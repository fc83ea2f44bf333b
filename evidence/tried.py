"""What was tried for the records: the validation accuracies of recipes that differ from theirs.

The runs are not kept, only these numbers of them; no test image is read.
"""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from pydantic import BaseModel, ConfigDict, TypeAdapter

from evidence.records import Record
from mnist_lab.config import Config, describe, differences
from mnist_lab.errors import InputError
from mnist_lab.runs import Run, read_runs
from mnist_lab.system.atomic import write_text

NAME = "tried.json"
"""File in the folder of the records."""


class Trial(BaseModel):
    """A recipe that was tried."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    record: str
    changes: str
    """Changes from the recipe of the record; empty for that recipe itself."""
    train: int
    """Number of training images."""
    validation: int
    """Number of validation images."""
    parameters: int
    """Number of trainable parameters."""
    epochs: int
    seeds: tuple[int, ...]
    accuracies: tuple[float, ...]
    """Validation accuracy after the last epoch, for each seed."""

    @property
    def mean(self) -> float:
        """Mean validation accuracy over the seeds."""
        return fmean(self.accuracies)


_TRIALS = TypeAdapter(tuple[Trial, ...])


def read(folder: Path) -> tuple[Trial, ...]:
    """All trials kept in the folder of the records; the best of each record first."""
    file = folder / NAME
    return _TRIALS.validate_json(file.read_bytes()) if file.is_file() else ()


def keep(source: Path, folder: Path, records: Sequence[Record]) -> int:
    """Keep the results of the finished runs in `source`, which has a folder for each record; return how many recipes.

    Earlier trials of these records are replaced.

    Raises:
        InputError: `source` has no folder with the name of a record, or a run in one was not validated on the last
            10,000 training images.
    """
    if not source.is_dir():
        raise InputError(f"{source}: there is no such folder.")
    renewed = {record.name: record for record in records if (source / record.name).is_dir()}
    if not renewed:
        raise InputError(f"{source}: there is no folder with the name of a record in it.")
    found = [trial for record in renewed.values() for trial in _of(record, source / record.name)]
    order = [record.name for record in records]
    kept = [*(one for one in read(folder) if one.record in order and one.record not in renewed), *found]
    kept.sort(key=lambda one: (order.index(one.record), -one.mean, one.changes))
    write_text(folder / NAME, json.dumps(_TRIALS.dump_python(tuple(kept), mode="json"), indent=1) + "\n")
    return len(found)


def _of(record: Record, source: Path) -> list[Trial]:
    """One trial per recipe, with all seeds that it was tried with."""
    by_recipe: dict[str, list[Run]] = {}
    for run in sorted(read_runs([source]).complete().runs, key=lambda run: run.measured.run.seed):
        images = (run.config.data.validation.split, run.measured.dataset.train, run.measured.dataset.validation)
        if images != ("tail", 50_000, 10_000):
            raise InputError(
                f"{run.folder.path}: it was not validated on the last 10,000 of the 60,000 training images."
            )
        by_recipe.setdefault(run.measured.run.fingerprint, []).append(run)
    changes = {recipe: _changes(record.config, runs[0].config) for recipe, runs in by_recipe.items()}
    often = Counter(changes.values())
    return [
        _trial(
            record, changes[recipe] + (f" ({runs[0].config.description})" if often[changes[recipe]] > 1 else ""), runs
        )
        for recipe, runs in by_recipe.items()
    ]


def _changes(recipe: Config, tried: Config) -> str:
    """Say what was changed, except for the validation images and the runtime."""
    data = tried.data.model_copy(update={"validation": recipe.data.validation})
    return describe(differences(recipe, tried.model_copy(update={"data": data, "runtime": recipe.runtime})))


def _trial(record: Record, changes: str, runs: Sequence[Run]) -> Trial:
    first = runs[0].measured
    return Trial(
        record=record.name,
        changes=changes,
        train=first.dataset.train,
        validation=first.dataset.validation,
        parameters=first.parameters.trainable,
        epochs=first.epochs,
        seeds=tuple(run.measured.run.seed for run in runs),
        accuracies=tuple(known for run in runs if (known := run.measured.validation_accuracy) is not None),
    )
