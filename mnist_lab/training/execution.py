"""How the steps of an epoch are executed: how many per call, and whether XLA compiles them."""

import keras

from mnist_lab.config.schema import Runtime

POINTS_PER_EPOCH = 16
"""Resolution of the batch curve, which limits the steps per execution; with about 17 dispatches per epoch, their
overhead is already negligible."""
MOST_STEPS_PER_EXECUTION = 100


def steps_per_execution(runtime: Runtime, steps: int, *, convolves: bool) -> int:
    """How many of an epoch's `steps` run per call; always one on Torch, which would loop in Python.

    Source of the choice for `auto`: `benchmarks/LOG.md`.

    Args:
        runtime: requests a number, or `auto`.
        steps: in an epoch.
        convolves: whether the network has convolutions; XLA's are slow inside a loop on a CPU.
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
    """Keras' argument of this name; `auto` disables XLA on TensorFlow's CPU, where the plain graph is faster."""
    if runtime.jit_compile != "auto":
        return runtime.jit_compile
    return False if keras.backend.backend() == "tensorflow" and not _on_gpu() else "auto"


def _on_gpu() -> bool:
    return any(device.startswith("gpu") for device in keras.distribution.list_devices())
