"""The content of `metrics.json`, computed from a finished training."""

import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Any

from mnist_lab.analysis import observe_run, wilson
from mnist_lab.history import best_epoch
from mnist_lab.reports import wording
from mnist_lab.runs import FORMAT, Measured, Mistake, measured

if TYPE_CHECKING:
    from mnist_lab.config import Config
    from mnist_lab.experiment.data import Splits
    from mnist_lab.experiment.identity import Identity
    from mnist_lab.history import History
    from mnist_lab.models import Summary
    from mnist_lab.training import Evaluation


@dataclass(frozen=True)
class Timing:
    """When a run began (date, and `time.perf_counter` in seconds), and the seconds until training began."""

    started: datetime
    clock: float
    startup: float = 0.0
    before: float = 0.0
    """Seconds of training before the run was interrupted."""


def measure(
    identity: "Identity",
    splits: "Splits",
    *,
    summary: "Summary",
    history: "History",
    test: "Evaluation",
    last_test_accuracy: float,
    saved_epoch: int,
    environment: dict[str, Any],
    timing: Timing,
) -> Measured:
    """The measurements of a run at its end, including the observations.

    Args:
        identity: with the folder that is written.
        splits: its images.
        summary: of its network.
        history: a record per epoch.
        test: of the weights that are saved.
        last_test_accuracy: of the last epoch's weights.
        saved_epoch: the epoch whose weights are saved.
        environment: what it was trained with.
        timing: when it began.
    """
    config, last = identity.config, history[-1]
    validated = "val_loss" in last
    known = Measured(
        format=FORMAT,
        run=measured.RunFacts(
            name=str(config.name),
            experiment=str(config.experiment),
            id=identity.folder.id,
            fingerprint=identity.fingerprint,
            seed=config.seed,
            started=timing.started.isoformat(timespec="seconds"),
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
        ),
        dataset=_dataset(splits, identity.notes),
        parameters=measured.Parameters(**asdict(summary.parameters)),
        flops=training_flops(summary, len(splits.train), len(history)),
        epochs=len(history),
        train=measured.Score(loss=last["loss"], accuracy=last["accuracy"]),
        validation=measured.Score(loss=last["val_loss"], accuracy=last["val_accuracy"]) if validated else None,
        test=_test(test),
        best=_best(history, config, saved_epoch),
        last=measured.Last(test_accuracy=last_test_accuracy),
        seconds=_seconds(history, timing),
        environment=environment,
        reference=_reference(config),
    )
    return known.with_observations(wording.stored(observe_run(config, known, history)))


def _dataset(splits: "Splits", notes: tuple[str, ...]) -> measured.DatasetFacts:
    dataset, validation = splits.dataset, splits.validation
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
        selected_on_test=splits.selected_on_test,
        notes=tuple(notes),
    )


def _test(evaluation: "Evaluation") -> measured.Test:
    return measured.Test(
        loss=evaluation.loss,
        accuracy=evaluation.accuracy,
        correct=evaluation.correct,
        wrong=evaluation.total - evaluation.correct,
        total=evaluation.total,
        ci95=wilson(evaluation.correct, evaluation.total),
    )


def _best(history: "History", config: "Config", epoch: int) -> measured.Best:
    monitor = config.train.restore_best
    restored = best_epoch(history, monitor) if monitor else None
    return measured.Best(
        epoch=epoch,
        monitor=monitor,
        value=restored and restored[1],
        restored=restored is not None,
        train_accuracy=_highest(history, "accuracy"),
        validation_accuracy=_highest(history, "val_accuracy"),
    )


def _seconds(history: "History", timing: Timing) -> measured.Seconds:
    """Durations; the epochs before an interruption are included."""
    epochs = [record["seconds"] for record in history]
    return measured.Seconds(
        total=round(time.perf_counter() - timing.clock + timing.before, 3),
        startup=round(timing.startup, 3),
        train=round(sum(epochs), 3),
        epoch_first=epochs[0],
        epoch_median=round(median(epochs), 3),
    )


def _reference(config: "Config") -> measured.StoredReference | None:
    if config.reference is None:
        return None
    return measured.StoredReference.model_validate(config.reference.model_dump(mode="json", exclude_none=True))


def training_flops(summary: "Summary", rows: int, epochs: int) -> int:
    """Floating-point operations of a training: two per multiply-add, three times those of the forward pass."""
    return 3 * 2 * summary.multiply_adds * rows * epochs


def published(config: "Config") -> dict[str, Any]:
    """The published numbers with which the run can be compared."""
    return config.reference.applicable.model_dump(exclude_none=True) if config.reference else {}


def mistakes(test: "Evaluation", rows: Any) -> list[dict[str, Any]]:
    """Every misclassified test image: row in the test file, label, prediction, confidence; most confident first."""
    return [
        Mistake(
            index=int(rows[i]),
            label=int(test.labels[i]),
            predicted=int(test.predicted[i]),
            confidence=round(float(test.confidence[i]), 6),
        ).model_dump()
        for i in test.mistakes
    ]


def _highest(history: "History", accuracy: str) -> float | None:
    best = best_epoch(history, accuracy)
    return best and best[1]
