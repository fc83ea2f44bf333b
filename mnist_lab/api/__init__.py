"""The public Python API of `mnist_lab`: the commands as functions, and the objects that they return.

Paths are text or `Path`s, and `~` is expanded. Heavy libraries are imported only when a function needs them.
"""

from mnist_lab.api.evaluation import evaluate
from mnist_lab.api.finished import compare, export, list_runs, load_run, predict, report
from mnist_lab.api.searching import tune
from mnist_lab.api.training import load_config, run, sweep

__all__ = [
    "compare", "evaluate", "export", "list_runs", "load_config", "load_run", "predict", "report", "run", "sweep",
    "tune",
]  # fmt: skip
