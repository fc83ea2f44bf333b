"""The figures of a search for a good configuration: its progress, its parameters, the trade-off, the confirmation.

Arguments that they share: `trials`, at least one, ordered by number; `quantity`, the objective; and `several`, whether
there are two objectives, so that the best trials are a Pareto front.
"""

from mnist_lab.plots.searches.confirmation import Confirmed, confirmation
from mnist_lab.plots.searches.coordinates import parallel_coordinates
from mnist_lab.plots.searches.front import pareto_front
from mnist_lab.plots.searches.importance import importance
from mnist_lab.plots.searches.progress import best_so_far
from mnist_lab.plots.searches.slices import slices
from mnist_lab.plots.searches.trials import At, Dimension, Tried

__all__ = [
    "At",
    "Confirmed",
    "Dimension",
    "Tried",
    "best_so_far",
    "confirmation",
    "importance",
    "parallel_coordinates",
    "pareto_front",
    "slices",
]
