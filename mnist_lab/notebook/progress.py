"""The progress of a run, a sweep or a search: in a notebook as a live output, else as on the command line."""

import sys
import time
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from html import escape
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import override

from mnist_lab import experiment, search, sweeps
from mnist_lab.experiment import log
from mnist_lab.history import Record
from mnist_lab.runs import Measured
from mnist_lab.search import Forecast, RunningTrial, Search, Trial
from mnist_lab.sweeps import Outcome, PlannedRun, Running, Schedule
from mnist_lab.terminal import progress as terminal
from mnist_lab.terminal import searching, sweeping
from mnist_lab.text.quantities import count, duration, megabytes

if TYPE_CHECKING:
    from mnist_lab.training import Progress

BETWEEN = 0.25
"""Minimum seconds between two updates of an output."""
SHOWN = 8
"""Epochs, notes or ended runs that are shown; earlier ones are dropped."""


def in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return getattr(shell, "kernel", None) is not None


def run_progress(observer: experiment.Observer | None, *, shown: bool) -> AbstractContextManager[experiment.Observer]:
    """Return the observer of a run: the given one, else the notebook's or the terminal's, silent if not `shown`."""
    if observer is not None:
        return nullcontext(observer)
    return _RunProgress() if shown and in_notebook() else terminal.observer_for(quiet=not shown)


def sweep_progress(observer: sweeps.Observer | None, *, shown: bool) -> AbstractContextManager[sweeps.Observer]:
    """Return the observer of a sweep, chosen as in `run_progress`."""
    if observer is not None:
        return nullcontext(observer)
    return _SweepProgress() if shown and in_notebook() else sweeping.observer_for(quiet=not shown)


def search_progress(observer: search.Observer | None, *, shown: bool) -> AbstractContextManager[search.Observer]:
    """Return the observer of a search, chosen as in `run_progress`."""
    if observer is not None:
        return nullcontext(observer)
    return _SearchProgress() if shown and in_notebook() else searching.observer_for(quiet=not shown)


class _Output:
    """A cell's output whose HTML is replaced as things happen; the last one stays."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._changed = 0.0
        self._waiting = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._waiting:
            self.show(self._waiting)

    def show(self, html: str, *, soon: bool = False) -> None:
        """Replace what is shown; with `soon`, at most every `BETWEEN` seconds (the latest HTML is shown at the end)."""
        from IPython.display import HTML, display

        self._waiting = html if soon else ""
        if soon and time.monotonic() - self._changed < BETWEEN:
            return
        self._changed, self._waiting = time.monotonic(), ""
        if self._handle is None:
            self._handle = display(HTML(html), display_id=True)
        else:
            self._handle.update(HTML(html))


class _RunProgress(_Output, experiment.Observer):
    """Shows the run, the last epochs as a table, and a bar for what is in progress."""

    def __init__(self) -> None:
        super().__init__()
        self._heading = ""
        self._notes: list[str] = []
        self._history: list[Record] = []
        self._epochs = 0

    @override
    def preparing(self, text: str) -> None:
        self._show(bar(text))

    @override
    def download(self, address: str, done: int, total: int | None) -> None:
        figures = megabytes(done) + (f" of {megabytes(total)}" if total else "")
        self._show(bar(f"Downloading {address.rpartition('/')[2]}", done, total, figures), soon=True)

    @override
    def begun(self, plan: experiment.Plan) -> None:
        self._heading = f"{log.heading(plan)}; {log.image_counts(plan.splits)}"
        self._notes += log.remarks(plan)
        self._epochs = plan.config.train.epochs
        self._show(bar(f"epoch {plan.epochs_done + 1}/{self._epochs}"))

    @override
    def batch(self, progress: "Progress") -> None:
        figures = f"loss {progress.loss:.4f}, accuracy {progress.accuracy:.4f}"
        self._show(bar(f"epoch {progress.epoch}/{self._epochs}", progress.done, progress.total, figures), soon=True)

    @override
    def epoch(self, record: Record, epochs: int) -> None:
        self._history = [*self._history, record][-SHOWN:]
        self._show(bar(f"epoch {record['epoch']}/{epochs}", record["epoch"], epochs), soon=True)

    @override
    def done(self, measured: Measured) -> None:
        self._history = []
        self._heading += f": {count(measured.epochs, 'epoch')} in {duration(measured.seconds.train)}"
        self._show("")

    @override
    def note(self, text: str) -> None:
        self._notes = [*self._notes, text][-SHOWN:]
        self._show("")

    @override
    def __exit__(self, kind: object, error: object, trace: object) -> None:
        loaded = kind is None and not self._heading
        self._show(line("Already finished; loaded from its folder.") if loaded else "")

    def _show(self, below: str, *, soon: bool = False) -> None:
        above = [line(text) for text in (self._heading, *self._notes) if text]
        self.show("".join([*above, self._table(), below]), soon=soon)

    def _table(self) -> str:
        names = list(log.epoch_metrics(self._history[-1])) if self._history else []
        rows = [
            [str(record["epoch"]), *(f"{record[name]:.4f}" for name in names), f"{record['seconds']:.1f}"]
            for record in self._history
        ]
        return table(["epoch", *names, "seconds"], rows, words=())


class _SweepProgress(_Output, sweeps.Observer):
    """Shows what is running with its epochs, the last runs that ended, and a bar for all runs."""

    def __init__(self) -> None:
        super().__init__()
        self._said: list[str] = []
        self._total = self._ended = 0
        self._start = time.monotonic()

    @override
    def appraising(self) -> None:
        self.show(bar("Building the networks and estimating the training time"))

    @override
    def planned(self, schedule: Schedule) -> None:
        self._total, self._start = len(schedule.plan.todo), time.monotonic()
        self._said = [*schedule.notes, *schedule.problems]
        done = len(schedule.plan.runs) - self._total
        self._said.append(f"{count(self._total, 'run')} to train" + (f", {done} finished before" if done else ""))
        self._show([])

    @override
    def ended(self, run: PlannedRun, outcome: Outcome, seconds: float) -> None:
        self._ended += 1
        self.note(f"{run.label}: {sweeping.ending(run, outcome)}, {seconds:.1f} s")

    @override
    def tick(self, running: Sequence[Running]) -> None:
        self._show([sweeping.progress_row(each) for each in running], soon=True)

    @override
    def note(self, text: str) -> None:
        self._said = [*self._said, text][-SHOWN:]
        self._show([])

    def _show(self, rows: Sequence[Sequence[str]], *, soon: bool = False) -> None:
        passed = duration(time.monotonic() - self._start)
        whole = bar(f"{self._ended} of {count(self._total, 'run')}", self._ended, self._total, passed)
        shown = [*map(line, self._said), table(sweeping.RUNNING, rows), whole if self._total else ""]
        self.show("".join(shown), soon=soon)


class _SearchProgress(_SweepProgress, search.Observer):
    """Shows what is running, the last rungs that trials reached, and a bar for all trials; then the confirmation."""

    def __init__(self) -> None:
        super().__init__()
        self._standing = ""

    @override
    def begun(self, record: Search, forecast: Forecast) -> None:
        for text in searching.forecast_lines(record, forecast):
            self.note(text)
        self._stands(record, forecast.trial_seconds)

    @override
    def running(self, trials: Sequence[RunningTrial]) -> None:
        below = table(searching.RUNNING, [searching.trial_row(each) for each in trials], words=(0, 1))
        self.show("".join([*map(line, self._said), below, self._standing]), soon=True)

    @override
    def reported(self, trial: Trial, record: Search, left: float | None) -> None:
        self._stands(record, left)
        self.note(searching.reported_line(trial, record, left))

    @override
    def ended_search(self, record: Search) -> None:
        self._standing = ""
        self._show([])

    def _stands(self, record: Search, left: float | None) -> None:
        passed = time.monotonic() - self._start
        total = None if left is None else round(passed + left)
        self._standing = bar(searching.standing(record), round(passed), total, duration(passed))


def line(text: str) -> str:
    """Return a line of text."""
    return f"<div>{escape(text)}</div>"


def bar(text: str, done: int | None = None, total: int | None = None, figures: str = "") -> str:
    """Return a progress bar with text before and figures after it; indeterminate if the total is not known."""
    known = f' value="{done}" max="{total}"' if done is not None and total else ""
    return f"<div>{escape(text)} <progress{known}></progress> {escape(figures)}</div>"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, words: Collection[int] = (0,)) -> str:
    """Return a table, empty without rows; the columns at the indices `words` are text, the others numbers."""
    if not rows:
        return ""

    def cells(kind: str, texts: Sequence[str]) -> str:
        styles = [
            "text-align: left" if i in words else "text-align: right; white-space: nowrap" for i in range(len(texts))
        ]
        return "".join(
            f'<{kind} style="{style}">{escape(text)}</{kind}>' for style, text in zip(styles, texts, strict=True)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f"<table><thead><tr>{cells('th', headings)}</tr></thead><tbody>{body}</tbody></table>"
