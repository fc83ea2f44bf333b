"""Setting up a process for a backend: its device, its threads, and Keras."""

import logging
import os
import sys
import threading
import warnings
from contextlib import ExitStack
from dataclasses import dataclass

from mnist_lab.backends import keras_import
from mnist_lab.errors import SetupError
from mnist_lab.system import scratch
from mnist_lab.system.hardware import claimed, processors, thread_limits
from mnist_lab.system.installation import extra_command

_CUDA_EXTRAS = {"tensorflow": "cuda", "jax": "jax-cuda", "torch": "torch"}


@dataclass(frozen=True)
class Backend:
    """A started backend."""

    name: str
    device: str
    """`cpu` or `gpu`."""
    devices: tuple[str, ...]
    """The devices in use, as Keras names them."""
    threads: int
    chatter: str
    """What libraries wrote to stderr while Keras was imported."""


in_turn = threading.RLock()
"""The lock to hold while building or training a network: random seeds, Keras' settings and its backend are global."""

_started: list[Backend] = []
"""The backends started in this process; the libraries keep the threads of the first."""

_claims = ExitStack()
"""The claims of this process on processors, until it ends."""


def start(name: str, *, device: str = "auto", threads: int | None = None) -> Backend:
    """Set up the process for backend `name` and import Keras.

    Args:
        name: an installed backend, from `choose`.
        device: `auto` (a GPU if available), `cpu` or `gpu`.
        threads: CPU threads for this process from now on; None for all available ones.

    Raises:
        SetupError: this process already uses another backend, more threads, or a GPU although `device` is `cpu`; or
            a GPU was requested and none is available.
    """
    # Before `use_if_own`: the claims are in the temporary folder that all processes share.
    threads = _limit_threads(threads)
    scratch.use_if_own()
    chatter = ""
    if "keras" not in sys.modules:
        os.environ |= keras_import.environment(name, device)
        chatter = keras_import.import_keras(name)
    import keras

    if keras.backend.backend() != name:
        raise SetupError(
            f"This process already uses Keras on {keras.backend.backend()}; it cannot change to {name}.",
            "Use the other backend in a separate process.",
        )
    keras.config.set_floatx(keras_import.SETTINGS["floatx"])
    keras.config.set_epsilon(keras_import.SETTINGS["epsilon"])
    keras.config.set_image_data_format(keras_import.SETTINGS["image_data_format"])
    cards = _cards(name)
    if device == "gpu" and not cards:
        raise SetupError(
            f"device: gpu, but {name} finds no GPU on this machine.",
            f"Use --device auto or cpu, or install the build for NVIDIA GPUs: {extra_command(_CUDA_EXTRAS[name])}",
        )
    if device == "cpu" and cards:
        raise SetupError(
            f"This process already uses Keras on {cards[0]}; it cannot switch to the CPU.",
            "Use the CPU in a separate process, or import mnist_lab before Keras.",
        )
    if name == "torch":
        import torch

        torch.set_num_threads(threads)
    # After a damaged entry or in a read-only cache, the program is simply compiled again.
    warnings.filterwarnings("ignore", message="Error (reading|writing) persistent compilation cache")
    logging.getLogger("tensorflow").addFilter(_of_interest)
    _started.append(Backend(name, "gpu" if cards else "cpu", tuple(cards or ["cpu"]), threads, chatter))
    return _started[-1]


def _of_interest(record: logging.LogRecord) -> bool:
    """Whether TensorFlow's message is not its warning of repeated tracing, which each new network needs."""
    return not ("triggered tf.function retracing" in str(record.msg) and "make_predict_function" in record.getMessage())


def _limit_threads(threads: int | None) -> int:
    there = _started[0].threads if _started else len(processors())  # the affinity of one thread may be narrower
    if threads is None or threads >= there:
        return there
    if _started:
        raise SetupError(
            f"This process already uses {there} threads; it cannot reduce them to {threads}.",
            "Use fewer threads in a separate process.",
        )
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, _claims.enter_context(claimed(threads)))
    os.environ |= thread_limits(threads)
    return threads


def _cards(name: str) -> list[str]:
    if name == "torch":
        import torch

        return [f"gpu:{i} {torch.cuda.get_device_name(i)}" for i in range(torch.cuda.device_count())]
    import keras

    try:
        return list(keras.distribution.list_devices("gpu"))
    except RuntimeError:  # JAX has no such platform
        return []
