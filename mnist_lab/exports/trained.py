"""A trained network to export, and the images on which its export is checked."""

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab import backends, datasets
from mnist_lab.errors import DamagedError, DataError, InputError, MissingError
from mnist_lab.experiment import Splits, prepare_data
from mnist_lab.prediction import Network, Signature, signature_of
from mnist_lab.runs import Predictions, Run
from mnist_lab.version import __version__

if TYPE_CHECKING:
    from mnist_lab.training import Evaluation

CALIBRATION = 500
"""Training images on which a quantized network is calibrated."""


@dataclass(frozen=True, eq=False)
class Expected:
    """What an exported network must predict."""

    images: NDArray[np.uint8]
    """Test images of the run (n, height, width, channels)."""
    predictions: "Predictions | Evaluation"
    """What the network predicts for them."""
    source: str
    """Where the predictions come from."""


@dataclass(frozen=True)
class Trained:
    """The network of a finished run. Slow steps run only when first needed."""

    run: Run
    data_dir: Path | None = None
    """Where to look for the data set first."""
    progress: datasets.Progress | None = None
    """Shows a download of the data set."""

    @cached_property
    def signature(self) -> Signature:
        """Inputs and classes; raises what `signature_of` raises."""
        return signature_of(self.run, self.data_dir)

    @cached_property
    def model(self) -> Any:
        """The Keras model in float32: from raw pixels (batch, height, width, channels) to probabilities.

        It runs on TensorFlow if that is installed; the formats that Keras exports need it.

        Raises:
            InputError: as for `Network.model`; or a custom network computes in 16 bits.
        """
        precision = self.run.config.train.precision
        if precision != "float32" and self.run.config.model.kind == "custom":
            raise InputError(
                f"{self.run.folder.path}: a custom network in {precision} cannot be exported.",
                "Train it in float32: --set train.precision=float32",
            )
        train = self.run.config.train.model_copy(update={"precision": "float32"})
        run = replace(self.run, asked=self.run.config.model_copy(update={"train": train}))
        backend = "tensorflow" if "tensorflow" in backends.installed() else None
        return Network(run, self.data_dir, backend, "cpu").model

    @cached_property
    def splits(self) -> Splits:
        """The images of the run.

        Raises:
            DataError: the data set is not available, or is not the one that the run was trained on.
        """
        dataset = datasets.load(self.run.config.data, self.data_dir, progress=self.progress)
        expected = self.run.measured.dataset.sha256
        if dataset.sha256 != expected:
            raise DataError(
                f"{dataset.source}: not the data set that {self.run.folder.path} was trained on (SHA-256 "
                f"{dataset.sha256[:8]}, expected {expected[:8]}), so the export cannot be checked.",
                "Name the folder of the right one with --data-dir.",
            )
        return prepare_data(self.run.config, dataset)

    @cached_property
    def expected(self) -> Expected:
        """The stored predictions of the run for its test images; if there are none, those of Keras.

        Those of Keras also if the run computed in 16 bits, because the exported network computes in 32.
        """
        test = self.splits.test
        images, labels = test.pair
        with suppress(MissingError):
            stored, file = self.run.predictions, "predictions.npz"
            if not (np.array_equal(stored.rows, test.rows) and np.array_equal(stored.labels, labels)):
                raise DamagedError(
                    f"{self.run.folder.path / file}: damaged (its images are not the test images of this run)."
                )
            if self.run.config.train.precision == "float32":
                return Expected(images, stored, file)
        model = self.model  # starts the backend, before the next line imports Keras
        from mnist_lab.training import evaluate

        return Expected(images, evaluate(model, images, labels), "Keras in float32")

    @cached_property
    def calibration(self) -> NDArray[np.uint8]:
        """Random training images (n, height, width, channels) for quantization; always the same ones."""
        images = self.splits.train.images
        chosen = np.random.default_rng(0).permutation(len(images))[:CALIBRATION]
        return images[np.sort(chosen)]

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What users of an exported file need to know, for its metadata: values that JSON can represent."""
        measured, signature = self.run.measured, self.signature
        height, width, channels = signature.shape
        return {
            "name": measured.run.name,
            "run": measured.run.id,
            "fingerprint": measured.run.fingerprint,
            "seed": measured.run.seed,
            "dataset": signature.title,
            "classes": list(signature.classes),
            "image": {"height": height, "width": width, "channels": channels},
            "input": "raw pixels from 0 to 255, (batch, height, width, channels)",
            "output": "probability of each class, (batch, classes)",
            "preprocessing": {
                "in_the_network": self.run.config.data.preprocess.model_dump(mode="json"),
                "of_pictures": signature.preparation,
            },
            "test_accuracy": measured.test.accuracy,
            "exported_by": f"mnist-lab {__version__}",
        }
