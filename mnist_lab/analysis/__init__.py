"""What the numbers of one run say: intervals, landmarks of its history, and observations in words.

Pure functions of plain data, without NumPy: `history` is a sequence of mappings, one per epoch, with `epoch`
(counted from 1), `loss`, `accuracy` and, where there is a validation set, `val_loss` and `val_accuracy`.
A value that is NaN, infinite, None or absent counts as not finite.
"""

from mnist_lab.analysis.intervals import wilson
from mnist_lab.analysis.landmarks import Onset, best_epoch, overfitting_onset, stays_above
from mnist_lab.analysis.observations import Observation, observe

__all__ = ["Observation", "Onset", "best_epoch", "observe", "overfitting_onset", "stays_above", "wilson"]
