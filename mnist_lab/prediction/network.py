"""The trained network of a finished run, and what it predicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mnist_lab import backends, datasets
from mnist_lab.analysis import wilson
from mnist_lab.datasets.form import size_of
from mnist_lab.errors import DataError, InputError
from mnist_lab.prediction.inputs import Picture, Signature, signature_of
from mnist_lab.runs import Run
from mnist_lab.runs.weights import load_weights, train_again
from mnist_lab.text.quantities import percent

_DIVERGED_HINT = (
    "The training diverged, or the file was changed. Train again with a lower learning rate: "
    "--set train.optimizer.learning_rate=..."
)
DOUBTFUL = 0.8
"""Below this probability a prediction is doubtful. With 0.8, `cnn_20_40_60` is wrong without a warning on 0.33 % of
MNIST's test images, and right with one on 1.20 %; with 2/3, both are 0.60 %."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """The prediction for one picture."""

    image: str
    """Its path, or `image 0`, `image 1`, ... for arrays."""
    label: str
    """The name of the most probable class."""
    probability: float
    probabilities: dict[str, float]
    """The probability of every class, the most probable first."""
    prepared: NDArray[Any]
    """The picture as given to the network (height, width, channels)."""
    warning: str | None
    """Why the prediction is doubtful; None if it is not."""

    @classmethod
    def of(cls, picture: Picture, probabilities: NDArray[np.float32], classes: Sequence[str]) -> Self:
        """Return the prediction for a picture, from the probabilities (n,) of the classes."""
        order = (-probabilities).argsort(kind="stable")
        known = {classes[int(i)]: float(probabilities[i]) for i in order}
        label, highest = next(iter(known.items()))
        unsure = [f"the highest probability is only {percent(highest)}"] if highest < DOUBTFUL else []
        doubts = "; ".join([*picture.prepared.doubts, *unsure])
        return cls(str(picture.path), label, highest, known, picture.prepared.pixels, doubts or None)

    def __repr__(self) -> str:
        doubt = f", doubtful: {self.warning}" if self.warning else ""
        return f"Prediction({self.image}: {self.label}, probability {self.probability:.4f}{doubt})"


@dataclass(frozen=True, eq=False)
class Score:
    """The result of a network on the test images of a data set."""

    dataset: str
    """The title of the data set."""
    same_dataset: bool
    """Whether the network was trained on this data set."""
    accuracy: float
    loss: float
    """Mean cross-entropy, in nats."""
    correct: int
    wrong: int
    total: int
    ci95: tuple[float, float]
    """Wilson's 95 % confidence interval of the accuracy."""
    classes: tuple[str, ...]
    """The names of the data set's k classes, matched with those of the network by position."""
    confusion: NDArray[Any]
    """Numbers of images (k, k): one row per true class, one column per predicted class."""

    def __repr__(self) -> str:
        return f"Score({self.dataset}: accuracy {self.accuracy:.4f}, {self.wrong:,} of {self.total:,} wrong)"


@dataclass(frozen=True)
class Network:
    """The trained network of a finished run. Slow steps run only when first needed.

    Raises:
        InputError: there is no saved model.
    """

    run: Run
    data_dir: Path | None = None
    """Where to look for data sets first."""
    backend: str | None = None
    """A backend or `auto`; None for that of the run, or another if it is not installed."""
    device: str = "auto"

    def __post_init__(self) -> None:
        check_model(self.run)

    @cached_property
    def signature(self) -> Signature:
        """The inputs and classes; raises what `signature_of` does."""
        return signature_of(self.run, self.data_dir)

    @cached_property
    def model(self) -> Any:
        """The Keras model with the saved weights: raw pixels (batch, height, width, channels) to probabilities.

        Only the weights are read from `model.keras`, so no code in it is executed; a custom network is loaded in Keras'
        safe mode, which executes none either.

        Raises:
            InputError: the saved model is damaged or has NaN or infinite weights, or a custom network has layers that
                are neither Keras' own nor registered.
            SetupError: the backend is not installed.
        """
        file, config, signature = self.run.folder.path / "model.keras", self.run.config, self.signature
        own = config.runtime.backend
        chosen = backends.choose(
            self.backend or (own if own in backends.installed() else None),
            convolves=config.model.convolves,
            device=self.device,
        )
        with backends.in_turn:
            backends.start(chosen, device=self.device)
            from mnist_lab import models

            with models.memory_errors():
                if config.model.kind == "custom":
                    model = models.load_custom(file)
                else:
                    model = models.from_config(config, image_shape=signature.shape, classes=len(signature.classes))
                    load_weights(model, file)
        _check_finite(model, file)
        return model

    def predict(self, pictures: Sequence[Picture]) -> list[Prediction]:
        """Classify pictures.

        Raises:
            InputError: the probabilities are not finite, because the weights are too large.
        """
        shown = np.stack([picture.prepared.pixels for picture in pictures])
        result = np.asarray(self.model.predict(shown, verbose=0), dtype=np.float32)
        if not np.isfinite(result).all():
            raise InputError(
                "The network's probabilities are not finite numbers: its weights are too large.", _DIVERGED_HINT
            )
        return [
            Prediction.of(picture, row, self.signature.classes) for picture, row in zip(pictures, result, strict=True)
        ]

    def dataset(self, name: str, progress: datasets.Progress | None = None) -> datasets.Dataset:
        """Return a data set to evaluate on, by name or path, with its images resized and converted to greyscale like
        the run's.

        Raises:
            DataError: the data set is not available, or the size of its images or the number of its classes differs.
        """
        data, expected = self.run.config.data.model_copy(update={"dataset": name}), self.signature
        found = datasets.load(data, self.data_dir, progress=progress)
        if found.image_shape != expected.shape or len(found.classes) != len(expected.classes):
            raise DataError(
                f"{found.title} does not fit this network: expected {size_of(expected.shape)} images of "
                f"{len(expected.classes)} classes, received {size_of(found.image_shape)} images of "
                f"{len(found.classes)}."
            )
        return found

    def score(self, dataset: datasets.Dataset) -> Score:
        """Evaluate on the test images of a data set from `dataset`."""
        model = self.model  # starts the backend, before the next line imports Keras
        from mnist_lab.training import evaluate

        found = evaluate(model, dataset.x_test, dataset.y_test)
        return Score(
            dataset=dataset.title,
            same_dataset=dataset.sha256 == self.run.measured.dataset.sha256,
            accuracy=found.accuracy,
            loss=found.loss,
            correct=found.correct,
            wrong=found.total - found.correct,
            total=found.total,
            ci95=wilson(found.correct, found.total),
            classes=dataset.classes,
            confusion=found.confusion(),
        )


def _check_finite(model: Any, file: Path) -> None:
    """Check that all weights are finite: with NaN, the prediction would always be the first class."""
    for weight in model.weights:
        values = np.asarray(weight)
        if values.dtype.kind == "f" and (bad := int((~np.isfinite(values)).sum())):
            raise InputError(
                f"{file}: {bad:,} of the {values.size:,} weights in {weight.path} "
                f"{'is' if bad == 1 else 'are'} NaN or infinite, so the network cannot predict anything.",
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
        raise InputError(problem, train_again(run.folder.path))
