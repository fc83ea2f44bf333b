"""Logs a finished run to a tracker."""

from mnist_lab.errors import MnistLabError, SetupError, first_line
from mnist_lab.runs import Run
from mnist_lab.trackers.tracker import Subject, Tracker, seconds


def report(run: Run, tracker: Tracker) -> bool:
    """Log a finished run; return False if it has been logged before.

    Raises:
        InputError: a file of the run is damaged.
        SetupError: the tracker cannot be reached, or failed.
    """
    try:
        if tracker.has(run):
            return False
        history = run.history
        tracker.begin(Subject.of(run))
        at = seconds(run.measured.run.started) + run.measured.seconds.startup
        for record in history:
            at += record["seconds"]
            tracker.epoch(record, at)
        tracker.finish(run)
    except MnistLabError:
        raise
    except Exception as error:
        reason = first_line(error)
        raise SetupError(
            f"{tracker.title}: {run.folder.path} could not be logged: {reason}",
            "Check --store, then repeat the command; a partly logged run is replaced.",
        ) from error
    return True
