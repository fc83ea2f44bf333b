"""The limit on training time: how long the training of a trial will take, and whether that is too long."""

from statistics import median_low
from typing import Any

from mnist_lab.history import History, training_seconds
from mnist_lab.search.record import Search
from mnist_lab.text.quantities import count


def expected_seconds(history: History, epochs: int) -> float | None:
    """Estimate the training time of all `epochs`, if each to come takes the median time of those in `history`.

    The median leaves out the first epoch, which includes compilation; None if there is no other.
    """
    later = [record.get("seconds") or 0.0 for record in history[1:]]
    return round(training_seconds(history) + (epochs - len(history)) * median_low(later), 3) if later else None


def judged(record: Search, history: History, *, ended: bool) -> dict[str, Any]:
    """Return what the limit on training time changes in the record of a trial.

    Args:
        record: the record of the search, with the limit; without one nothing changes.
        history: the epochs so far of the trial, which is at a rung, at its end, or already beyond the limit.
        ended: whether the training has ended.
    """
    if record.most_seconds is None:
        return {}
    taken, epochs = training_seconds(history), len(history) if ended else record.budget.epochs
    expected = taken if ended else expected_seconds(history, epochs)
    reason = _too_long(taken, expected, record.most_seconds, trained=len(history), epochs=epochs)
    refused = {"state": "refused", "reason": reason, "reached": ()} if reason else {}
    return {"expected_seconds": expected, **refused}


def _too_long(taken: float, expected: float | None, most: float, *, trained: int, epochs: int) -> str:
    """Return why a trial is refused; empty if it is not.

    `taken`: seconds of the `trained` epochs so far; `expected`: seconds of all `epochs`.
    """
    if taken > most:
        of = count(epochs, "epoch") if trained == epochs else f"{trained} of {count(epochs, 'epoch')}"
        return f"{_above(taken, most)} s of training for {of} (limit {most:.12g} s)."
    if expected is not None and expected > most:
        about = f"about {_above(expected, most)} s of training for {count(epochs, 'epoch')}"
        return f"{about} (limit {most:.12g} s): the first {trained} took {taken:.1f} s."
    return ""


def _above(value: float, most: float) -> str:
    """Format a number above the limit, with enough digits to show that."""
    return next((text for digits in (1, 3) if float(text := f"{value:.{digits}f}") > most), str(value))
