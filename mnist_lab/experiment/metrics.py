"""The content of `metrics.json`, computed from a finished training."""

import time
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from mnist_lab.analysis import wilson
from mnist_lab.config.schema import Validation
from mnist_lab.experiment.data import Splits
from mnist_lab.experiment.observer import Plan
from mnist_lab.history import History, best_epoch, training_seconds
from mnist_lab.reports.observations import observe_run
from mnist_lab.runs import FORMAT, Measured, measured

if TYPE_CHECKING:
    from mnist_lab.training import Evaluation


@dataclass(frozen=True)
class Timing:
    """When a run began, and the seconds until training began."""

    started: datetime = field(default_factory=partial(datetime.now, UTC))
    clock: float = field(default_factory=time.perf_counter)
    startup: float = 0.0
    before: float = 0.0
    """Seconds of training before an interruption, or in the run that this one continues."""

    def training_begins(self, history: History) -> "Timing":
        """Return the timing at the start of the epochs that remain after those of `history`."""
        before = sum(record["seconds"] for record in history)
        return replace(self, startup=time.perf_counter() - self.clock, before=before)


def measure(
    plan: Plan, history: History, test: "Evaluation", last_test_accuracy: float, saved_epoch: int, timing: Timing
) -> Measured:
    """Return the measurements of a run at its end, including the observations.

    `test` is the evaluation of the saved weights, which are those of `saved_epoch`; `last_test_accuracy` is that of the
    last epoch's weights.
    """
    identity, config, splits, last = plan.identity, plan.config, plan.splits, history[-1]
    optional = {"group": identity.group, "continues": plan.continues}
    validated = "val_loss" in last
    known = Measured(
        format=FORMAT,
        run=measured.RunFacts(
            name=str(config.name),
            experiment=str(config.experiment),
            id=identity.folder.id,
            fingerprint=identity.fingerprint,
            **{name: value for name, value in optional.items() if value is not None},
            seed=config.seed,
            started=timing.started.isoformat(timespec="seconds"),
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
        ),
        dataset=_dataset(splits, config.data.validation, identity.notes),
        parameters=measured.Parameters(**asdict(plan.summary.parameters)),
        flops=plan.summary.training_flops(len(splits.train) * len(history)),
        epochs=len(history),
        train=measured.Score(loss=last["loss"], accuracy=last["accuracy"]),
        validation=measured.Score(loss=last["val_loss"], accuracy=last["val_accuracy"]) if validated else None,
        test=measured.Test(
            loss=test.loss,
            accuracy=test.accuracy,
            correct=test.correct,
            wrong=test.total - test.correct,
            total=test.total,
            ci95=wilson(test.correct, test.total),
        ),
        best=_best(history, config.train.restore_best, saved_epoch),
        last=measured.Last(test_accuracy=last_test_accuracy),
        seconds=_seconds(history, timing),
        environment=dict(plan.environment),
        reference=config.reference
        and measured.StoredReference.model_validate(config.reference.model_dump(mode="json", exclude_none=True)),
    )
    return known.with_observations(observe_run(config, known, history))


def _dataset(splits: Splits, how: Validation, notes: tuple[str, ...]) -> measured.DatasetFacts:
    dataset, validation = splits.dataset, splits.validation
    fold = {"fold": how.fold, "folds": how.folds} if how.fold else {}
    return measured.DatasetFacts(
        name=dataset.name,
        title=dataset.title,
        sha256=dataset.sha256,
        genuine=dataset.genuine,
        train=len(splits.train),
        validation=0 if validation is None else len(validation),
        test=len(splits.test),
        image_shape=dataset.image_shape,
        classes=len(dataset.classes),
        class_names=tuple(dataset.classes),
        **fold,
        selected_on_test=splits.selected_on_test,
        notes=tuple(notes),
        white=dataset.white,
    )


def _best(history: History, monitor: str | None, epoch: int) -> measured.Best:
    restored = best_epoch(history, monitor) if monitor else None
    train, validation = (best_epoch(history, accuracy) for accuracy in ("accuracy", "val_accuracy"))
    return measured.Best(
        epoch=epoch,
        monitor=monitor,
        value=restored and restored[1],
        restored=restored is not None,
        train_accuracy=train and train[1],
        validation_accuracy=validation and validation[1],
    )


def _seconds(history: History, timing: Timing) -> measured.Seconds:
    """Return the durations, including those of the epochs before an interruption."""
    epochs = [record["seconds"] for record in history]
    return measured.Seconds(
        total=round(time.perf_counter() - timing.clock + timing.before, 3),
        startup=round(timing.startup, 3),
        train=training_seconds(history),
        epoch_first=epochs[0],
        epoch_median=round(median(epochs), 3),
    )
