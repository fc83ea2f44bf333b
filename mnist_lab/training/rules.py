"""Early stopping and reduction of the learning rate on plateaus, as functions of the history.

They keep no state, so a resumed run decides as if it had never been interrupted.
"""

from collections.abc import Iterator, Sequence
from math import inf

from mnist_lab.config.schedules import Plateau
from mnist_lab.config.schema import EarlyStopping
from mnist_lab.history import Record, is_loss


def should_stop(history: Sequence[Record], rule: EarlyStopping) -> bool:
    """Whether the last `patience` epochs did not improve by more than `min_delta` (Keras' EarlyStopping)."""
    wait = 0
    for better in _improvements(history, rule):
        wait = 0 if better else wait + 1
    return wait >= rule.patience


def plateau_scale(history: Sequence[Record], rule: Plateau) -> float:
    """Return the factor of the learning rate after these epochs (Keras' ReduceLROnPlateau)."""
    wait, scale = 0, 1.0
    for better in _improvements(history, rule):
        wait = 0 if better else wait + 1
        if wait >= rule.patience:
            scale, wait = scale * rule.factor, 0
    return scale


def _improvements(history: Sequence[Record], rule: EarlyStopping | Plateau) -> Iterator[bool]:
    """Yield for each epoch whether it improves on the best one before it by more than `min_delta`; NaN never does."""
    sign, best = 1 if is_loss(rule.monitor) else -1, inf
    for record in history:
        value = sign * record[rule.monitor]
        better = value < best - rule.min_delta
        best = value if better else best
        yield better
