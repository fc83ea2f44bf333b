"""Predicted probabilities for labelled images, and the metrics computed from them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab.runs import confusion_matrix

BATCH = 400
"""Batch size for inference: large enough to be fast, small enough for the feature maps of any network.

It divides the 10,000 test images and the 12,000 validation images of MNIST, so that there is no smaller last batch to
compile for, and no usual number of nodes equals it: if a batch has as many images as a dense layer has nodes, XLA can
be five times slower on a CPU (`benchmarks/LOG.md`).
"""

_EPSILON = 1e-7
"""Keras clips probabilities to [epsilon, 1 - epsilon] before it takes the logarithm."""


@dataclass(frozen=True)
class Evaluation:
    """Probabilities (n, classes) for images with `labels` (n,), and the metrics that follow from them."""

    probabilities: NDArray[np.float32]
    labels: NDArray[Any]

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable class of each image."""
        return self.probabilities.argmax(axis=1)

    @cached_property
    def confidence(self) -> NDArray[np.float32]:
        """The probability of the predicted class."""
        return self.probabilities.max(axis=1)

    @property
    def total(self) -> int:
        """Number of images."""
        return len(self.labels)

    @cached_property
    def correct(self) -> int:
        """Number of images whose predicted class is their label."""
        return int((self.predicted == self.labels).sum())

    @property
    def accuracy(self) -> float:
        """Share of the images that are classified correctly."""
        return self.correct / self.total

    @cached_property
    def loss(self) -> float:
        """Mean cross-entropy in nats, without label smoothing or regularization."""
        likelihood = self.probabilities[np.arange(self.total), self.labels].astype(np.float64)
        return float(-np.log(np.clip(likelihood, _EPSILON, 1 - _EPSILON)).mean())

    @cached_property
    def mistakes(self) -> NDArray[np.int64]:
        """Indices of the misclassified images, the most confident first."""
        wrong = np.flatnonzero(self.predicted != self.labels)
        return wrong[np.argsort(-self.confidence[wrong], kind="stable")]

    def confusion(self) -> NDArray[np.int64]:
        """Return the `confusion_matrix` of the images."""
        return confusion_matrix(self.labels, self.predicted, self.probabilities.shape[1])


def evaluate(model: Any, images: NDArray[np.uint8], labels: NDArray[Any]) -> Evaluation:
    """Run the Keras `model` on raw `images` (n, height, width, channels)."""
    probabilities = model.predict(images, batch_size=BATCH, verbose=0)
    return Evaluation(np.asarray(probabilities, dtype=np.float32), labels)
