"""The one reader of finished runs on disk, with one set of rules for every command.

A run that is damaged, or cannot be read at the moment, is skipped and reported. A run that a newer mnist-lab wrote is
an error, since conclusions without it could change after an update. A command that draws no conclusions may show the
other runs first.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from mnist_lab.errors import DamagedError, InputError, NewerFormatError, UnreadableError
from mnist_lab.runs.folder import RunFolder
from mnist_lab.runs.run import Run, load_run
from mnist_lab.runs.search import Inode, search


@dataclass(frozen=True)
class Collection:
    """Finished runs, and why others are not among them."""

    runs: tuple[Run, ...]
    problems: tuple[str, ...]
    damaged: frozenset[RunFolder] = frozenset()
    """The runs with invalid metrics."""
    unreadable: frozenset[RunFolder] = frozenset()
    """The runs that cannot be read at the moment."""
    newer: NewerFormatError | None = None
    """The error of the first run that a newer mnist-lab wrote."""

    def complete(self) -> "Collection":
        """Return the collection itself, unless a run is missing that only a newer version can read.

        Raises:
            NewerFormatError: a run was written by a newer mnist-lab.
        """
        if self.newer:
            raise self.newer
        return self


def read_runs(paths: Iterable[Path], load: Callable[[Path], Run] = load_run) -> Collection:
    """Return the finished runs in and below these folders, each once, in the order of the folders.

    Raises:
        InputError: a path is a file.
    """
    runs: list[Run] = []
    problems: list[str] = []
    errors: dict[RunFolder, InputError] = {}
    seen: set[Inode] = set()
    for path in paths:
        for folder in search(path, lambda error: problems.append(error.message), seen).finished:
            try:
                runs.append(load(folder.path))
            except InputError as error:
                errors[folder] = error
                if not isinstance(error, NewerFormatError):
                    problems.append(error.message)
    newer = next((error for error in errors.values() if isinstance(error, NewerFormatError)), None)
    damaged, unreadable = (
        frozenset(folder for folder, error in errors.items() if isinstance(error, kind))
        for kind in (DamagedError, UnreadableError)
    )
    return Collection(tuple(runs), tuple(problems), damaged, unreadable, newer)
