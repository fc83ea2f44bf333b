"""What every script shares: options, data, a clock, and output, that is, two plots and a line of JSON.

Does not import Keras, which the PyTorch loop does not need.
"""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Data = tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint8]]
"""Training images (n, 28, 28) of 0..255 and labels (n,), then test images and labels."""


class Script:
    """The command line of a script: `--data FILE --out DIR --epochs N --seed N`."""

    def __init__(self, name: str, *, epochs: int, arguments: Sequence[str] | None = None) -> None:
        parser = argparse.ArgumentParser(prog=name)
        parser.add_argument("--data", type=Path, required=True, help="an npz file in the form of Keras' mnist.npz")
        parser.add_argument("--out", type=Path, required=True, help="the folder for the plots and the model")
        parser.add_argument("--epochs", type=int, default=epochs)
        parser.add_argument("--seed", type=int, default=1, help="random seed")
        options = parser.parse_args(arguments)
        self.name = name
        self.epochs: int = options.epochs
        self.seed: int = options.seed
        self.out: Path = options.out
        self._data: Path = options.data
        self._marks: list[float] = []
        self._fit_began = 0.0

    def data(self) -> Data:
        """Return the contents of the data file."""
        with np.load(self._data) as archive:
            x_train, y_train, x_test, y_test = (archive[key] for key in ("x_train", "y_train", "x_test", "y_test"))
        return x_train.astype("float32"), y_train, x_test.astype("float32"), y_test

    def begin(self) -> None:
        """Note that the first epoch begins."""
        self._fit_began = time.time()
        self._marks = [time.perf_counter()]

    def epoch_ended(self) -> None:
        """Note that an epoch has ended, including validation."""
        self._marks.append(time.perf_counter())

    def clock(self) -> Any:
        """`begin` and `epoch_ended` as a callback for `fit`, to be the last one."""
        import keras

        return keras.callbacks.LambdaCallback(
            on_train_begin=lambda *_: self.begin(), on_epoch_end=lambda *_: self.epoch_ended()
        )

    def finish(self, model: Any, history: Mapping[str, Sequence[float]], test_accuracy: float) -> None:
        """Draw, save the Keras `model`, and print the result."""
        self.draw(history)
        model.save(self.out / f"{self.name}.keras")
        import keras

        on_gpu = keras.backend.backend() != "torch" and bool(_gpus(keras))
        self.print_result(test_accuracy, parameters=model.count_params(), device="gpu" if on_gpu else "cpu")

    def draw(self, history: Mapping[str, Sequence[float]]) -> None:
        """Plot accuracy and loss by epoch, one file each."""
        import matplotlib as mpl

        mpl.use("Agg")
        import matplotlib.pyplot as plt

        self.out.mkdir(parents=True, exist_ok=True)
        for quantity in ("accuracy", "loss"):
            plt.figure()
            plt.plot(history[quantity], label="training")
            plt.plot(history[f"val_{quantity}"], label="validation")
            plt.xlabel("epoch")
            plt.ylabel(quantity)
            plt.legend()
            plt.savefig(self.out / f"{self.name}_{quantity}.png")
            plt.close()

    def print_result(self, test_accuracy: float, *, parameters: int, device: str) -> None:
        """Print the line of JSON that the benchmark reads, the last one of the output."""
        print(
            json.dumps(
                {
                    "script": self.name,
                    "fit_began": self._fit_began,  # seconds since 1970, to compute the start-up time
                    "epoch_seconds": [round(float(seconds), 4) for seconds in np.diff(self._marks)],
                    "test_accuracy": round(test_accuracy, 4),
                    "parameters": parameters,
                    "device": device,
                }
            )
        )


def _gpus(keras: Any) -> list[str]:
    try:
        return list(keras.distribution.list_devices("gpu"))
    except RuntimeError:  # JAX without a GPU does not know the platform
        return []
