"""The epochs of a run: each recorded as it ends, with checkpoints from which an interrupted run resumes."""

import json
from math import isfinite
from typing import TYPE_CHECKING, Any

from mnist_lab.errors import InputError, TrainingError
from mnist_lab.experiment.observer import Observer, Plan
from mnist_lab.runs import RunFolder

if TYPE_CHECKING:
    from mnist_lab.training import Trainer


def begin_or_resume(trainer: "Trainer", folder: RunFolder, observer: Observer, *, force: bool) -> None:
    """Restore the last checkpoint, or empty the folder where there is none to resume from."""
    unusable = ""
    if folder.interrupted and not force:
        try:
            state = folder.read_arrays("checkpoint.npz")
            trainer.restore(state, json.loads(str(state.pop("history"))))
        except (InputError, KeyError, ValueError) as error:
            unusable = f"The checkpoint cannot be used; restarting the training: {error}"
    if trainer.history:
        (folder.path / "error.txt").unlink(missing_ok=True)
    else:
        folder.clear()
    if unusable:
        observer.note(unusable)
    folder.write_history(trainer.history)


def fit(plan: Plan, trainer: "Trainer", observer: Observer) -> None:
    """Train to the end, with a line of `history.jsonl` after each epoch and a checkpoint at the configured interval.

    Raises:
        TrainingError: the loss is not finite.
        KeyboardInterrupt: the observer stops the run; there is a checkpoint.
    """
    config, folder = plan.config, plan.folder
    for record in trainer.epochs(observer.batch):
        folder.append_history(record)
        finite, stops = isfinite(record["loss"]), observer.stops()
        last = record["epoch"] == config.train.epochs
        due = stops or record["epoch"] % config.runtime.checkpoint_every == 0
        if finite and due and not last:
            folder.write_arrays("checkpoint.npz", _checkpoint(trainer))
        observer.epoch(record, config.train.epochs)
        if stops and not last:
            raise KeyboardInterrupt
        if not finite:
            from mnist_lab.experiment import results

            folder.write_arrays("batches.npz", trainer.batches.arrays())
            results.draw_history(plan, trainer)
            raise TrainingError(
                f"The loss became {record['loss']} in epoch {record['epoch']}; training stopped there.",
                f"Try a smaller learning rate or gradient clipping. Its history and plots are in {folder.path}.",
            )


def _checkpoint(trainer: "Trainer") -> dict[str, Any]:
    """The trainer's state and the history that belongs to it, in one file, so that they cannot disagree."""
    import numpy as np

    return trainer.state() | {"history": np.array(json.dumps(trainer.history))}
