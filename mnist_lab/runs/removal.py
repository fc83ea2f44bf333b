"""Removes runs from disk: which folders may be removed, and what is removed with them."""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from mnist_lab.errors import BusyError, InputError, SetupError, reason
from mnist_lab.runs.folder import DAMAGED, NAME, RunFolder
from mnist_lab.runs.run import find_folder, load_run

_NAME = re.compile(rf"{NAME.pattern}({re.escape(DAMAGED)}[0-9]+)?")


def removable(references: Iterable[str], results: Path) -> list[RunFolder]:
    """Return the run folders that `references` mean, each once, after checking that all may be removed.

    Args:
        references: folders (of finished runs or others), or what `find_run` takes. A name means only a run that is
            where it was written: one that was moved, such as those in `results/published`, needs its path.
        results: the results folder, in which ids and experiments are looked up.

    Raises:
        InputError: a reference matches no run or several, is not a run folder, or is reached through a symbolic link.
        SetupError: a run may not be removed.
        BusyError: a run is being written.
    """
    folders: dict[Path, RunFolder] = {}
    for reference in references:
        path = Path(reference)
        folder = RunFolder(path)
        if not (folder.begun or os.path.islink(path)):  # noqa: PTH114 - accepts names that are too long for a path
            folder = _named(reference, results)
        _check(folder, results)
        folders.setdefault(folder.path.resolve(), folder)
    return list(folders.values())


def remove(folder: RunFolder, results: Path) -> None:
    """Remove a run folder, and the folders above it, up to `results`, that become empty.

    For a run elsewhere, only its parent folder is checked, as its results folder is not known.

    Raises:
        BusyError: a process has started to write the run.
        SetupError: the run cannot be removed.
    """
    _check_permission(folder)
    try:
        folder.remove()
    except OSError as error:
        raise SetupError(f"{folder.path}: cannot be removed ({reason(error)}).", _permit(folder.path)) from error
    root = results.resolve()
    above = folder.path.resolve().parents
    empty = above[: above.index(root)] if root in above else above[:1]
    with suppress(OSError):  # the first folder that is not empty
        for parent in empty:
            parent.rmdir()


def _named(reference: str, results: Path) -> RunFolder:
    """Return the run that a name means, if it is where a run of its experiment belongs."""
    folder = find_folder(reference, results)
    experiment = load_run(folder.path).measured.run.experiment
    if folder.path.parent != results / experiment:
        raise InputError(
            f"{reference}: this is {folder.path}, a copy; copies cannot be deleted by name.",
            f"Name its folder: mnist-lab delete {folder.path}",
        )
    return folder


def _check(folder: RunFolder, results: Path) -> None:
    path, root = folder.path, results.absolute()
    below = [part for part in (path, *path.parents) if root in part.absolute().parents]
    if link := next((part for part in (path, *below) if part.is_symlink()), None):
        raise InputError(
            f"{path}: {link} is a symbolic link to {link.readlink()}; its target is not deleted.",
            "Name the run's own folder.",
        )
    if not _NAME.fullmatch(path.name):
        raise InputError(
            f"{path}: not a run folder; expected one called seed<seed>-<fingerprint>, with the files of a run.",
            f"`mnist-lab list {results}` shows the runs.",
        )
    _check_permission(folder)
    if folder.busy:
        raise BusyError(f"{path}: another process is writing this run; it is not deleted.", "Wait for it to end.")


def _check_permission(folder: RunFolder) -> None:
    """Check that the folder itself can be removed, as removing begins with its contents."""
    for part in (folder.path, folder.path.parent):
        if not os.access(part, os.W_OK | os.X_OK):
            raise SetupError(f"{folder.path}: cannot be removed: {part} is read-only.", _permit(part))


def _permit(path: Path) -> str:
    return f"Make it writable (chmod u+w {path}), or delete as its owner."
