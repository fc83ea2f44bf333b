"""Epochs that matter in a history: where a target is reached, where overfitting starts."""

from dataclasses import dataclass
from math import ceil, isfinite

from mnist_lab.history import History, best_epoch, column

SHARE = 0.1  # share of the epochs that makes a trend
FEWEST = 2  # fewest epochs that make a trend
RISE = 0.05  # how far validation loss must end above its minimum, as a fraction of it, to have turned


@dataclass(frozen=True)
class Onset:
    """Where overfitting starts, and its effect on loss and accuracy."""

    epoch: int
    """The epoch of the lowest validation loss."""
    rise: float
    """How far above that loss the last epoch ended, as a fraction of it."""
    after: tuple[float, ...]
    """The finite validation accuracies of later epochs."""


def window(epochs: int) -> int:
    """Return how many epochs make a trend in a run of `epochs`: a tenth of them, but at least two."""
    return max(FEWEST, ceil(SHARE * epochs))


def stays_above(history: History, target: float) -> int | None:
    """Return the first epoch from which validation accuracy stays at or above `target`; None if the last is below."""
    first = None
    for row, value in zip(reversed(history), reversed(column(history, "val_accuracy")), strict=True):
        if not value >= target:
            break
        first = int(row["epoch"])
    return first


def keeps(history: History, level: float) -> int | None:
    """Return the epoch of `stays_above` if at least a `window` of epochs begins there; else None."""
    first = stays_above(history, level)
    return first if first is not None and history[-1]["epoch"] - first + 1 >= window(len(history)) else None


def first_gap(history: History, gap: float) -> int | None:
    """Return the first epoch in which training accuracy is at least `gap` above validation accuracy, or None.

    There overfitting begins to show in the curves. In later epochs the gap may be smaller again, as validation accuracy
    fluctuates: the epoch from which the gap stays would depend on the last such fluctuation.
    """
    rows = zip(history, column(history, "accuracy"), column(history, "val_accuracy"), strict=True)
    return next((int(row["epoch"]) for row, training, held_out in rows if training - held_out >= gap), None)


def overfitting_onset(history: History) -> Onset | None:
    """Return where overfitting starts: the epoch of the lowest validation loss, if the loss has turned there for good.

    It has if that epoch lies at least `window` epochs before the end, every one of the last `window` epochs
    is at least `RISE` above the minimum (so that one noisy epoch proves nothing), and training loss has fallen
    since (else it is not overfitting but divergence).
    """
    losses, training = column(history, "val_loss"), column(history, "loss")
    best = best_epoch(history, "val_loss")
    if best is None or best[1] <= 0:
        return None
    index = losses.index(best[1])
    last = window(len(losses))
    turned = len(losses) - 1 - index >= last and all(loss >= (1 + RISE) * best[1] for loss in losses[-last:])
    if not turned or not training[-1] < training[index]:
        return None
    after = tuple(filter(isfinite, column(history, "val_accuracy")[index + 1 :]))
    return Onset(epoch=best[0], rise=losses[-1] / best[1] - 1, after=after)
