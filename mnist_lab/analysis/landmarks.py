"""Epochs that matter in a history: where a target is reached, where overfitting starts."""

from dataclasses import dataclass
from math import ceil, isfinite

from mnist_lab.history import History, best_epoch, column

SHARE = 0.1  # the share of the epochs ...
FEWEST = 2  # ... and the least number of them that can show a trend
RISE = 0.05  # how far validation loss must end above its minimum, as a fraction, to have turned


@dataclass(frozen=True)
class Onset:
    """Where overfitting starts, and what came of it."""

    epoch: int
    """The epoch of the lowest validation loss."""
    rise: float
    """How far above that loss the last epoch ended, as a fraction of it."""
    after: tuple[float, ...]
    """The validation accuracies of the epochs after it that are finite."""


def window(epochs: int) -> int:
    """How many epochs make a trend in a run of `epochs`: a tenth of them, but at least two."""
    return max(FEWEST, ceil(SHARE * epochs))


def stays_above(history: History, target: float) -> int | None:
    """The first epoch from which validation accuracy is at least `target` to the end; None if the last is below."""
    first = None
    for row, value in zip(reversed(history), reversed(column(history, "val_accuracy")), strict=True):
        if not value >= target:
            break
        first = int(row["epoch"])
    return first


def keeps(history: History, level: float) -> int | None:
    """The epoch of `stays_above`, if at least a `window` of epochs begins there; else None."""
    first = stays_above(history, level)
    return first if first is not None and history[-1]["epoch"] - first + 1 >= window(len(history)) else None


def first_gap(history: History, gap: float) -> int | None:
    """The first epoch in which training accuracy is at least `gap` above validation accuracy; None if there is none.

    It is where overfitting begins to show in the curves. Later epochs may lie below again, as validation accuracy goes
    up and down from epoch to epoch: from which epoch on the gap stays depends on the last such dip.
    """
    rows = zip(history, column(history, "accuracy"), column(history, "val_accuracy"), strict=True)
    return next((int(row["epoch"]) for row, training, held_out in rows if training - held_out >= gap), None)


def overfitting_onset(history: History) -> Onset | None:
    """Where overfitting starts: the epoch of the lowest validation loss, if the loss has turned there for good.

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
