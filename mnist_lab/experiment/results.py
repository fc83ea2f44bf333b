"""Writes the results of a trained network: test, saved model, plots, and finally `metrics.json`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab import plots, training
from mnist_lab.experiment import metrics
from mnist_lab.experiment.observer import Observer, Plan
from mnist_lab.runs import Mistake, Run, formats
from mnist_lab.system import atomic
from mnist_lab.text.quantities import data_set
from mnist_lab.training import Evaluation, Trainer


def write_results(plan: Plan, trainer: Trainer, timing: metrics.Timing, observer: Observer) -> Run:
    """Evaluate the trained model, write the remaining files, and mark the run as finished."""
    folder, splits, history = plan.folder, plan.splits, trainer.history
    observer.preparing("Testing, plotting, saving")
    trainer.average()
    last = training.evaluate(trainer.model, *splits.test.pair)
    saved_epoch = trainer.restore_best()
    test = last if saved_epoch == len(history) else training.evaluate(trainer.model, *splits.test.pair)

    with atomic.replacing(folder.path / "model.keras") as part:
        trainer.model.save(part)
    formats.write_arrays(folder.path / "batches.npz", trainer.batches.arrays())
    formats.write_arrays(folder.path / "predictions.npz", _predictions(test, splits.test.rows), compressed=True)
    formats.write_json(folder.path / "mistakes.json", _mistakes(test, splits.test.rows))
    draw_history(plan, trainer, test, saved_epoch if plan.config.train.restore_best else None)
    _draw_test(plan, test)

    measured = metrics.measure(plan, history, test, last.accuracy, saved_epoch, timing)
    observer.done(measured)
    return Run(folder.finish(measured), measured.as_dict(), fresh=True)


def _predictions(test: Evaluation, rows: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
    """Return the arrays of `predictions.npz`; probabilities that differ may become equal in its 16 bits."""
    known = {"rows": rows.astype("int32"), "labels": test.labels.astype("int32")}
    return known | {"predicted": test.predicted.astype("int32"), "probabilities": test.probabilities.astype("float16")}


def draw_history(plan: Plan, trainer: Trainer, test: Evaluation | None = None, best_epoch: int | None = None) -> None:
    """Draw `accuracy.png`, `loss.png` and `curves.png`; without `test` and `best_epoch` for an unfinished run."""
    folder, history = plan.folder.path, trainer.history
    said = {"title": _title(plan), "validation_name": "test" if plan.splits.selected_on_test else "validation"}
    reference = plan.config.reference
    known = {
        "reference": reference.applicable.model_dump(exclude_none=True) if reference else {},
        "best_epoch": best_epoch,
    }
    plots.save(plots.accuracy(history, **said, **known, test=test and test.accuracy), folder / "accuracy.png")
    plots.save(plots.loss(history, **said, **known, test=test and test.loss), folder / "loss.png")
    plots.save(plots.curves(history, trainer.batches.arrays(), **said), folder / "curves.png")


def _draw_test(plan: Plan, test: Evaluation) -> None:
    """Draw `confusion.png`, `predictions.png` and `mistakes.png`."""
    folder, title = plan.folder.path, _title(plan)
    classes, images = plan.splits.dataset.classes, plan.splits.test.images
    plots.save(plots.confusion(test.confusion(), classes, title=title), folder / "confusion.png")
    drawn = np.random.default_rng(plan.config.seed).choice(test.total, size=min(9, test.total), replace=False)
    predictions = plots.predictions(
        images[drawn], test.labels[drawn], test.predicted[drawn], test.confidence[drawn], classes,
        title=f"{title}: random test images",
    )  # fmt: skip
    plots.save(predictions, folder / "predictions.png")
    mistakes = plots.mistakes(images, test.labels, test.predicted, test.confidence, classes, title=title)
    plots.save(mistakes, folder / "mistakes.png")


def _mistakes(test: Evaluation, rows: Any) -> list[dict[str, Any]]:
    """Return misclassified test images: row in the test file, label, prediction, confidence; most confident first."""
    return [
        Mistake(
            index=int(rows[i]),
            label=int(test.labels[i]),
            predicted=int(test.predicted[i]),
            confidence=round(float(test.confidence[i]), 6),
        ).model_dump()
        for i in test.mistakes
    ]


def _title(plan: Plan) -> str:
    """Return the experiment, its seed and its data."""
    config = plan.config
    return f"{config.name}, seed {config.seed}, {data_set(plan.splits.dataset.title, config.data.subset)}"
