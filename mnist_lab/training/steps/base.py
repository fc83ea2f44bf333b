"""What the steps of an epoch are on every backend."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

Data = tuple[NDArray[Any], ...]
"""Images, targets and, where images count differently, sample weights: row i of each belongs together."""

Logs = dict[str, Any]
"""Keras' running `loss` and `accuracy` since the epoch's start, on the device: reading one waits for it."""


class Steps(ABC):
    """The steps of an epoch, `network.steps_per_execution` of them in one go.

    Args:
        network: compiled, its optimizer built.
        data: what it learns from.
        batch_size: the last batch of an epoch is smaller where it does not divide the rows.
    """

    def __init__(self, network: Any, data: Data, batch_size: int) -> None:
        self.network = network
        self.batch_size = batch_size
        self.rows = len(data[0])
        self.number = -(-self.rows // batch_size)
        """Steps of an epoch."""
        self.data: tuple[Any, ...] = tuple(keras.ops.convert_to_tensor(array) for array in data)
        _build_metrics(network, data)

    def epoch(self, order: NDArray[np.integer]) -> Iterator[tuple[int, Logs]]:
        """Learn every row once, in this order.

        Yields, after each go, how many steps are done and the running means. The network's variables are those of the
        epoch's end when the iterator is exhausted, and not before.
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
        """Take up the order of the epoch that begins."""

    @abstractmethod
    def advance(self, first: int, end: int) -> Logs:
        """Do the steps `first` to `end` - 1 of this epoch; gives the running means after the last."""

    def end(self) -> None:  # noqa: B027 (most backends change the variables as they go)
        """Bring the network's variables up to date."""


def _build_metrics(network: Any, data: Data) -> None:
    """Keras makes the variables of loss and metrics at their first use, too late for a compiled step to know them."""
    targets, predictions = data[1][:1], np.zeros((1, network.output_shape[-1]), np.float32)
    network.compute_loss(y=targets, y_pred=predictions)
    network.compute_metrics(x=None, y=targets, y_pred=predictions)
