"""Run folders of networks that were not trained: enough to check that an exported network predicts the same."""

from pathlib import Path

import keras
import numpy as np

from mnist_lab import models
from mnist_lab.datasets import load
from mnist_lab.runs import Run, formats, load_run
from mnist_lab.training import evaluate
from tests.run_folders import UCI, edit_metrics, finished_run

DIGITS = load("digits")


def untrained(results: Path, config, *, test_rows: int = len(DIGITS.y_test), **overrides) -> Run:
    """A finished run on the bundled digits, whose network has random weights, those of BatchNorm included."""
    folder = finished_run(
        results, config, dataset=UCI, total=test_rows, data__dataset="digits", data__test_subset=test_rows,
        backend="tensorflow", **overrides,
    )  # fmt: skip
    run = load_run(folder.path)
    keras.utils.set_random_seed(1)
    model = models.from_config(run.config, image_shape=DIGITS.image_shape, classes=len(DIGITS.classes))
    chance = np.random.default_rng(1)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization | keras.layers.LayerNormalization):
            layer.set_weights([chance.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])
    last = model.layers[-1]
    last.set_weights([5 * weight for weight in last.get_weights()])  # so that the probabilities are far apart
    model.save(folder.path / "model.keras")
    return with_predictions(load_run(folder.path), model)


def with_predictions(run: Run, model) -> Run:
    """The run with the predictions of `model` for its test images, and the numbers that follow from them."""
    from mnist_lab.experiment import prepare_data

    test = prepare_data(run.config, DIGITS).test
    found = evaluate(model, *test.pair)
    folder, wrong = run.folder, found.total - found.correct
    formats.write_arrays(
        folder.path / "predictions.npz",
        {
            "rows": test.rows, "labels": found.labels, "predicted": found.predicted,
            "probabilities": found.probabilities.astype("float16"),
        },
    )  # fmt: skip
    score = run.metrics["test"] | {"correct": found.correct, "wrong": wrong, "accuracy": found.accuracy}
    edit_metrics(folder, test=score)
    return load_run(folder.path)
