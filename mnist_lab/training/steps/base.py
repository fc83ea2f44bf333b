"""The interface of training steps, the same on every backend."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

Data = tuple[NDArray[Any], ...]
"""Images, targets and, with class weights, sample weights: row i of each is one example."""

Logs = dict[str, Any]
"""Keras' running `loss` and `accuracy` since the start of the epoch, on the device; reading one synchronizes."""


class Steps(ABC):
    """The steps of an epoch, `network.steps_per_execution` per call.

    Args:
        network: compiled, with its optimizer built.
        data: the training examples.
        batch_size: the last batch of an epoch is smaller if it does not divide the number of rows.
    """

    def __init__(self, network: Any, data: Data, batch_size: int) -> None:
        self.network = network
        self.batch_size = batch_size
        self.rows = len(data[0])
        self.number = -(-self.rows // batch_size)
        """Steps per epoch."""
        self.data: tuple[Any, ...] = tuple(keras.ops.convert_to_tensor(array) for array in data)
        self._build_metrics(data[1][:1])

    def epoch(self, order: NDArray[np.integer]) -> Iterator[tuple[int, Logs]]:
        """Train on every row once, in this order.

        Yield, after each call, how many steps are done and the running means. The network's variables are only up to
        date when the iterator is exhausted.
        """
        self.network.reset_metrics()
        self.begin(order.astype(np.int32))
        together = self.network.steps_per_execution
        for first in range(0, self.number, together):
            end = min(first + together, self.number)
            yield end, self.advance(first, end)
        self.end()

    @abstractmethod
    def begin(self, order: NDArray[np.int32]) -> None:
        """Set the order of the rows for the epoch that begins."""

    @abstractmethod
    def advance(self, first: int, end: int) -> Logs:
        """Run the steps `first` to `end` - 1 of this epoch; return the running means after the last."""

    def end(self) -> None:  # noqa: B027 (most backends update the variables in each step)
        """Bring the network's variables up to date."""

    def _build_metrics(self, targets: NDArray[Any]) -> None:
        """Create the variables of loss and metrics; Keras does so at their first use, too late for a compiled step."""
        predictions = np.zeros((1, self.network.output_shape[-1]), np.float32)
        self.network.compute_loss(y=targets, y_pred=predictions)
        self.network.compute_metrics(x=None, y=targets, y_pred=predictions)
