"""What goes into `metrics.json`."""

import time
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from mnist_lab.analysis import wilson
from mnist_lab.history import best_epoch
from mnist_lab.runs import FORMAT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mnist_lab.config import Config
    from mnist_lab.experiment.material import Material
    from mnist_lab.history import History
    from mnist_lab.models import Summary
    from mnist_lab.training import Evaluation


@dataclass(frozen=True)
class Timing:
    """When a run began: the date, the clock's reading in seconds, and the seconds until training began."""

    started: "datetime"
    clock: float
    startup: float = 0.0
    before: float = 0.0
    """Seconds that an interrupted run had trained before."""


def dataset_facts(material: "Material", notes: "Sequence[str]") -> dict[str, Any]:
    """Which data, how many images of it, and what was changed about it."""
    dataset, validation = material.dataset, material.validation
    return {
        "name": dataset.name,
        "title": dataset.title,
        "sha256": dataset.sha256,
        "genuine": dataset.genuine,
        "train": len(material.train),
        "validation": 0 if validation is None else len(validation),
        "test": len(material.test),
        "image_shape": list(dataset.image_shape),
        "classes": len(dataset.classes),
        "class_names": list(dataset.classes),
        "selected_on_test": material.selected_on_test,
        "notes": list(notes),
    }


def test_facts(evaluation: "Evaluation") -> dict[str, Any]:
    """The test result of the saved model, with the 95 % Wilson interval of its accuracy."""
    return {
        "loss": evaluation.loss,
        "accuracy": evaluation.accuracy,
        "correct": evaluation.correct,
        "wrong": evaluation.total - evaluation.correct,
        "total": evaluation.total,
        "ci95": list(wilson(evaluation.correct, evaluation.total)),
    }


def best_facts(history: "History", config: "Config", epoch: int) -> dict[str, Any]:
    """The epoch whose weights are saved, and the best accuracies over all epochs."""
    monitor = config.train.restore_best
    restored = best_epoch(history, monitor) if monitor else None
    return {
        "epoch": epoch,
        "monitor": monitor,
        "value": restored and restored[1],
        "restored": restored is not None,
        "train_accuracy": _highest(history, "accuracy"),
        "validation_accuracy": _highest(history, "val_accuracy"),
    }


def seconds_facts(history: "History", timing: Timing) -> dict[str, float]:
    """Where the time went; epochs of an interrupted run count as they were."""
    epochs = [record["seconds"] for record in history]
    return {
        "total": round(time.perf_counter() - timing.clock + timing.before, 3),
        "startup": round(timing.startup, 3),
        "train": round(sum(epochs), 3),
        "epoch_first": epochs[0],
        "epoch_median": round(median(epochs), 3),
    }


def training_flops(summary: "Summary", rows: int, epochs: int) -> int:
    """Floating-point operations of a training: forwards, twice that backwards, an addition to each multiplication."""
    return 3 * 2 * summary.multiply_adds * rows * epochs


def assemble(
    *,
    config: "Config",
    run: dict[str, Any],
    material: "Material",
    notes: "Sequence[str]",
    summary: "Summary",
    history: "History",
    test: "Evaluation",
    last_test_accuracy: float,
    saved_epoch: int,
    seconds: dict[str, float],
    environment: dict[str, Any],
) -> dict[str, Any]:
    """All of it but the observations, which are made of it, in the order of a reader's interest."""
    last = history[-1]
    validation = {"loss": last["val_loss"], "accuracy": last["val_accuracy"]} if "val_loss" in last else None
    return {
        "format": FORMAT,
        "run": run,
        "dataset": dataset_facts(material, notes),
        "parameters": asdict(summary.parameters),
        "flops": training_flops(summary, len(material.train), len(history)),
        "epochs": len(history),
        "train": {"loss": last["loss"], "accuracy": last["accuracy"]},
        "validation": validation,
        "test": test_facts(test),
        "best": best_facts(history, config, saved_epoch),
        "last": {"test_accuracy": last_test_accuracy},
        "seconds": seconds,
        "environment": environment,
        "reference": config.reference.model_dump(mode="json", exclude_none=True) if config.reference else None,
    }


def published(config: "Config") -> dict[str, Any]:
    """The published numbers that the run can be held against."""
    return config.reference.applicable.model_dump(exclude_none=True) if config.reference else {}


def mistakes(test: "Evaluation", rows: Any) -> list[dict[str, Any]]:
    """Every wrong test image: its row in the test file, label, prediction and confidence, most confident first."""
    return [
        {
            "index": int(rows[i]),
            "label": int(test.labels[i]),
            "predicted": int(test.predicted[i]),
            "confidence": round(float(test.confidence[i]), 6),
        }
        for i in test.mistakes
    ]


def _highest(history: "History", accuracy: str) -> float | None:
    best = best_epoch(history, accuracy)
    return best and best[1]
