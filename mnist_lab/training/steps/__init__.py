"""Training steps, many per call, on data that stay on the device.

Keras' `fit` passes every batch from Python, which takes longer than the arithmetic of a small network. Here the uint8
images stay on the device, and one compiled program selects the batches and trains on them. A step is Keras' own
`train_step`: loss, gradients, optimizer, running metrics.
"""

from typing import Any

import keras

from mnist_lab.training.steps.base import Data, Logs, Steps

__all__ = ["Data", "Logs", "Steps", "steps_for"]


def steps_for(network: Any, data: Data, batch_size: int) -> Steps:
    """The steps of the compiled `network` on Keras' current backend."""
    match keras.backend.backend():
        case "tensorflow":
            from mnist_lab.training.steps.tensorflow import TensorFlowSteps

            return TensorFlowSteps(network, data, batch_size)
        case "jax":
            from mnist_lab.training.steps.jax import JaxSteps

            return JaxSteps(network, data, batch_size)
        case _:
            from mnist_lab.training.steps.torch import TorchSteps

            return TorchSteps(network, data, batch_size)
