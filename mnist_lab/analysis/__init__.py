"""What the numbers of runs say: intervals, landmarks of a history, observations in words, comparisons and verdicts.

Pure functions of plain data: `history` is a sequence of mappings, one per epoch, with `epoch` (counted from 1), `loss`,
`accuracy` and, where there is a validation set, `val_loss` and `val_accuracy`. A value that is NaN, infinite, None or
absent counts as not finite.

What compares experiments is imported from its module: `paired`, `mcnemar`, `holm`, `verdicts`. NumPy and SciPy
are imported by the functions that compute with them, when these are called, and by nothing else here.
"""

from mnist_lab.analysis.intervals import mean_interval, wilson
from mnist_lab.analysis.landmarks import Onset, best_epoch, overfitting_onset, stays_above
from mnist_lab.analysis.observations import Observation, observe
from mnist_lab.analysis.power import least_seeds, seeds_to_settle

__all__ = [
    "Observation",
    "Onset",
    "best_epoch",
    "least_seeds",
    "mean_interval",
    "observe",
    "overfitting_onset",
    "seeds_to_settle",
    "stays_above",
    "wilson",
]
