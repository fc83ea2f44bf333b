"""The results of a trained network: test, saved model, plots, and `metrics.json` last of all."""

from typing import Any

import numpy as np

from mnist_lab import plots, training
from mnist_lab.config import Config
from mnist_lab.experiment import metrics
from mnist_lab.experiment.data import Splits
from mnist_lab.experiment.identity import Identity
from mnist_lab.experiment.observer import Observer
from mnist_lab.history import Record
from mnist_lab.models import Summary
from mnist_lab.runs import Run, RunFolder
from mnist_lab.training import BatchCurve, Evaluation


def write_results(
    identity: Identity,
    splits: Splits,
    trainer: training.Trainer,
    *,
    summary: Summary,
    environment: dict[str, Any],
    timing: metrics.Timing,
    observer: Observer,
) -> Run:
    """Evaluate the trained model, write the remaining files, and mark the run as finished."""
    config, folder, history = identity.config, identity.folder, trainer.history
    observer.preparing("Testing, plotting, saving")
    trainer.average()
    last = training.evaluate(trainer.model, *splits.test.pair)
    saved_epoch = trainer.restore_best()
    test = last if saved_epoch == len(history) else training.evaluate(trainer.model, *splits.test.pair)

    with folder.replacing("model.keras") as part:
        trainer.model.save(part)
    folder.write_arrays("batches.npz", trainer.batches.arrays())
    folder.write_arrays("predictions.npz", {"probabilities": test.probabilities.astype("float16")}, compressed=True)
    folder.write_json("mistakes.json", metrics.mistakes(test, splits.test.rows))
    best_epoch = saved_epoch if config.train.restore_best else None
    draw_history(folder, config, splits, history, trainer.batches, test, best_epoch)
    draw_test(folder, config, splits, test)

    measured = metrics.measure(
        identity,
        splits,
        summary=summary,
        history=history,
        test=test,
        last_test_accuracy=last.accuracy,
        saved_epoch=saved_epoch,
        environment=environment,
        timing=timing,
    )
    observer.done(measured)
    return Run(folder.finish(measured), measured.as_dict(), fresh=True)


def draw_history(
    folder: RunFolder,
    config: Config,
    splits: Splits,
    history: list[Record],
    batches: BatchCurve,
    test: Evaluation | None = None,
    best_epoch: int | None = None,
) -> None:
    """`accuracy.png`, `loss.png` and `curves.png`; without `test` and `best_epoch` for a run that is not finished."""
    name, title = splits.validation_name, _title(config, splits)
    reference = metrics.published(config)
    accuracy = plots.accuracy(
        history, title=title, validation_name=name, reference=reference, best_epoch=best_epoch,
        test=test and test.accuracy,
    )  # fmt: skip
    loss = plots.loss(
        history, title=title, validation_name=name, reference=reference, best_epoch=best_epoch, test=test and test.loss
    )
    plots.save(accuracy, folder.path / "accuracy.png")
    plots.save(loss, folder.path / "loss.png")
    curves = plots.curves(history, batches.arrays(), title=title, validation_name=name)
    plots.save(curves, folder.path / "curves.png")


def draw_test(folder: RunFolder, config: Config, splits: Splits, test: Evaluation) -> None:
    """`confusion.png`, `predictions.png` and `mistakes.png`."""
    title, classes, images = _title(config, splits), splits.dataset.classes, splits.test.images
    plots.save(plots.confusion(test.confusion(), classes, title=title), folder.path / "confusion.png")
    drawn = np.random.default_rng(config.seed).choice(test.total, size=min(9, test.total), replace=False)
    predictions = plots.predictions(
        images[drawn], test.labels[drawn], test.predicted[drawn], classes,
        title=f"{title}: random test images", confidence=test.confidence[drawn],
    )  # fmt: skip
    plots.save(predictions, folder.path / "predictions.png")
    mistakes = plots.mistakes(images, test.labels, test.predicted, test.confidence, classes, title=title)
    plots.save(mistakes, folder.path / "mistakes.png")


def _title(config: Config, splits: Splits) -> str:
    """The experiment, its seed and its data."""
    subset = f", {config.data.subset:,} rows" if config.data.subset else ""
    return f"{config.name}, seed {config.seed}, {splits.dataset.title}{subset}"
