"""The history of a run: one record per epoch, and the best epoch.

A record has `epoch` (from 1), `loss`, `accuracy`, with validation also `val_loss` and `val_accuracy`, then
`learning_rate` (at the start of the epoch) and `seconds`. NaN, infinite, None and missing values count as not finite.
"""

from collections.abc import Mapping, Sequence
from math import inf, isfinite, nan
from typing import Any

Record = dict[str, Any]
History = Sequence[Mapping[str, Any]]


def is_loss(monitor: str) -> bool:
    """Return whether lower values are better: for a loss, not for an accuracy."""
    return monitor.endswith("loss")


def column(history: History, key: str) -> list[float]:
    """Return the values of `key` by epoch; NaN for those that are not finite."""
    values = (row.get(key) for row in history)
    return [nan if value is None or not isfinite(value) else float(value) for value in values]


def training_seconds(history: History) -> float:
    """Return the total time of the epochs, each with its validation."""
    return round(sum(record.get("seconds") or 0.0 for record in history), 3)


def best_epoch(history: History, monitor: str) -> tuple[int, float] | None:
    """Return the epoch with the best `monitor`, and its value: the lowest loss or the highest accuracy.

    The first of equal values counts. None if no epoch has a finite value.
    """
    sign = -1 if is_loss(monitor) else 1
    values = column(history, monitor)
    if not any(map(isfinite, values)):
        return None
    index = max(range(len(values)), key=lambda i: sign * values[i] if isfinite(values[i]) else -inf)
    return int(history[index]["epoch"]), values[index]
