"""The plots of a run folder."""

from typing import TYPE_CHECKING

import numpy as np

from mnist_lab import plots
from mnist_lab.experiment.metrics import published

if TYPE_CHECKING:
    from mnist_lab.config import Config
    from mnist_lab.experiment.material import Material
    from mnist_lab.history import Record
    from mnist_lab.runs import RunFolder
    from mnist_lab.training import BatchCurve, Evaluation


def draw_history(
    folder: "RunFolder",
    config: "Config",
    material: "Material",
    history: "list[Record]",
    batches: "BatchCurve",
    test: "Evaluation | None" = None,
    best_epoch: int | None = None,
) -> None:
    """`accuracy.png`, `loss.png` and `curves.png`; `test` and `best_epoch` as far as they are known."""
    name, title = material.validation_name, title_of(config, material)
    reference = published(config)
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


def draw_test(folder: "RunFolder", config: "Config", material: "Material", test: "Evaluation") -> None:
    """`confusion.png`, `predictions.png` and `mistakes.png`."""
    title, classes, images = title_of(config, material), material.dataset.classes, material.test.images
    plots.save(plots.confusion(test.confusion(), classes, title=title), folder.path / "confusion.png")
    drawn = np.random.default_rng(config.seed).choice(test.total, size=min(9, test.total), replace=False)
    predictions = plots.predictions(
        images[drawn], test.labels[drawn], test.predicted[drawn], classes,
        title=f"{title}: random test images", confidence=test.confidence[drawn],
    )  # fmt: skip
    plots.save(predictions, folder.path / "predictions.png")
    mistakes = plots.mistakes(images, test.labels, test.predicted, test.confidence, classes, title=title)
    plots.save(mistakes, folder.path / "mistakes.png")


def title_of(config: "Config", material: "Material") -> str:
    """The experiment, its seed and its data."""
    subset = f", {config.data.subset:,} rows" if config.data.subset else ""
    return f"{config.name}, seed {config.seed}, {material.dataset.title}{subset}"
