"""Which backend a run uses."""

import os
from importlib.util import find_spec

from mnist_lab.backends.keras_import import STOP_TRAINING_EARLY
from mnist_lab.config.backend import BACKENDS, default_backend, installed
from mnist_lab.errors import SetupError
from mnist_lab.system.hardware import gpus
from mnist_lab.system.installation import extra_command, package_command


def choose(requested: str | None, *, convolves: bool = False, device: str = "auto") -> str:
    """Return the backend to use: the requested one, else KERAS_BACKEND, else the first installed one.

    `auto` selects the installed backend that is `fastest` for the network on the device (`auto`, `cpu` or `gpu`).
    `requested` is a name, `auto` or None; `convolves` says whether the network has convolutions.

    Raises:
        SetupError: the backend is unknown or not installed, or an environment variable would make Keras stop early.
    """
    for variable in STOP_TRAINING_EARLY:
        if os.environ.get(variable):
            raise SetupError(
                f"The environment variable {variable} is set; Keras would silently stop training early.",
                f"Unset it (unset {variable}), and use --epochs or --subset instead.",
            )
    there = installed()
    if not there:
        raise SetupError(
            "No Keras backend is installed (TensorFlow, JAX or PyTorch).",
            f"Install one: {package_command('tensorflow')}",
        )
    if requested == "auto":
        return next(name for name in fastest(convolves=convolves, device=device) if name in there)
    asked_by, known = ("backend", (*BACKENDS, "auto")) if requested else ("KERAS_BACKEND", BACKENDS)
    name = requested or default_backend(there)
    if name not in BACKENDS:
        raise SetupError(f"{asked_by}: expected one of {', '.join(known)}, received '{name}'.")
    if name not in there:
        command = package_command(name) if name == "tensorflow" else extra_command(name)
        raise SetupError(
            f"{asked_by}: '{name}' is not installed (installed: {', '.join(there)}).",
            f"Install it: {command}",
        )
    return name


def fastest(*, convolves: bool, device: str) -> tuple[str, ...]:
    """Return the backends, fastest first for such a network: TensorFlow for convolutions on a CPU, else JAX.

    With a GPU, JAX is first if it has a CUDA plugin, else last. Source: `benchmarks/RESULTS.md`, without a GPU so far.
    """
    if device == "gpu" or (device == "auto" and gpus()):
        plugins = ("jax_cuda12_plugin", "jax_cuda13_plugin")
        return ("jax", "tensorflow", "torch") if any(map(find_spec, plugins)) else ("tensorflow", "torch", "jax")
    return ("tensorflow", "torch", "jax") if convolves else ("jax", "tensorflow", "torch")
