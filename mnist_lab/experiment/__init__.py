"""One run, from its configuration to its folder."""

from mnist_lab.experiment.observer import Observer, Plan
from mnist_lab.experiment.run import run

__all__ = ["Observer", "Plan", "run"]
