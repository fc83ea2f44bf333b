"""The contents of a results folder at a moment: runs with their state and progress, sweeps and searches.

A new snapshot reads only what has changed.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, TypeVar

from mnist_lab.config import Config, load_config
from mnist_lab.errors import InputError, MissingError, UnreadableError
from mnist_lab.history import Record
from mnist_lab.runs import ERROR, Run, RunFolder, formats, load_run, search
from mnist_lab.runs.folder import MARKER
from mnist_lab.search.record import RECORD, Search
from mnist_lab.sweeps.queue import Entry, Queue, queues

SEARCH_PAGE = "search.html"
Value = TypeVar("Value")
Stamp = tuple[int, int, int]
"""Modification time in nanoseconds, size and inode, which differ for another file or version of it."""


def stamp(file: Path) -> Stamp | None:
    """Return the stamp of a file; None if it is missing or inaccessible."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


class Kept(Generic[Value]):
    """Caches what `read` returns for a file until the file changes; errors are not cached."""

    def __init__(self, read: Callable[[Path], Value]) -> None:
        self._read = read
        self._known: dict[Path, tuple[Stamp | None, Value]] = {}

    def __call__(self, file: Path) -> Value:
        """Return what `read` returns for a file."""
        now = stamp(file)
        known = self._known.get(file)
        if known is None or known[0] != now:
            known = self._known[file] = now, self._read(file)
        return known[1]


@dataclass(frozen=True)
class UnfinishedRun:
    """A run that is being trained, was interrupted, or has failed."""

    folder: RunFolder
    """For a repetition, the folder of the repeated run."""
    state: Literal["running", "interrupted", "failed"]
    config: Config | None
    """None if it does not exist yet, or cannot be read."""
    history: Sequence[Record]
    """Its epochs so far."""
    updated: float
    """Unix time at which the last epoch ended; 0 if none has."""
    reason: str
    """Why it failed, or why its history cannot be read; else empty."""
    repeats: bool
    """Whether it repeats a finished run."""

    @property
    def label(self) -> str:
        """Label from its configuration, else from its folder."""
        return self.config.label if self.config else f"{self.folder.path.parent.name} {self.folder.id}"

    @property
    def epochs(self) -> int | None:
        """Maximum number of epochs, if known."""
        return self.config and self.config.train.epochs

    @property
    def validation(self) -> str:
        """Name of its validation images: `test` if they are the test images."""
        return "test" if self.config and self.config.data.validation.split == "test" else "validation"

    def left(self, now: float) -> float | None:
        """Return the estimated seconds from `now` (Unix time) until its last epoch ends; None if not known."""
        if not self.history or self.epochs is None:
            return None
        known = [record["seconds"] for record in self.history if "seconds" in record]
        remaining = self.epochs - self.history[-1]["epoch"]
        return max(0.0, remaining * sum(known) / len(known) - (now - self.updated)) if known else None


@dataclass(frozen=True)
class FoundSearch:
    """A search of `mnist-lab tune`, in progress or not."""

    folder: str
    """Its name in the results folder."""
    record: Search
    has_page: bool
    """Whether there is a `search.html`, which is written at the end of each session."""


@dataclass(frozen=True)
class Snapshot:
    """A results folder at a moment."""

    folder: Path
    time: float
    """Unix time."""
    there: bool
    """Whether the folder exists."""
    finished: frozenset[tuple[Path, Stamp | None]]
    """The folders of finished runs, with their state."""
    unfinished: tuple[UnfinishedRun, ...]
    """Without runs waiting in the queue of a sweep, and trials that a search has stopped."""
    sweeps: tuple[Queue, ...]
    """The sweeps in progress."""
    searches: tuple[FoundSearch, ...]
    """The searches directly below the folder."""
    problems: tuple[str, ...]
    """What could not be read."""

    def of(self, state: str) -> tuple[UnfinishedRun, ...]:
        """Return the unfinished runs in a state."""
        return tuple(run for run in self.unfinished if run.state == state)

    def queued(self, state: str) -> tuple[Entry, ...]:
        """Return the runs that are in a state in the queue of a sweep, but have no unfinished run folder."""
        known = {run.folder.path for run in self.unfinished}
        entries = (entry for sweep in self.sweeps for entry in sweep.of(state))
        return tuple(entry for entry in entries if self.folder / entry.folder not in known)


class Watched:
    """A results folder that is read repeatedly; unchanged files come from a cache."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._run = Kept(lambda file: load_run(file.parent))
        self._config = Kept(load_config)
        self._history = Kept(formats.read_history)
        self._error = Kept(_first_line)
        self._search = Kept(lambda file: Search.read(file.parent))

    def load_run(self, folder: Path) -> Run:
        """Read a finished run; raises what `runs.load_run` does."""
        return self._run(folder / MARKER)

    def look(self) -> Snapshot:
        """Take a snapshot."""
        problems: list[str] = []
        now = time.time()
        try:
            found = search(self.folder, lambda error: problems.append(error.message))
            there = formats.is_folder(self.folder)
        except InputError as error:
            return Snapshot(self.folder, now, False, frozenset(), (), (), (), (error.message,))
        sweeps = queues(self.folder)
        waiting = {self.folder / entry.folder for sweep in sweeps for entry in sweep.of("waiting")}
        searches = tuple(self._searches())
        unfinished = [run for folder in found.unfinished if folder.path not in waiting and (run := self._read(folder))]
        stopped = {self.folder / search.folder for search in searches}
        unfinished = [
            run for run in unfinished if run.state != "interrupted" or stopped.isdisjoint(run.folder.path.parents)
        ]
        finished = frozenset((folder.path, stamp(folder.path / MARKER)) for folder in found.finished)
        return Snapshot(self.folder, now, there, finished, tuple(unfinished), tuple(sweeps), searches, tuple(problems))

    def _searches(self) -> Iterator[FoundSearch]:
        with suppress(OSError):
            for file in sorted(self.folder.glob(f"[!.]*/{RECORD}")):
                with suppress(InputError):
                    yield FoundSearch(file.parent.name, self._search(file), (file.parent / SEARCH_PAGE).is_file())

    def _read(self, folder: RunFolder) -> UnfinishedRun | None:
        """Read the run in a folder; None if it has finished by now, or has not begun."""
        try:
            current, running = folder.current, folder.in_progress
            if current.finished or not (running or current.begun):
                return None
            failed = not running and current.failed
        except UnreadableError:
            return None
        config, history, reason = None, [], ""
        with suppress(InputError):
            config = self._config(current.path / "config.yaml")
        file = current.path / "history.jsonl"
        try:
            history = self._history(file)
        except MissingError:
            pass
        except InputError as error:
            reason = error.message
        if failed:
            with suppress(InputError):
                reason = self._error(current.path / ERROR)
        last = stamp(file)
        return UnfinishedRun(
            folder,
            "running" if running else "failed" if failed else "interrupted",
            config,
            history,
            last[0] / 1e9 if last and history else 0.0,
            reason,
            current is not folder,
        )


def _first_line(file: Path) -> str:
    lines = formats.read_bytes(file).decode(errors="replace").splitlines()
    return lines[0] if lines else ""
