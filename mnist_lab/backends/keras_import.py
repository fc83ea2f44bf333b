"""The first import of Keras: with a given backend, quietly, and independent of the user's Keras settings."""

import gc
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from mnist_lab.errors import SetupError
from mnist_lab.system.directories import cache_dir
from mnist_lab.system.environment import changed_environment
from mnist_lab.system.matplotlib_import import pyplot_works
from mnist_lab.system.streams import captured_stderr

STOP_TRAINING_EARLY = ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH")
"""Environment variables with which Keras silently stops training early."""
SETTINGS = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last", "nnx_enabled": False}
"""Keras' own defaults. With other values, the same configuration would build another network."""


def environment(name: str, device: str) -> dict[str, str]:
    """Return the environment variables to set before Keras is imported with backend `name`."""
    variables = {"KERAS_BACKEND": name, "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3")}
    if device == "cpu":
        variables |= {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
        if name == "torch":
            variables["KERAS_TORCH_DEVICE"] = "cpu"  # otherwise Keras uses the GPU of a Mac
    if name == "torch":
        # Keras looks for GPUs when it is imported. This way PyTorch does not initialize CUDA, which processes forked
        # later could not use.
        variables["PYTORCH_NVML_BASED_CUDA_CHECK"] = "1"
    if name == "jax" and (cache := cache_dir()):
        caching = {  # of compiled programs, including small ones, across runs
            "JAX_COMPILATION_CACHE_DIR": str(cache / "jax"),
            "JAX_COMPILATION_CACHE_MAX_SIZE": str(2**30),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        }
        variables |= {key: os.environ.get(key, value) for key, value in caching.items()}
    return variables


def import_keras(name: str) -> str:
    """Import Keras with backend `name`, whose `environment` is set; return what libraries wrote to stderr."""
    with captured_stderr() as chatter, _default_settings(), _without_useless(name), _without_collections():
        try:
            import keras
        except ImportError as error:
            raise SetupError(f"Keras cannot be imported with the backend '{name}': {error}") from error
        keras.utils.set_random_seed(0)  # here Keras looks for TensorFlow, and remembers the result
    return "".join(chatter)


@contextmanager
def _without_useless(backend: str) -> Iterator[None]:
    """Hide optional modules from Keras, which imports them if it finds them.

    TensorFlow next to another backend costs seconds and prints a page of log.
    """
    useless = {"tensorflow": backend != "tensorflow", "matplotlib.pyplot": not pyplot_works()}
    hidden = [name for name, hide in useless.items() if hide and name not in sys.modules]
    absent: Any = None
    sys.modules |= dict.fromkeys(hidden, absent)  # their import raises ImportError
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextmanager
def _without_collections() -> Iterator[None]:
    """Pause the garbage collector: modules are not garbage, and it would scan them all repeatedly."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def _default_settings() -> Iterator[None]:
    """Hide the user's Keras settings from its import, which they could break; `start` sets the defaults."""
    changed: dict[str, str | None] = dict.fromkeys((*STOP_TRAINING_EARLY, "KERAS_NNX_ENABLED"))
    with ExitStack() as stack:
        if not _harmless(_keras_settings_file()):
            # Keras reads the file at import, and fails if a value is invalid.
            changed["KERAS_HOME"] = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        stack.enter_context(changed_environment(changed))
        yield


def _keras_settings_file() -> Path:
    """Return where Keras looks for its settings. Source: `keras/src/backend/config.py`."""
    home = os.path.expanduser("~")  # noqa: PTH111 - pathlib raises an error if there is no home
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
    return isinstance(found, dict) and all(found.get(key, value) == value for key, value in SETTINGS.items())
