"""Training steps, many per call, on data that stays on the device.

Keras' `fit` passes every batch from Python, which takes longer than the arithmetic of a small network. Here the uint8
images stay on the device, and one compiled program selects the batches and trains on them. A step is Keras' own
`train_step`: loss, gradients, optimizer, running metrics.
"""

from typing import Any

import keras

from mnist_lab.config.schema import Runtime
from mnist_lab.training.steps.base import Data, Logs, Steps

__all__ = ["POINTS_PER_EPOCH", "Logs", "jit_compile", "steps_for", "steps_per_execution"]

POINTS_PER_EPOCH = 16
"""Resolution of the batch curve, which limits the steps per execution; with about 17 dispatches per epoch, their
overhead is already negligible."""
MOST_STEPS_PER_EXECUTION = 100


def steps_for(network: Any, data: Data, batch_size: int) -> Steps:
    """Return the steps of the compiled `network` on Keras' current backend."""
    match keras.backend.backend():
        case "tensorflow":
            from mnist_lab.training.steps.tensorflow import TensorFlowSteps as BackendSteps
        case "jax":
            from mnist_lab.training.steps.jax import JaxSteps as BackendSteps
        case _:
            from mnist_lab.training.steps.torch import TorchSteps as BackendSteps
    return BackendSteps(network, data, batch_size)


def steps_per_execution(runtime: Runtime, steps: int, *, convolves: bool) -> int:
    """Return how many of an epoch's `steps` run per call; always one on PyTorch, which would loop in Python.

    XLA's convolutions are slow inside a loop on a CPU. Source of the choice for `auto`: `benchmarks/LOG.md`.
    """
    backend = keras.backend.backend()
    if backend == "torch":
        return 1
    if runtime.steps_per_execution != "auto":
        return min(runtime.steps_per_execution, steps)
    if backend == "jax" and convolves and not _on_gpu():
        return 1
    return max(1, min(MOST_STEPS_PER_EXECUTION, steps // POINTS_PER_EPOCH))


def jit_compile(runtime: Runtime) -> bool | str:
    """Return Keras' argument; `auto` disables XLA for TensorFlow on a CPU, where the plain graph is faster."""
    if runtime.jit_compile != "auto":
        return runtime.jit_compile
    return False if keras.backend.backend() == "tensorflow" and not _on_gpu() else "auto"


def _on_gpu() -> bool:
    return any(device.startswith("gpu") for device in keras.distribution.list_devices())
