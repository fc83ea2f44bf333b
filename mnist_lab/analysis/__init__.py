"""Statistics of runs: confidence intervals, landmarks of a history, comparisons and verdicts.

Pure functions of plain data; a `history` is as in `mnist_lab.history`.

Import comparisons of experiments from their modules: `paired`, `mcnemar`, `holm`, `family`, `verdicts`. NumPy and SciPy
are imported only inside the functions that compute with them.
"""

from mnist_lab.analysis.intervals import mean_accuracy_interval, mean_interval, wilson
from mnist_lab.analysis.landmarks import first_gap, overfitting_onset, stays_above

__all__ = [
    "first_gap",
    "mean_accuracy_interval",
    "mean_interval",
    "overfitting_onset",
    "stays_above",
    "wilson",
]
