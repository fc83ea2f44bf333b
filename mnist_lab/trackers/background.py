"""Logs a run in training to a tracker, in a thread of its own, so that a slow tracker does not delay the run."""

import threading
import time
from collections.abc import Callable, Iterable
from queue import SimpleQueue

from mnist_lab.errors import first_line
from mnist_lab.history import Record
from mnist_lab.runs import Run
from mnist_lab.trackers.registry import tracker
from mnist_lab.trackers.tracker import Subject, Tracker

PATIENCE = 10.0
"""Seconds that a finished run waits until the tracker has logged it completely."""
PATIENCE_UNFINISHED = 1.0
"""Seconds that a failed or interrupted run waits."""

Step = Callable[[Tracker], object]


class Background:
    """Logs one run to one tracker.

    Args:
        name: the name of the tracker.
        note: called in the thread of the run with what went wrong, at most once.
    """

    def __init__(self, name: str, note: Callable[[str], object]) -> None:
        self._name = name
        self._note = note
        self._steps: SimpleQueue[Step | None] = SimpleQueue()
        self._begun = self._finished = False
        self._problem = ""
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def begin(self, subject: Subject, history: Iterable[Record]) -> None:
        """Log that the run begins, or resumes after the epochs of `history`."""
        self._begun = True
        self._steps.put(lambda tracker: tracker.begin(subject))
        for record in history:
            self.epoch(record)

    def epoch(self, record: Record) -> None:
        """Log an epoch that has just ended."""
        now = time.time()
        self._steps.put(lambda tracker: tracker.epoch(record, now))
        self._note_problem()

    def finish(self, run: Run) -> None:
        """Log the complete run; waits a little for the tracker, whose files may be among those of the run."""
        self._finished = True
        self._steps.put(lambda tracker: tracker.finish(run))
        self._close(PATIENCE)

    def end(self) -> None:
        """Stop logging; if `finish` was not called, the run failed or was interrupted."""
        if not self._finished:
            if self._begun:
                self._steps.put(lambda tracker: tracker.abandon())
            self._close(PATIENCE_UNFINISHED)

    def _close(self, patience: float) -> None:
        self._steps.put(None)
        self._thread.join(patience)
        if self._thread.is_alive() and not self._problem:
            self._problem = f"no answer within {patience:g} s"
        self._note_problem()

    def _work(self) -> None:
        try:
            found = tracker(self._name)
            while step := self._steps.get():
                step(found)
        except Exception as error:
            self._problem = first_line(error)

    def _note_problem(self) -> None:
        if self._problem:
            again = f"`mnist-lab log RUN --to {self._name}` logs it."
            self._note(f"{self._name}: {self._problem}. Once the run is finished, {again}")
            self._problem = ""
