"""The figures of a run and of a comparison: pure functions from plain data to Matplotlib figures, and `save`.

Importing this package imports Matplotlib (but never pyplot), so its callers import it when they draw.
"""

from mnist_lab.plots.accuracies import all_accuracies
from mnist_lab.plots.confusion import confusion
from mnist_lab.plots.curves import accuracy, curves, loss
from mnist_lab.plots.digits import digit, mistakes, predictions, sample_grid
from mnist_lab.plots.disputed import Half, disputed
from mnist_lab.plots.given import given
from mnist_lab.plots.overlay import overlay
from mnist_lab.plots.style import save
from mnist_lab.plots.tradeoff import Point, accuracy_against_parameters

__all__ = [
    "Half",
    "Point",
    "accuracy",
    "accuracy_against_parameters",
    "all_accuracies",
    "confusion",
    "curves",
    "digit",
    "disputed",
    "given",
    "loss",
    "mistakes",
    "overlay",
    "predictions",
    "sample_grid",
    "save",
]
