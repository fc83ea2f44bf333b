"""What there is in a results folder at a moment: finished runs, others with their progress, and sweeps.

Looking again reads only what has changed.
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
"""Modification time in nanoseconds, size and inode: of another file, or another version of it, they differ."""


def stamp(file: Path) -> Stamp | None:
    """Which file it is; None if there is none that can be read."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


class Kept(Generic[Value]):
    """What `read` gives of files, each for as long as it is the same file; what it raises is not kept."""

    def __init__(self, read: Callable[[Path], Value]) -> None:
        self._read = read
        self._known: dict[Path, tuple[Stamp | None, Value]] = {}

    def __call__(self, file: Path) -> Value:
        """What is read from a file."""
        now = stamp(file)
        known = self._known.get(file)
        if known is None or known[0] != now:
            known = self._known[file] = now, self._read(file)
        return known[1]


@dataclass(frozen=True)
class UnfinishedRun:
    """A run that is being trained, was interrupted, or has failed."""

    folder: RunFolder
    """Of a repetition, that of the run that is repeated."""
    state: Literal["running", "interrupted", "failed"]
    config: Config | None
    """None if it is not there yet, or cannot be read."""
    history: Sequence[Record]
    """Its epochs so far."""
    updated: float
    """Unix time at which the last of them ended; 0 if there are none."""
    reason: str
    """Why it failed, or why its history cannot be read; else empty."""
    repeats: bool
    """Whether it repeats a finished run."""

    @property
    def label(self) -> str:
        """That of its configuration, or what its folder says of it."""
        return self.config.label if self.config else f"{self.folder.path.parent.name} {self.folder.id}"

    @property
    def epochs(self) -> int | None:
        """How many it has at most, if that is known."""
        return self.config and self.config.train.epochs

    @property
    def validation(self) -> str:
        """What its validation images are called: `test` if they are the test images."""
        return "test" if self.config and self.config.data.validation.split == "test" else "validation"

    def left(self, now: float) -> float | None:
        """Estimated seconds from `now` (Unix time) until its last epoch ends; None if that is not known."""
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
    """Whether there is such a folder."""
    finished: frozenset[tuple[Path, Stamp | None]]
    """The folders of finished runs, with their state."""
    unfinished: tuple[UnfinishedRun, ...]
    """Without those that wait in the queue of a sweep, and trials that a search has stopped."""
    sweeps: tuple[Queue, ...]
    """The sweeps in progress there."""
    searches: tuple[FoundSearch, ...]
    """The searches directly below the folder."""
    problems: tuple[str, ...]
    """What could not be read."""

    def of(self, state: str) -> tuple[UnfinishedRun, ...]:
        """The unfinished runs in a state."""
        return tuple(run for run in self.unfinished if run.state == state)

    def queued(self, state: str) -> tuple[Entry, ...]:
        """The runs that are in a state in the queue of a sweep, but have no unfinished run folder."""
        known = {run.folder.path for run in self.unfinished}
        entries = (entry for sweep in self.sweeps for entry in sweep.of(state))
        return tuple(entry for entry in entries if self.folder / entry.folder not in known)


class Watched:
    """A results folder that is read repeatedly: of files that have not changed, what was read is kept."""

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
        """What is there now."""
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
        """The run in a folder; None if it is finished by now, or there is nothing of it."""
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
