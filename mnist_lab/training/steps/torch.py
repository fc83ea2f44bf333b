"""Steps one by one in Torch, which runs eagerly."""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from mnist_lab.training.steps.base import Data, Logs, Steps


class TorchSteps(Steps):
    """Each step on its own; what they save against `fit` is the way of the batches to the device."""

    def __init__(self, network: Any, data: Data, batch_size: int) -> None:
        super().__init__(network, data, batch_size)
        self._step = _compiled(network.train_step) if network.jit_compile else network.train_step

    def begin(self, order: NDArray[np.int32]) -> None:
        """Take up the order of the epoch that begins."""
        self._order: Any = keras.ops.convert_to_tensor(order)
        self.network.train()

    def advance(self, first: int, end: int) -> Logs:
        """Do the steps `first` to `end` - 1 of this epoch; gives the running means after the last."""
        logs: Any = {}
        for i in range(first, end):
            rows = self._order[i * self.batch_size : (i + 1) * self.batch_size]
            logs = self._step(tuple(array[rows] for array in self.data))
        return logs


def _compiled(step: Any) -> Any:
    import torch

    return torch.compile(step)  # pyright: ignore[reportAttributeAccessIssue]
