"""The trained network of a finished run, and what it predicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab import backends, datasets
from mnist_lab.errors import InputError
from mnist_lab.prediction.inputs import Picture, Signature
from mnist_lab.runs import Run
from mnist_lab.runs.weights import load_weights

if TYPE_CHECKING:
    from mnist_lab.training import Evaluation


_DIVERGED_HINT = (
    "The training diverged, or the file was changed. Train again with a lower learning rate: "
    "--set train.optimizer.learning_rate=..."
)
DOUBTFUL = 0.8
"""Below this probability a prediction is doubtful. With it, `cnn_20_40_60` is wrong without a warning on 0.33 % of
MNIST's test images, and right with one on 1.20 %; with 2/3 these are 0.60 % and 0.60 %."""


@dataclass(frozen=True)
class Network:
    """A finished run's network with its saved weights."""

    model: Any

    def probabilities(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        """Predict probabilities (n, classes), for each picture a row that sums to 1.

        Raises:
            InputError: they are not finite, because the weights are too large.
        """
        shown = np.stack([picture.prepared.pixels for picture in pictures])
        result = np.asarray(self.model.predict(shown, verbose=0), dtype=np.float32)
        if not np.isfinite(result).all():
            raise InputError(
                "The network's probabilities are not finite numbers: its weights are too large.", _DIVERGED_HINT
            )
        return result

    def score(self, dataset: datasets.Dataset) -> "Evaluation":
        """Evaluate on the test images of a data set that fits, as of `load_fitting`."""
        from mnist_lab import training

        return training.evaluate(self.model, dataset.x_test, dataset.y_test)


def warning(picture: Picture, probabilities: NDArray[np.float32]) -> str | None:
    """Why the prediction for a picture, `probabilities` (classes,), is doubtful; None if it is not."""
    highest = float(probabilities.max())
    unsure = [f"the highest probability is only {highest:.2f}"] if highest < DOUBTFUL else []
    return "; ".join([*picture.prepared.doubts, *unsure]) or None


def load_network(run: Run, signature: Signature, *, backend: str | None = None, device: str = "auto") -> Network:
    """Build the network of a run that has passed `check_model`, and load its saved weights.

    Of `model.keras` only the weights are read, so no code in it is executed; a custom network is loaded as Keras does
    in safe mode, which executes none either.

    Args:
        backend: a backend or `auto`; None for that of the run, or another if it is not installed.

    Raises:
        InputError: the saved model is damaged, has NaN or infinite weights, or the backend is not installed; or a
            custom network has layers that are not of Keras.
    """
    file, config = run.folder.path / "model.keras", run.config
    own = config.runtime.backend
    chosen = backends.choose(
        backend or (own if own in backends.installed() else None), convolves=config.model.convolves, device=device
    )
    with backends.in_turn:
        backends.start(chosen, device=device)
        from mnist_lab import models

        with models.memory_errors():
            if config.model.kind == "custom":
                model = models.load_custom(file)
            else:
                model = models.from_config(config, image_shape=signature.shape, classes=len(signature.classes))
                load_weights(model, file)
    _check_finite(model, run)
    return Network(model)


def _check_finite(model: Any, run: Run) -> None:
    """Check that all weights are finite: with NaN, the prediction would always be the first class."""
    for weight in model.weights:
        values = np.asarray(weight)
        if values.dtype.kind == "f" and (bad := int((~np.isfinite(values)).sum())):
            raise InputError(
                f"{run.folder.path / 'model.keras'}: {bad:,} of the {values.size:,} weights in {weight.path} are "
                "NaN or infinite, so the network cannot predict anything.",
                _DIVERGED_HINT,
            )


def check_model(run: Run) -> None:
    """Raise an `InputError` if there is no saved model, before anything slow begins."""
    file = run.folder.path / "model.keras"
    if not file.is_file():
        problem = (
            f"{file}: expected the saved model, a file; this is a folder."
            if file.is_dir()
            else f"{run.folder.path}: there is no model.keras; this run folder does not contain its trained network."
        )
        raise InputError(problem, f"Train it again: mnist-lab run {run.folder.path / 'config.yaml'} --results again")
