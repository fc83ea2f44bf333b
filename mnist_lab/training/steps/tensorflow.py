"""Steps as a loop in TensorFlow's graph."""

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_lab.training.steps.base import Data, Logs, Steps


class TensorFlowSteps(Steps):
    """One traced loop serves every part of an epoch, including the smaller last batch."""

    def __init__(self, network: Any, data: Data, batch_size: int) -> None:
        super().__init__(network, data, batch_size)
        self._step = tf.function(network.train_step, jit_compile=network.jit_compile, autograph=False)
        self._loop = tf.function(self._steps, autograph=False)

    def begin(self, order: NDArray[np.int32]) -> None:
        """Set the order of the rows for the epoch that begins."""
        self._order = tf.constant(order)

    def advance(self, first: int, end: int) -> Logs:
        """Run the steps `first` to `end` - 1 of this epoch; return the running means after the last."""
        return self._loop(self.data, self._order, tf.constant(first), tf.constant(end))

    def _steps(self, data: Any, order: Any, first: Any, end: Any) -> Logs:
        def step(i: Any, _: Logs) -> tuple[Any, Logs]:
            rows = order[i * self.batch_size : (i + 1) * self.batch_size]
            return i + 1, self._step(tuple(tf.gather(array, rows) for array in data))

        nothing = {name: tf.constant(0.0) for name in ("accuracy", "loss")}
        return tf.while_loop(lambda i, _: i < end, step, (first, nothing))[1]
