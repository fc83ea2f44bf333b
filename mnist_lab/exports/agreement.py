"""Whether an exported network predicts what its run predicts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mnist_lab.exports.trained import Expected

TOLERANCE = 1e-3
"""Largest accepted difference of a probability. Rounding stored ones to float16 alone causes up to 0.00025."""
ACCURACY_DROP = 0.01
"""The accuracy that quantization may cost, as a fraction of 1."""
BATCH = 512


def in_batches(
    network: Callable[[NDArray[Any]], Any],
    images: NDArray[np.uint8],
    dtype: DTypeLike = np.float32,
    *,
    batch: int = BATCH,
) -> NDArray[np.floating[Any]]:
    """Return the output of `network` for the images, passed as `dtype` in batches."""
    batches = (images[i : i + batch].astype(dtype) for i in range(0, len(images), batch))
    return np.concatenate([np.asarray(network(each)) for each in batches])


@dataclass(frozen=True)
class Agreement:
    """Predictions of an exported network compared with those of the run, on the same test images."""

    images: int
    source: str
    """Where the run's predictions come from."""
    difference: float
    """The largest difference between the two probabilities of an image and class."""
    other_labels: int
    """Images for which the most probable class differs."""
    before: float
    """The run's accuracy on these images."""
    after: float
    """The accuracy of the exported network."""
    quantized: bool
    """Whether the exported network is quantized."""

    @property
    def problem(self) -> str | None:
        """How the predictions disagree; None if they agree."""
        if self.quantized:
            if self.before - self.after <= ACCURACY_DROP:
                return None
            return f"the accuracy falls from {self.before:.4f} to {self.after:.4f}, by more than {ACCURACY_DROP:g}"
        if self.difference <= TOLERANCE:
            return None
        return (
            f"a probability differs by {self.difference:.2g}, more than {TOLERANCE:g}, and {self.other_labels:,} of "
            f"{self.images:,} predicted classes differ"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison for JSON."""
        return {
            "images": self.images,
            "compared_with": self.source,
            "largest_difference": self.difference,
            "tolerance": None if self.quantized else TOLERANCE,
            "different_labels": self.other_labels,
            "accuracy": {"before": self.before, "after": self.after},
        }


def compare(expected: Expected, predicted: NDArray[np.floating[Any]], *, quantized: bool) -> Agreement:
    """Compare the probabilities (n, classes) of an exported, perhaps `quantized` network with those expected."""
    known, labels = expected.predictions, predicted.argmax(axis=1)
    # NaN is larger than any tolerance.
    differences = np.nan_to_num(np.abs(predicted - known.probabilities.astype(np.float32)), nan=np.inf)
    return Agreement(
        images=len(labels),
        source=expected.source,
        difference=float(differences.max()),
        other_labels=int((labels != known.predicted).sum()),
        before=float((known.predicted == known.labels).mean()),
        after=float((labels == known.labels).mean()),
        quantized=quantized,
    )
