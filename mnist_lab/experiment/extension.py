"""More epochs for a finished run: the longer run starts from the last checkpoint of the shorter one.

Runs are only continued if the result is bit-identical to that of training all epochs in one go.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mnist_lab.config import Config
from mnist_lab.config.schedules import Cosine, OneCycle
from mnist_lab.datasets import Dataset
from mnist_lab.errors import InputError
from mnist_lab.experiment import epochs
from mnist_lab.experiment.identity import Identity, fingerprint_of
from mnist_lab.experiment.observer import Observer
from mnist_lab.runs import LAST_CHECKPOINT, Continued, RunFolder, load_run

if TYPE_CHECKING:
    from mnist_lab.training import Trainer

_DECIDE_ON_BITS = (
    "backend", "device", "threads", "machine", "processor", "keras", "numpy", "mnist_lab", "jit_compile",
    "steps_per_execution",
)  # fmt: skip


def shorter_runs(identity: Identity, dataset: Dataset) -> list[RunFolder]:
    """Return the finished runs that differ from `identity` only in having fewer epochs, the longest first."""
    config, own = identity.config, identity.folder
    there = {path.name for path in own.path.parent.glob(f"seed{config.seed}-*")} - {own.id}
    found = []
    for number in range(config.train.epochs - 1, 0, -1) if there else ():
        shorter = config.model_copy(update={"train": config.train.model_copy(update={"epochs": number})})
        mark = fingerprint_of(shorter, dataset)
        folder = RunFolder.of(identity.results, str(config.experiment), config.seed, mark)
        if folder.id in there and folder.finished:
            found.append(folder)
    return found


def continue_from(
    shorter: Sequence[RunFolder],
    trainer: "Trainer",
    config: Config,
    environment: Mapping[str, object],
    observer: Observer,
) -> Continued | None:
    """Restore the end of the first of the `shorter_runs` that can be continued.

    If none can be, tell the observer why the first of them cannot.

    Trainer, configuration and environment are those of the longer run.

    Returns:
        The run that the trainer continues; None if the trainer is unchanged.
    """
    reasons: list[str] = []
    for folder in shorter:
        try:
            _check(folder, config, environment)
            epochs.restore(trainer, folder, LAST_CHECKPOINT)
        except InputError as error:
            reasons.append(f"Starting from the beginning, not from the end of {folder.path}: {error.message}")
            continue
        done = len(trainer.history)
        rest = ", where it stopped early; more epochs do not change it" if trainer.ended else ""
        observer.note(f"Continuing from the end of {folder.path} after epoch {done}{rest}.")
        return Continued(id=folder.id, epochs=done)
    if reasons:
        observer.note(reasons[0])
    return None


def _check(folder: RunFolder, config: Config, environment: Mapping[str, object]) -> None:
    """Raise an InputError with the reason if the run cannot be continued with the same result."""
    for schedule in config.train.schedule:
        if isinstance(schedule, Cosine | OneCycle):
            raise InputError(f"train.schedule: {schedule.key} depends on the number of epochs.")
    if not (folder.path / LAST_CHECKPOINT).exists():
        raise InputError("its last checkpoint was not kept (runtime.keep_checkpoint: true keeps it).")
    load_run(folder.path)
    before = folder.read_environment()
    for name in (*_DECIDE_ON_BITS, str(environment["backend"])):
        if before.get(name) != environment.get(name):
            raise InputError(f"it was trained with {name} {before.get(name)}; this run uses {environment.get(name)}.")
