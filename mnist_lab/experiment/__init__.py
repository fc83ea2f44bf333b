"""One run, from its configuration to its folder."""

from mnist_lab.experiment.identity import Identity, identify
from mnist_lab.experiment.observer import Observer, Plan
from mnist_lab.experiment.run import run

__all__ = ["Identity", "Observer", "Plan", "identify", "run"]
