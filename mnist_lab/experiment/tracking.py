"""Reports a run to the trackers of `runtime.report_to` while it is trained."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from typing_extensions import override

from mnist_lab.experiment.observer import Observer, Plan
from mnist_lab.history import Record
from mnist_lab.runs import Measured, Run, RunFolder
from mnist_lab.trackers.background import Background
from mnist_lab.trackers.tracker import Subject


class _Tracking(Observer):
    """Passes events on to trackers."""

    def __init__(self, trackers: Sequence[Background]) -> None:
        self._trackers = trackers
        self._folder: RunFolder

    @override
    def begun(self, plan: Plan) -> None:
        self._folder = plan.folder
        subject = Subject(plan.config, plan.folder, plan.identity.fingerprint, plan.splits.dataset.title)
        for tracker in self._trackers:
            tracker.begin(subject, plan.folder.read_history())

    @override
    def epoch(self, record: Record, epochs: int) -> None:
        for tracker in self._trackers:
            tracker.epoch(record)

    @override
    def done(self, measured: Measured) -> None:
        for tracker in self._trackers:
            tracker.finish(Run(self._folder, measured.as_dict()))


@contextmanager
def tracking(names: Sequence[str], note: Callable[[str], object]) -> Iterator[Observer]:
    """Return an observer for the trackers with these names; problems are passed to `note` and never stop the run."""
    trackers = [Background(name, note) for name in names]
    try:
        yield _Tracking(trackers)
    finally:
        for tracker in trackers:
            tracker.end()
