"""Keras' backend: which one, on which device, with how many threads, and a quiet first import of Keras.

The backend, the device and the threads have to be settled before Keras is first imported; `choose` and `start` are the
only places that do so.
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
"""Those that Keras comes with. With others the same configuration would be another network."""


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
    """Seconds that importing Keras took; 0 if it had been imported."""
    chatter: str
    """What the libraries wrote to stderr while they were imported."""


def choose(requested: str | None, *, convolves: bool = False, device: str = "auto") -> str:
    """The backend to use: the one requested, else KERAS_BACKEND, else the first one installed.

    `auto` is the installed one that is fastest for the network on the device, see `fastest`.

    Args:
        requested: a backend's name, `auto` or None.
        convolves: whether the network has convolutions.
        device: `auto`, `cpu` or `gpu`.

    Raises:
        SetupError: it is not known or not installed, or the environment would have Keras cut training short.
    """
    for variable in _CUTS_TRAINING_SHORT:
        if os.environ.get(variable):
            raise SetupError(
                f"The environment variable {variable} is set; Keras would silently cut training short.",
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
    """The backends, the fastest for such a network first: TensorFlow for convolutions on a CPU, else JAX.

    Beside a GPU those that cannot use it come last. Source: `benchmarks/RESULTS.md`; no GPU has been measured yet.
    """
    if device == "gpu" or (device == "auto" and gpus()):
        plugins = ("jax_cuda12_plugin", "jax_cuda13_plugin")
        return ("jax", "tensorflow", "torch") if any(map(find_spec, plugins)) else ("tensorflow", "torch", "jax")
    return ("tensorflow", "torch", "jax") if convolves else ("jax", "tensorflow", "torch")


def environment(name: str, device: str) -> dict[str, str]:
    """The environment variables that have to be set before Keras is imported on backend `name`."""
    variables = {"KERAS_BACKEND": name, "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3")}
    if device == "cpu":
        variables |= {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
        if name == "torch":
            variables["KERAS_TORCH_DEVICE"] = "cpu"  # or on a Mac Keras takes its GPU
    if name == "torch":
        # Keras asks Torch for GPUs when it is imported; so asked, Torch answers without starting CUDA, which no process
        # that is forked later could use.
        variables["PYTORCH_NVML_BASED_CUDA_CHECK"] = "1"
    if name == "jax":
        variables |= {key: os.environ.get(key, value) for key, value in _compilation_cache().items()}
    return variables


def _compilation_cache() -> dict[str, str]:
    """JAX's settings for keeping compiled programs, small ones too, so that no run compiles what another one has."""
    if (cache := cache_dir()) is None:
        return {}
    return {
        "JAX_COMPILATION_CACHE_DIR": str(cache / "jax"),
        "JAX_COMPILATION_CACHE_MAX_SIZE": str(2**30),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }


def start(name: str, *, device: str = "auto", threads: int | None = None) -> Backend:
    """Set the process up for backend `name` and import Keras.

    Args:
        name: an installed backend, as `choose` gives it.
        device: `auto` (a GPU if there is one), `cpu` or `gpu`.
        threads: CPU threads for this process from now on; None for all it may use.

    Raises:
        SetupError: this process already uses another backend, more threads or a GPU that it is not to use, or there is
            no GPU and one was asked for.
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
            "Run the other backend in a process of its own.",
        )
    keras.config.set_floatx(_KERAS_SETTINGS["floatx"])
    keras.config.set_epsilon(_KERAS_SETTINGS["epsilon"])
    keras.config.set_image_data_format(_KERAS_SETTINGS["image_data_format"])
    cards = _cards(name)
    if device == "gpu" and not cards:
        raise SetupError(
            f"--device gpu: {name} sees no GPU on this machine.",
            f"Use --device auto or cpu; the build for NVIDIA GPUs: {extra_command(_CUDA_EXTRAS[name])}",
        )
    if device == "cpu" and cards:
        raise SetupError(
            f"This process already uses Keras on {cards[0]}; it cannot go back to the CPU.",
            "Run what is to use the CPU in a process of its own, or import mnist_lab before Keras.",
        )
    if name == "torch":
        import torch

        torch.set_num_threads(threads)
    # An entry that a crash left half-written, or a cache that cannot be written: then the program is compiled again.
    warnings.filterwarnings("ignore", message="Error (reading|writing) persistent compilation cache")
    used = cards or ["cpu"]
    _started.append(Backend(name, "cpu" if used == ["cpu"] else "gpu", tuple(used), threads, seconds, chatter))
    return _started[-1]


in_turn = threading.RLock()
"""Held by who builds or trains a network: random seeds, Keras' settings and its backend belong to the whole process."""

_started: list[Backend] = []
"""What this process has started; the libraries keep the threads of the first."""


def _limit_threads(threads: int | None) -> int:
    there = _started[0].threads if _started else len(processors())  # a thread may use fewer than the others
    if threads is None or threads >= there:
        return there
    if _started:
        raise SetupError(
            f"This process already uses {there} threads; it cannot go down to {threads}.",
            "Run what is to use fewer threads in a process of its own.",
        )
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, quietest(threads))
    os.environ |= thread_limits(threads)
    return threads


def import_keras(name: str) -> tuple[float, str]:
    """Import Keras on backend `name`, whose `environment` is set; gives the seconds, and what went to stderr."""
    from time import perf_counter

    begun = perf_counter()
    with captured_stderr() as chatter, _without_the_users_settings(), _unseen(*_useless(name)):
        try:
            import keras
        except ImportError as error:
            raise SetupError(f"Keras cannot be imported with the backend '{name}': {error}") from error
        keras.utils.set_random_seed(0)  # here Keras looks whether TensorFlow is there, and remembers
    return perf_counter() - begun, "".join(chatter)


def _useless(backend: str) -> Iterator[str]:
    """What Keras had better not import: TensorFlow beside another backend, for seconds and a page of log lines."""
    if backend != "tensorflow":
        yield "tensorflow"
    if not pyplot_works():
        yield "matplotlib.pyplot"


@contextmanager
def _unseen(*modules: str) -> Iterator[None]:
    """Hide modules from Keras, which imports what it finds and does not need it."""
    hidden = [name for name in modules if name not in sys.modules]
    absent: Any = None
    sys.modules |= dict.fromkeys(hidden, absent)  # now their import raises ImportError
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextmanager
def _without_the_users_settings() -> Iterator[None]:
    """Keep from Keras' import what a user has set for other programs, and what could end it; `start` sets the rest."""
    changed: dict[str, str | None] = dict.fromkeys((*_CUTS_TRAINING_SHORT, "KERAS_NNX_ENABLED"))
    with ExitStack() as stack:
        if not _harmless(_keras_settings_file()):
            # Keras reads it before anybody can tell it not to, and gives up at a value that it does not take.
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
    """Whether Keras' settings file is not there, or says nothing else than Keras does by itself."""
    try:
        if not settings.exists():
            return True
        found = json.loads(settings.read_bytes()) if settings.is_file() else None
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and all(found.get(key, value) == value for key, value in _KERAS_SETTINGS.items())


@contextmanager
def captured_stderr() -> Iterator[list[str]]:
    """Collect what this process writes to file descriptor 2; libraries log there before Python could stop them."""
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
