"""mnist-lab: describe network variants on MNIST in YAML; train, plot and compare them.

    import mnist_lab

    run = mnist_lab.run("quickstart", results="results")
    print(run.metrics["test"]["accuracy"])

Importing the package imports no other library; each function imports what it needs.
"""

from typing import TYPE_CHECKING, Any

from mnist_lab import errors
from mnist_lab.errors import *  # noqa: F403
from mnist_lab.version import __version__

if TYPE_CHECKING:
    from mnist_lab.api.finished import compare, evaluate, export, list_runs, load_run, predict, report
    from mnist_lab.api.searching import Found, tune
    from mnist_lab.api.study import Study
    from mnist_lab.api.trained import Run
    from mnist_lab.api.training import load_config, run, sweep
    from mnist_lab.config import Config
    from mnist_lab.prediction import Prediction, Score

_HOME = {
    "mnist_lab.api.finished": ("compare", "evaluate", "export", "list_runs", "load_run", "predict", "report"),
    "mnist_lab.api.searching": ("Found", "tune"),
    "mnist_lab.api.study": ("Study",),
    "mnist_lab.api.trained": ("Run",),
    "mnist_lab.api.training": ("load_config", "run", "sweep"),
    "mnist_lab.config": ("Config",),
    "mnist_lab.prediction": ("Prediction", "Score"),
}
"""The module from which each name is imported when it is first used."""

__all__ = [
    "Config", "Found", "Prediction", "Run", "Score", "Study", "__version__", "compare", "evaluate", "export",
    "list_runs", "load_config", "load_run", "predict", "report", "run", "sweep", "tune",
]  # fmt: skip
__all__ += errors.__all__


def __getattr__(name: str) -> Any:
    from importlib import import_module

    home = next((module for module, names in _HOME.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module 'mnist_lab' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return __all__
