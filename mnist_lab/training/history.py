"""Rules that look back: best epoch, early stopping, plateau.

Each is a function of the epochs so far, so a resumed run that has its history goes on as if it had never stopped.
"""

from collections.abc import Sequence
from math import inf, isnan
from typing import Any

from mnist_lab.config.schedules import Plateau
from mnist_lab.config.schema import EarlyStopping

Record = dict[str, Any]
"""An epoch: `epoch` (from 1), `loss`, `accuracy`, where there is validation `val_loss` and `val_accuracy`, then
`learning_rate` at its start and `seconds`."""


def best_epoch(history: Sequence[Record], monitor: str) -> int:
    """The first epoch (from 1) with the best value of `monitor`: highest accuracy or lowest loss; NaN is worst."""
    losses = [_as_loss(record[monitor], monitor) for record in history]
    return history[losses.index(min(losses))]["epoch"]


def should_stop(history: Sequence[Record], rule: EarlyStopping) -> bool:
    """Whether `patience` epochs have brought no improvement by more than `min_delta` (Keras' EarlyStopping)."""
    best, wait = inf, 0
    for record in history:
        value = _as_loss(record[rule.monitor], rule.monitor)
        if value < best - rule.min_delta:
            best, wait = value, 0
        else:
            wait += 1
    return wait >= rule.patience


def plateau_scale(history: Sequence[Record], rule: Plateau) -> float:
    """What the learning rate is multiplied by after these epochs (Keras' ReduceLROnPlateau)."""
    best, wait, scale = inf, 0, 1.0
    for record in history:
        value = _as_loss(record[rule.monitor], rule.monitor)
        if value < best - rule.min_delta:
            best, wait = value, 0
        else:
            wait += 1
            if wait >= rule.patience:
                scale, wait = scale * rule.factor, 0
    return scale


def _as_loss(value: float, monitor: str) -> float:
    """The value turned so that lower is better."""
    if isnan(value):
        return inf
    return -value if monitor.endswith("accuracy") else value
