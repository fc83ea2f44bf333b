"""What an exported network predicts, and whether that is what the run predicts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mnist_lab.exports.trained import Reference

TOLERANCE = 1e-3
"""Largest difference of a probability. Stored ones are rounded to float16, which alone makes up to 0.00025."""
LOSS = 0.01
"""Fraction of the test images that a network in integers may get wrong in addition."""
BATCH = 512


def in_batches(
    network: Callable[[NDArray[Any]], Any],
    images: NDArray[np.uint8],
    dtype: DTypeLike = np.float32,
    *,
    batch: int = BATCH,
) -> NDArray[np.floating[Any]]:
    """What `network` answers for the images, given to it as `dtype`, a batch at a time."""
    batches = (images[i : i + batch].astype(dtype) for i in range(0, len(images), batch))
    return np.concatenate([np.asarray(network(each)) for each in batches])


@dataclass(frozen=True)
class Agreement:
    """Predictions of an exported network beside those of the run, on the same test images."""

    images: int
    source: str
    """Where the run's predictions are from."""
    difference: float
    """The largest between two probabilities of the same image and class."""
    other_labels: int
    """Images for which another class is the most probable one."""
    before: float
    """The run's accuracy on these images."""
    after: float
    """That of the exported network."""
    quantized: bool
    """Whether it computes in integers."""

    @property
    def problem(self) -> str | None:
        """In what it does not agree; None if it does."""
        if self.quantized:
            if self.before - self.after <= LOSS:
                return None
            return f"the accuracy falls from {self.before:.4f} to {self.after:.4f}, by more than {LOSS:g}"
        if self.difference <= TOLERANCE:
            return None
        return (
            f"a probability differs by {self.difference:.2g}, more than {TOLERANCE:g}, and {self.other_labels:,} of "
            f"{self.images:,} predicted classes differ"
        )

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "images": self.images,
            "compared_with": self.source,
            "largest_difference": self.difference,
            "tolerance": None if self.quantized else TOLERANCE,
            "different_labels": self.other_labels,
            "accuracy": {"before": self.before, "after": self.after},
        }


def compare(reference: Reference, predicted: NDArray[np.floating[Any]], *, quantized: bool) -> Agreement:
    """Compare probabilities (n, classes) that an exported network predicts with the reference for the same images.

    `quantized` if it computes in integers.
    """
    expected, labels = reference.expected, predicted.argmax(axis=1)
    # NaN is larger than any tolerance.
    differences = np.nan_to_num(np.abs(predicted - expected.probabilities.astype(np.float32)), nan=np.inf)
    return Agreement(
        images=len(labels),
        source=reference.source,
        difference=float(differences.max()),
        other_labels=int((labels != expected.predicted).sum()),
        before=float((expected.predicted == expected.labels).mean()),
        after=float((labels == expected.labels).mean()),
        quantized=quantized,
    )
