"""Loss and accuracy within an epoch: for progress displays and for the batch curve."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Progress:
    """Progress within an epoch, in steps, with Keras' running loss and accuracy."""

    epoch: int
    done: int
    total: int
    loss: float
    accuracy: float


@dataclass
class BatchCurve:
    """Training loss and accuracy within epochs: each value is the mean over a few steps, at `epoch`, where they end."""

    epoch: list[float] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)

    def add(self, epoch: int, running: Sequence[tuple[int, float, float]]) -> None:
        """Add the means between consecutive running means (images so far, loss, accuracy) of an epoch."""
        images = running[-1][0]
        before, sums = 0, (0.0, 0.0)
        for so_far, *means in running:
            totals = means[0] * so_far, means[1] * so_far
            loss, accuracy = ((total - was) / (so_far - before) for total, was in zip(totals, sums, strict=True))
            self.epoch.append(epoch - 1 + so_far / images)
            self.loss.append(loss)
            self.accuracy.append(min(max(accuracy, 0.0), 1.0))
            before, sums = so_far, totals

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the three columns, in float32."""
        return {name: np.asarray(values, np.float32) for name, values in vars(self).items()}
