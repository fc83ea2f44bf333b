"""mnist-lab: describe network variants on MNIST in YAML; train, plot and compare them.

    import mnist_lab

    run = mnist_lab.run("quickstart", results="results")
    print(run.metrics["test"]["accuracy"])

Importing the package imports no library; each function brings what it needs.
"""

from typing import TYPE_CHECKING, Any

from mnist_lab import errors
from mnist_lab.errors import *  # noqa: F403
from mnist_lab.version import __version__

if TYPE_CHECKING:
    from mnist_lab.api import load_config, load_run, run, sweep
    from mnist_lab.config import Config
    from mnist_lab.runs import Run

_HOME = {
    "mnist_lab.api": ("load_config", "load_run", "run", "sweep"),
    "mnist_lab.config": ("Config",),
    "mnist_lab.runs": ("Run",),
}
"""Where each name comes from when it is first used."""

__all__ = ["Config", "Run", "__version__", "load_config", "load_run", "run", "sweep"]
__all__ += errors.__all__


def __getattr__(name: str) -> Any:
    from importlib import import_module

    home = next((module for module, names in _HOME.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module 'mnist_lab' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return __all__
