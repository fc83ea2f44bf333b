"""Compiles, fits and evaluates a Keras model; independent of folders and configuration files."""

from mnist_lab.training.curve import Progress
from mnist_lab.training.evaluation import Evaluation, evaluate
from mnist_lab.training.trainer import Trainer

__all__ = ["Evaluation", "Progress", "Trainer", "evaluate"]
