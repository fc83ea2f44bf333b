"""The one reader of finished runs on disk, with one set of rules for every command.

A run that is damaged, or cannot be read at the moment, is skipped and reported. One that a newer mnist-lab wrote is an
error, since conclusions without it could change after an update. A command that draws no conclusions may show the
others first.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from mnist_lab.errors import DamagedError, InputError, NewerFormatError, UnreadableError
from mnist_lab.runs.folder import RunFolder
from mnist_lab.runs.run import Run, load_run
from mnist_lab.runs.search import Place, search


@dataclass(frozen=True)
class Collection:
    """Finished runs, and what kept others from being among them."""

    runs: tuple[Run, ...]
    problems: tuple[str, ...]
    damaged: frozenset[RunFolder] = frozenset()
    """Those whose metrics cannot be right."""
    unreadable: frozenset[RunFolder] = frozenset()
    """Those that cannot be read at the moment."""
    newer: NewerFormatError | None = None
    """The error of the first run that a newer mnist-lab wrote."""

    def complete(self) -> "Collection":
        """The collection itself, if it lacks no run that only a newer version can read.

        Raises:
            NewerFormatError: one was written by a newer mnist-lab.
        """
        if self.newer:
            raise self.newer
        return self


def read_runs(paths: Iterable[Path], load: Callable[[Path], Run] = load_run) -> Collection:
    """The finished runs in and below these folders, each once, in the order of the folders.

    Raises:
        InputError: a path is a file.
    """
    runs: list[Run] = []
    problems: list[str] = []
    errors: dict[RunFolder, InputError] = {}
    seen: set[Place] = set()
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
