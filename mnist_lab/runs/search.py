"""Finds the folders of runs, in a folder and below it."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mnist_lab.errors import InputError, UnreadableError
from mnist_lab.runs import formats
from mnist_lab.runs.folder import DAMAGED, MARKER, NAME, REPETITION, RunFolder
from mnist_lab.text.quantities import natural_order

Inode = tuple[int, int]
"""Device and inode of a folder: equal for a folder and every link to it."""


@dataclass(frozen=True)
class Found:
    """Run folders, each list in the order of the paths, seeds as numbers."""

    finished: list[RunFolder]
    unfinished: list[RunFolder]
    """Folders of runs in training, of interrupted and failed runs, and of finished runs that are being retrained."""


def finished_runs(path: Path) -> list[RunFolder]:
    """Return the finished runs that `search` finds; raises what `search` does."""
    return search(path).finished


def search(
    path: Path, unreadable: Callable[[UnreadableError], None] = lambda error: None, seen: set[Inode] | None = None
) -> Found:
    """Find the runs in or below `path`; none if it does not exist.

    Links to folders are followed, after the folders themselves; a folder that is reached in several ways counts once,
    and one that contains `path` does not count. Folders inside a finished run are not searched. Hidden folders, such as
    that of repetitions, are searched only if `path` names them.

    Args:
        unreadable: called for each folder that cannot be listed.
        seen: folders that do not count because they were searched before; those of this search are added.

    Raises:
        InputError: `path` is a file.
        UnreadableError: `path` itself cannot be accessed.
    """
    if not (formats.is_folder(path) or formats.is_file(path)):
        return Found([], [])
    check_folder(path)
    finished: list[Path] = []
    unfinished: list[Path] = []
    waiting, links = [path], list[Path]()
    above = {_inode(parent) for parent in path.resolve().parents}
    seen = set() if seen is None else seen
    while waiting or links:
        folder = waiting.pop() if waiting else links.pop()
        try:
            inode = _inode(folder)
            if inode in seen or inode in above:
                continue
            seen.add(inode)
            with os.scandir(folder) as entries:
                below = list(entries)
        except NotADirectoryError:
            continue
        except FileNotFoundError:  # removed since, or a broken link
            if folder.is_symlink():
                unreadable(UnreadableError(f"{folder}: a symbolic link to {folder.readlink()}, which is not there."))
            continue
        except OSError as error:
            unreadable(UnreadableError.of(error, folder))
            continue
        names = {entry.name for entry in below}
        if MARKER in names:
            finished.append(folder)
            if REPETITION in names:
                unfinished.append(folder)
            continue
        if names and NAME.fullmatch(folder.name):
            unfinished.append(folder)
        for entry in below:
            if entry.name.startswith("."):
                continue
            if entry.is_symlink():
                links.append(folder / entry.name)
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(folder / entry.name)
        links.sort(reverse=True)
    return Found(_in_order(finished), _in_order(unfinished))


def check_folder(path: Path) -> None:
    """Check that there is a folder at `path`.

    Raises:
        InputError: there is none.
        UnreadableError: that cannot be determined at the moment.
    """
    if formats.is_file(path):
        raise InputError(f"{path}: expected a folder with runs, but this is a file.")
    if not formats.is_folder(path):
        raise InputError(f"{path}: no such folder.")


def _in_order(folders: list[Path]) -> list[RunFolder]:
    folders.sort(key=lambda folder: natural_order(folder.as_posix()))
    return [RunFolder(folder) for folder in folders if not (folder.name.startswith(".") or DAMAGED in folder.name)]


def _inode(folder: Path) -> Inode:
    status = folder.stat()
    return status.st_dev, status.st_ino
