"""The figures of a run and of a comparison: pure functions from plain data to Matplotlib figures, and `save`.

Every figure has a `title`, one line about what it shows, which is wrapped if it is long; `classes` are the
names of the classes, in the order of their indices.

Importing this package imports Matplotlib (but never pyplot), so callers import it only when they draw.
"""

from mnist_lab.system.matplotlib_import import import_matplotlib

import_matplotlib()  # before a module of this package does, as none is imported before this one

from mnist_lab.plots.accuracies import all_accuracies  # noqa: E402
from mnist_lab.plots.confusion import confusion  # noqa: E402
from mnist_lab.plots.curves import accuracy, curves, loss  # noqa: E402
from mnist_lab.plots.digits import augmented, mistakes, predictions, sample_grid  # noqa: E402
from mnist_lab.plots.disputed import Half, disputed  # noqa: E402
from mnist_lab.plots.given import given  # noqa: E402
from mnist_lab.plots.inside import activations, weights  # noqa: E402
from mnist_lab.plots.overlay import overlay  # noqa: E402
from mnist_lab.plots.points import Point  # noqa: E402
from mnist_lab.plots.response import response  # noqa: E402
from mnist_lab.plots.style import save, save_image  # noqa: E402
from mnist_lab.plots.tradeoff import accuracy_against_parameters  # noqa: E402

__all__ = [
    "Half",
    "Point",
    "accuracy",
    "accuracy_against_parameters",
    "activations",
    "all_accuracies",
    "augmented",
    "confusion",
    "curves",
    "disputed",
    "given",
    "loss",
    "mistakes",
    "overlay",
    "predictions",
    "response",
    "sample_grid",
    "save",
    "save_image",
    "weights",
]
