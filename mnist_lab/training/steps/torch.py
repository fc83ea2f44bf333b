"""Steps one by one on PyTorch, which runs eagerly."""

from typing import Any

import keras
import numpy as np
import torch
from numpy.typing import NDArray

from mnist_lab.training.steps.base import Data, Logs, Steps


class TorchSteps(Steps):
    """Each step is one call; compared with `fit`, only the transfer of the batches to the device is saved."""

    def __init__(self, network: Any, data: Data, batch_size: int) -> None:
        super().__init__(network, data, batch_size)
        step = network.train_step
        self._step = torch.compile(step) if network.jit_compile else step  # pyright: ignore[reportAttributeAccessIssue]

    def begin(self, order: NDArray[np.int32]) -> None:
        """Set the order of the rows for the epoch that begins."""
        self._order: Any = keras.ops.convert_to_tensor(order)
        self.network.train()

    def advance(self, first: int, end: int) -> Logs:
        """Run the steps `first` to `end` - 1 of this epoch; return the running means after the last."""
        logs: Any = {}
        for i in range(first, end):
            rows = self._order[i * self.batch_size : (i + 1) * self.batch_size]
            logs = self._step(tuple(array[rows] for array in self.data))
        return logs
