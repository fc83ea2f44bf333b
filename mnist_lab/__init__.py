"""mnist-lab: describe network variants on MNIST in YAML; train, plot and compare them.

    import mnist_lab

    config = mnist_lab.load_config("configs/mlp_512.yaml")
    run = mnist_lab.run(config, results="results")
    print(run.metrics["test"]["accuracy"])

Importing the package imports no library; each function brings what it needs.
"""

from typing import TYPE_CHECKING, Any

from mnist_lab.version import __version__

if TYPE_CHECKING:
    from mnist_lab.config import Config, load_config
    from mnist_lab.experiment import run
    from mnist_lab.runs import Run, load_run
    from mnist_lab.sweeps import sweep

__all__ = ["Config", "Run", "__version__", "load_config", "load_run", "run", "sweep"]

_HOME = {
    "Config": "mnist_lab.config",
    "Run": "mnist_lab.runs",
    "load_config": "mnist_lab.config",
    "load_run": "mnist_lab.runs",
    "run": "mnist_lab.experiment",
    "sweep": "mnist_lab.sweeps",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'mnist_lab' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
