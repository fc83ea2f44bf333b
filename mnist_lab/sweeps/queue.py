"""The queue of a sweep in progress, kept in a file, so that other programs can see what is still to come.

`results/.sweeps/<process>-<random>/queue.json` exists, in a locked folder, while the sweep trains. The folder of a
sweep that was killed is no longer locked; the next sweep removes it. No run depends on these files.
"""

import os
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from typing_extensions import override

from mnist_lab.errors import InputError
from mnist_lab.runs import formats, lock
from mnist_lab.sweeps.observer import Observer, Running
from mnist_lab.sweeps.plan import PlannedRun
from mnist_lab.sweeps.schedule import Schedule
from mnist_lab.sweeps.worker import Outcome

FOLDER = ".sweeps"
"""In the results folder; hidden, so that it is not searched for runs."""
FILE = "queue.json"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Entry(_Record):
    """A run of a sweep in progress."""

    folder: str
    """The run folder, relative to the results folder."""
    label: str
    """Experiment, seed and fold."""
    state: Literal["waiting", "running", "done", "failed", "stopped"] = "waiting"
    estimate: float = 0.0
    """Expected duration in seconds; 0 if unknown."""
    started: float | None = None
    """Unix time at which the run started."""
    took: float | None = None
    """Duration in seconds."""
    reason: str = ""
    """Why it failed."""


class Queue(_Record):
    """A sweep in progress."""

    name: str
    started: float
    """Unix time at which training began."""
    parallel: int
    """Runs at a time."""
    runs: tuple[Entry, ...]
    """The runs to train, longest first."""

    def of(self, state: str) -> tuple[Entry, ...]:
        """Return the runs in a state."""
        return tuple(run for run in self.runs if run.state == state)

    @property
    def ended(self) -> int:
        """How many runs have ended, successfully or not."""
        return len(self.runs) - len(self.of("waiting")) - len(self.of("running"))

    def left(self, now: float) -> float | None:
        """Return the estimated seconds until all runs have ended. None if no run has an estimate.

        Estimates are corrected by the durations of the finished runs; `now` is Unix time.
        """
        done = [run for run in self.of("done") if run.estimate and run.took]
        pace = sum(run.took or 0 for run in done) / sum(run.estimate for run in done) if done else 1.0
        waiting = [pace * run.estimate for run in self.of("waiting")]
        begun = [(run, now if run.started is None else run.started) for run in self.of("running")]
        running = [max(0.0, pace * run.estimate - (now - start)) for run, start in begun]
        if not any(run.estimate for run in self.runs):
            return None
        return max([sum(waiting + running) / self.parallel, *running])


def queues(results: Path) -> list[Queue]:
    """Return the sweeps in progress in a results folder, in the order in which they began."""
    found = []
    for folder in _folders(results):
        if lock.is_locked(folder):
            with suppress(InputError, ValidationError):
                found.append(Queue.model_validate(formats.read_json(folder / FILE)))
    return sorted(found, key=lambda queue: queue.started)


@contextmanager
def recorded(results: Path, name: str, observer: Observer) -> Iterator[Observer]:
    """Yield an observer that notifies `observer` and keeps the queue of a sweep in its file.

    A file that cannot be written does not stop the sweep.
    """
    for folder in _folders(results):
        if (folder / FILE).exists() and not lock.is_locked(folder):
            shutil.rmtree(folder, ignore_errors=True)
    folder = results / FOLDER / f"{os.getpid()}-{secrets.token_hex(4)}"
    try:
        with ExitStack() as held:
            yield _Recorder(folder, results, name, held, observer)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            folder.parent.rmdir()  # if no other sweep is in progress


def _folders(results: Path) -> list[Path]:
    try:
        return sorted((results / FOLDER).iterdir())
    except OSError:
        return []


class _Recorder(Observer):
    """Keeps the queue in its file, and passes every event on."""

    def __init__(self, folder: Path, results: Path, name: str, held: ExitStack, observer: Observer) -> None:
        self._folder, self._results, self._name, self._held, self._observer = folder, results, name, held, observer
        self._started = 0.0
        self._parallel = 1
        self._runs: dict[PlannedRun, Entry] = {}

    @override
    def appraising(self) -> None:
        self._observer.appraising()

    @override
    def planned(self, schedule: Schedule) -> None:
        self._observer.planned(schedule)
        elsewhere = [run for run in schedule.plan.runs if run.state in ("queued", "running")]
        runs = [*schedule.longest_first, *elsewhere]
        if not runs:
            return
        self._started, self._parallel = time.time(), max(1, schedule.parallel)
        costs = {run: cost.seconds for run, cost in schedule.costs.items()}
        places = {run: run.folder.path.relative_to(self._results).as_posix() for run in runs}
        self._runs = {run: Entry(folder=places[run], label=run.label, estimate=costs.get(run, 0.0)) for run in runs}
        with suppress(InputError):
            self._held.enter_context(lock.locked(self._folder))
        self._write()

    @override
    def started(self, run: PlannedRun) -> None:
        self._observer.started(run)
        self._change(run, state="running", started=time.time())

    @override
    def ended(self, run: PlannedRun, outcome: Outcome, seconds: float) -> None:
        self._observer.ended(run, outcome, seconds)
        ends = {"done": "done", "failed": "failed"}
        self._change(run, state=ends.get(outcome.kind, "stopped"), took=seconds, reason=outcome.reason)

    @override
    def tick(self, running: Sequence[Running]) -> None:
        self._observer.tick(running)

    @override
    def note(self, text: str) -> None:
        self._observer.note(text)

    def _change(self, run: PlannedRun, **changes: object) -> None:
        self._runs[run] = self._runs[run].model_copy(update=changes)
        self._write()

    def _write(self) -> None:
        queue = Queue(name=self._name, started=self._started, parallel=self._parallel, runs=tuple(self._runs.values()))
        with suppress(OSError):
            formats.write_json(self._folder / FILE, queue.model_dump(mode="json"))
