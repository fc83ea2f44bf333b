"""The epochs of a run: each is recorded at its end, with checkpoints from which an interrupted run resumes."""

import json
from math import isfinite, isnan
from typing import TYPE_CHECKING

from mnist_lab.errors import DamagedError, InputError, TrainingError
from mnist_lab.experiment.observer import Observer, Plan
from mnist_lab.runs import CHECKPOINT, ERROR, LAST_CHECKPOINT, Continued, RunFolder, formats

if TYPE_CHECKING:
    from mnist_lab.training import Trainer


def begin_or_resume(trainer: "Trainer", folder: RunFolder, observer: Observer, *, force: bool) -> Continued | None:
    """Restore the last checkpoint, or empty the folder if there is none to resume from.

    Return the run that the interrupted one continues, if any.
    """
    continues, unusable = None, ""
    if folder.interrupted and not force:
        try:
            continues = restore(trainer, folder, CHECKPOINT)
        except InputError as error:
            unusable = f"The checkpoint cannot be used; restarting the training: {error}"
    if trainer.history:
        (folder.path / ERROR).unlink(missing_ok=True)
    else:
        folder.clear()
    if unusable:
        observer.note(unusable)
    return continues


def restore(trainer: "Trainer", folder: RunFolder, name: str) -> Continued | None:
    """Restore a checkpoint of `folder`, and return the run that its run continues, if any.

    Raises:
        InputError: the file is missing, damaged or incomplete, or belongs to another network.
    """
    state = formats.read_arrays(folder.path / name)
    try:
        history, continues = json.loads(str(state.pop("history"))), json.loads(str(state.pop("continues", "null")))
        trainer.restore(state, history)
    except (KeyError, ValueError) as error:
        why = f"{error} is missing" if isinstance(error, KeyError) else error
        raise DamagedError(f"{folder.path / name}: cannot be used ({why}).") from error
    return Continued.model_validate(continues) if continues else None


def save(plan: Plan, trainer: "Trainer", name: str) -> None:
    """Write a checkpoint: the trainer's state and its history in one file, so that they cannot disagree."""
    import numpy as np

    continues = plan.continues and plan.continues.model_dump()
    more = {"history": trainer.history, "continues": continues}
    texts = {key: np.array(json.dumps(value)) for key, value in more.items()}
    formats.write_arrays(plan.folder.path / name, trainer.state() | texts)


def fit(plan: Plan, trainer: "Trainer", observer: Observer, until: int | None = None) -> None:
    """Train to the end, with a line of `history.jsonl` after each epoch and a checkpoint at the configured interval.

    Args:
        until: train up to this epoch at most, and then write a checkpoint, even if it is the last.

    Raises:
        TrainingError: the loss is not finite.
        KeyboardInterrupt: the observer stopped the run; a checkpoint was written.
    """
    config, folder = plan.config, plan.folder
    if until is not None and len(trainer.history) >= until:
        return
    for record in trainer.epochs(observer.batch):
        folder.append_history(record)
        finite, stops = isfinite(record["loss"]), observer.stops()
        arrived = until is not None and (record["epoch"] >= until or trainer.ended)
        due = stops or record["epoch"] % config.runtime.checkpoint_every == 0
        if finite and (arrived or (due and not trainer.ended)):
            save(plan, trainer, CHECKPOINT)
        observer.epoch(record, config.train.epochs)
        if stops and not trainer.ended and not arrived:
            raise KeyboardInterrupt
        if not finite:
            from mnist_lab.experiment import results

            formats.write_arrays(folder.path / "batches.npz", trainer.batches.arrays())
            results.draw_history(plan, trainer)
            loss = "NaN" if isnan(record["loss"]) else "infinite"
            raise TrainingError(
                f"The loss became {loss} in epoch {record['epoch']}; training stopped.",
                f"Try a smaller learning rate or gradient clipping. Its history and plots are in {folder.path}.",
            )
        if arrived:
            return
    if config.runtime.keep_checkpoint and until is None:
        save(plan, trainer, LAST_CHECKPOINT)
