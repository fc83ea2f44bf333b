"""Keras' backend: its choice, its device and threads, and the import of Keras.

They have to be determined before Keras is first imported; only `choose` and `start` do so.
"""

import json
import os
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mnist_lab.config.backend import BACKENDS, default_backend, installed
from mnist_lab.errors import SetupError
from mnist_lab.system import scratch, streams
from mnist_lab.system.directories import cache_dir, check_temporary_dir
from mnist_lab.system.environment import changed_environment
from mnist_lab.system.hardware import gpus, processors, quietest, thread_limits
from mnist_lab.system.installation import extra_command, package_command
from mnist_lab.system.matplotlib_import import pyplot_works

_CUDA_EXTRAS = {"tensorflow": "cuda", "jax": "jax-cuda", "torch": "torch"}
_CUTS_TRAINING_SHORT = ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH")
_KERAS_SETTINGS = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last", "nnx_enabled": False}
"""Keras' own defaults. With other values the same configuration would give another network."""


@dataclass(frozen=True)
class Backend:
    """A started backend."""

    name: str
    device: str
    """`cpu` or `gpu`."""
    devices: tuple[str, ...]
    """The devices in use, as Keras names them."""
    threads: int
    seconds: float
    """Seconds that importing Keras took; 0 if it was already imported."""
    chatter: str
    """What libraries wrote to stderr during the import."""


def choose(requested: str | None, *, convolves: bool = False, device: str = "auto") -> str:
    """The backend to use: the requested one, else KERAS_BACKEND, else the first installed one.

    `auto` selects the installed backend that is `fastest` for the network on the device.

    Args:
        requested: a backend's name, `auto` or None.
        convolves: whether the network has convolutions.
        device: `auto`, `cpu` or `gpu`.

    Raises:
        SetupError: it is unknown or not installed, or an environment variable would make Keras stop training early.
    """
    for variable in _CUTS_TRAINING_SHORT:
        if os.environ.get(variable):
            raise SetupError(
                f"The environment variable {variable} is set; Keras would silently stop training early.",
                f"Unset it, and use --epochs or --subset instead: unset {variable}",
            )
    there = installed()
    if not there:
        raise SetupError(
            "No Keras backend is installed (TensorFlow, JAX or Torch).",
            f"Install one: {package_command('tensorflow')}",
        )
    if requested == "auto":
        return next(name for name in fastest(convolves=convolves, device=device) if name in there)
    asked_by = "runtime.backend / --backend" if requested else "KERAS_BACKEND"
    name = requested or default_backend(there)
    if name not in BACKENDS:
        raise SetupError(f"{asked_by}: expected one of {', '.join(BACKENDS)}, received '{name}'.")
    if name not in there:
        command = package_command(name) if name == "tensorflow" else extra_command(name)
        raise SetupError(
            f"{asked_by}: the backend '{name}' is not installed (installed: {', '.join(there)}).",
            f"Install it: {command}",
        )
    return name


def fastest(*, convolves: bool, device: str) -> tuple[str, ...]:
    """The backends, fastest first for such a network: TensorFlow for convolutions on a CPU, else JAX.

    With a GPU, backends that cannot use it are last. Source: `benchmarks/RESULTS.md`; no GPU has been measured yet.
    """
    if device == "gpu" or (device == "auto" and gpus()):
        plugins = ("jax_cuda12_plugin", "jax_cuda13_plugin")
        return ("jax", "tensorflow", "torch") if any(map(find_spec, plugins)) else ("tensorflow", "torch", "jax")
    return ("tensorflow", "torch", "jax") if convolves else ("jax", "tensorflow", "torch")


def environment(name: str, device: str) -> dict[str, str]:
    """The environment variables to set before Keras is imported with backend `name`."""
    variables = {"KERAS_BACKEND": name, "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3")}
    if device == "cpu":
        variables |= {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
        if name == "torch":
            variables["KERAS_TORCH_DEVICE"] = "cpu"  # otherwise Keras uses the GPU of a Mac
    if name == "torch":
        # Keras looks for GPUs when it is imported. This way Torch does not initialize CUDA, which would be unusable in
        # processes forked later.
        variables["PYTORCH_NVML_BASED_CUDA_CHECK"] = "1"
    if name == "jax":
        variables |= {key: os.environ.get(key, value) for key, value in _compilation_cache().items()}
    return variables


def _compilation_cache() -> dict[str, str]:
    """JAX's settings for caching compiled programs, including small ones, across runs."""
    if (cache := cache_dir()) is None:
        return {}
    return {
        "JAX_COMPILATION_CACHE_DIR": str(cache / "jax"),
        "JAX_COMPILATION_CACHE_MAX_SIZE": str(2**30),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }


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
    scratch.use_if_own()
    threads = _limit_threads(threads)
    seconds, chatter = 0.0, ""
    if "keras" not in sys.modules:
        os.environ |= environment(name, device)
        seconds, chatter = import_keras(name)
    import keras

    if keras.backend.backend() != name:
        raise SetupError(
            f"This process already uses Keras on {keras.backend.backend()}; it cannot change to {name}.",
            "Use the other backend in a separate process.",
        )
    keras.config.set_floatx(_KERAS_SETTINGS["floatx"])
    keras.config.set_epsilon(_KERAS_SETTINGS["epsilon"])
    keras.config.set_image_data_format(_KERAS_SETTINGS["image_data_format"])
    cards = _cards(name)
    if device == "gpu" and not cards:
        raise SetupError(
            f"--device gpu: {name} finds no GPU on this machine.",
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
    used = cards or ["cpu"]
    _started.append(Backend(name, "cpu" if used == ["cpu"] else "gpu", tuple(used), threads, seconds, chatter))
    return _started[-1]


in_turn = threading.RLock()
"""To hold while building or training a network: random seeds, Keras' settings and its backend are global."""

_started: list[Backend] = []
"""The backends started in this process; the libraries keep the threads of the first."""


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
        os.sched_setaffinity(0, quietest(threads))
    os.environ |= thread_limits(threads)
    return threads


def import_keras(name: str) -> tuple[float, str]:
    """Import Keras with backend `name`, whose `environment` is set; returns the seconds and the output to stderr."""
    from time import perf_counter

    begun = perf_counter()
    with captured_stderr() as chatter, _without_the_users_settings(), _unseen(*_useless(name)):
        try:
            import keras
        except ImportError as error:
            raise SetupError(f"Keras cannot be imported with the backend '{name}': {error}") from error
        keras.utils.set_random_seed(0)  # here Keras looks for TensorFlow, and remembers the result
    return perf_counter() - begun, "".join(chatter)


def _useless(backend: str) -> Iterator[str]:
    """What Keras should not import: TensorFlow next to another backend costs seconds and prints a page of log."""
    if backend != "tensorflow":
        yield "tensorflow"
    if not pyplot_works():
        yield "matplotlib.pyplot"


@contextmanager
def _unseen(*modules: str) -> Iterator[None]:
    """Hide optional modules from Keras, which imports them if it finds them."""
    hidden = [name for name in modules if name not in sys.modules]
    absent: Any = None
    sys.modules |= dict.fromkeys(hidden, absent)  # their import raises ImportError
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextmanager
def _without_the_users_settings() -> Iterator[None]:
    """Hide the user's settings of Keras from its import, which they could break; `start` sets the others."""
    changed: dict[str, str | None] = dict.fromkeys((*_CUTS_TRAINING_SHORT, "KERAS_NNX_ENABLED"))
    with ExitStack() as stack:
        if not _harmless(_keras_settings_file()):
            # Keras reads it at import, and fails if a value is invalid.
            changed["KERAS_HOME"] = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        stack.enter_context(changed_environment(changed))
        yield


def _keras_settings_file() -> Path:
    """Where Keras looks for its settings. Source: `keras/src/backend/config.py`."""
    home = os.path.expanduser("~")  # noqa: PTH111 - pathlib raises an error where there is no home
    base = home if os.access(home, os.W_OK) else "/tmp"
    chosen = os.environ.get("KERAS_HOME", f"{base}/.keras")
    return Path(os.path.expanduser(chosen), "keras.json")  # noqa: PTH111


def _harmless(settings: Path) -> bool:
    """Whether Keras' settings file is missing or contains only default values."""
    try:
        if not settings.exists():
            return True
        found = json.loads(settings.read_bytes()) if settings.is_file() else None
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and all(found.get(key, value) == value for key, value in _KERAS_SETTINGS.items())


@contextmanager
def captured_stderr() -> Iterator[list[str]]:
    """Collect what this process writes to file descriptor 2, to which libraries log directly."""
    text: list[str] = []
    check_temporary_dir()
    streams.open_descriptors()
    streams.flush()
    with tempfile.TemporaryFile("w+b") as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield text
        finally:
            streams.flush()
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            text.append(file.read().decode(errors="replace"))


def _cards(name: str) -> list[str]:
    if name == "torch":
        import torch

        return [f"gpu:{i} {torch.cuda.get_device_name(i)}" for i in range(torch.cuda.device_count())]
    import keras

    try:
        return list(keras.distribution.list_devices("gpu"))
    except RuntimeError:  # JAX has no such platform
        return []
