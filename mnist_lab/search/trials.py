"""The trials of a search on disk: each in its own folder, `trial-007/`, with `trial.json` and its run folder."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mnist_lab.config.problems import first_problem
from mnist_lab.config.searches.declaration import TRIAL
from mnist_lab.errors import DamagedError
from mnist_lab.history import History, best_epoch
from mnist_lab.runs import formats
from mnist_lab.search.record import Reached, Trial

FILE = "trial.json"


def read(folder: Path) -> dict[int, Trial]:
    """Return all trials of the search in `folder`, by number, ascending.

    Raises:
        UnreadableError, DamagedError: a trial's file cannot be read, or is damaged.
    """
    trials = [_read(file) for file in sorted(folder.glob(f"trial-*/{FILE}"))]
    return {trial.number: trial for trial in sorted(trials, key=lambda trial: trial.number)}


def write(folder: Path, trial: Trial) -> None:
    """Write what is known of a trial, atomically."""
    place = folder / TRIAL.format(trial.number)
    place.mkdir(parents=True, exist_ok=True)
    formats.write_json(place / FILE, trial.model_dump(mode="json", exclude_defaults=True))


def reached(history: History, restore_best: str | None, clock: float) -> Reached:
    """Return a trial's validation numbers after the epochs of `history`, when the search has taken `clock` seconds.

    `restore_best`: the quantity that decides which epoch's weights are kept; None keeps the last epoch's.
    """
    best = best_epoch(history, restore_best) if restore_best else None
    kept = history[best[0] - 1] if best else history[-1]
    numbers: dict[str, Any] = {name: kept.get(name) for name in ("val_accuracy", "val_loss")}
    return Reached(epoch=len(history), clock=round(clock, 3), **numbers)


def _read(file: Path) -> Trial:
    hint = f"Remove {file.parent}, and the search tries another configuration instead."
    try:
        return Trial.model_validate(formats.read_json(file))
    except ValidationError as error:
        raise DamagedError(f"{file}: damaged ({first_problem(error)}).", hint) from None
    except DamagedError as error:
        raise DamagedError(error.message, hint) from None
