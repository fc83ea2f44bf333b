"""A search for `mlp_512` with KerasTuner, as in its guide, until its time is up.

python -m benchmarks.plain.search --algorithm hyperband --data rows.npz --out DIR --seconds 300 --epochs 10 --seed 1

Prints one line of JSON: the time and validation accuracy of each epoch, and the best hyperparameters.
"""

import argparse
import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
from keras import layers

BATCH = 128


def build(hp: keras_tuner.HyperParameters) -> keras.Model:
    """One to three hidden layers with dropout, and Adam."""
    rate = hp.Float("learning_rate", 1e-4, 1e-2, sampling="log")
    dropout = hp.Float("dropout", 0.0, 0.5)
    nodes = hp.Choice("nodes", ["256-256", "512-512", "1024", "512-512-512"])
    model = keras.Sequential([keras.Input((28, 28)), layers.Flatten()])
    for units in str(nodes).split("-"):
        model.add(layers.Dense(int(units), activation="relu"))
        model.add(layers.Dropout(dropout))
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class TimeIsUpError(keras_tuner.errors.FatalError):
    """Ends a search; any other exception would only end a trial."""


class Clock(keras.callbacks.Callback):
    """Notes every epoch in a file, because KerasTuner copies callbacks, and ends the search when its time is up."""

    def __init__(self, notes: Path, began: float, seconds: float) -> None:
        super().__init__()
        self.notes, self.began, self.seconds = notes, began, seconds

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Note a validated epoch, or end the search."""
        passed = time.perf_counter() - self.began
        if passed > self.seconds:
            raise TimeIsUpError
        with self.notes.open("a") as file:
            print(json.dumps([round(passed, 3), epoch + 1, float((logs or {})["val_accuracy"])]), file=file)


def tuner_of(algorithm: str, epochs: int, seed: int, folder: Path) -> keras_tuner.Tuner:
    """Return a tuner that does not end by itself."""
    common: dict[str, Any] = {
        "objective": "val_accuracy", "seed": seed, "directory": folder, "project_name": algorithm, "overwrite": True,
    }  # fmt: skip
    if algorithm == "hyperband":
        return keras_tuner.Hyperband(build, max_epochs=epochs, factor=3, hyperband_iterations=10**6, **common)
    return keras_tuner.RandomSearch(build, max_trials=10**6, **common)


def main() -> None:
    """Search, then print the results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--algorithm", choices=("hyperband", "random"), required=True)
    parser.add_argument("--data", type=Path, required=True, help="an npz file with x_train, y_train, x_val, y_val")
    parser.add_argument("--out", type=Path, required=True, help="the tuner's folder")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--epochs", type=int, required=True, help="epochs of a full trial")
    parser.add_argument("--seed", type=int, default=1, help="random seed")
    options = parser.parse_args()
    with np.load(options.data) as archive:
        x_train, y_train, x_val, y_val = (archive[key] for key in ("x_train", "y_train", "x_val", "y_val"))
    keras.utils.set_random_seed(options.seed)
    notes = options.out / "epochs.jsonl"
    notes.touch()
    tuner = tuner_of(options.algorithm, options.epochs, options.seed, options.out)
    began = time.perf_counter()
    with suppress(TimeIsUpError):
        tuner.search(
            x_train.astype("float32") / 255, y_train, epochs=options.epochs, batch_size=BATCH,
            validation_data=(x_val.astype("float32") / 255, y_val),
            callbacks=[Clock(notes, began, options.seconds)], verbose=0,
        )  # fmt: skip
    best = tuner.get_best_hyperparameters()
    trials = tuner.oracle.get_best_trials(10**6)
    print(
        json.dumps(
            {
                "points": [json.loads(line) for line in notes.read_text().splitlines()],
                "trials": len(trials),
                "in_search": trials[0].score if trials else None,
                "best": {name: best[0].get(name) for name in ("learning_rate", "dropout", "nodes")} if best else None,
            }
        )
    )


if __name__ == "__main__":
    main()
