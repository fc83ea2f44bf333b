"""Checks whether results can be written, before the work that produces them."""

import os
import time
from pathlib import Path

from mnist_lab.errors import NoRoomError, SetupError, reason
from mnist_lab.system.paths import mode_of

_ROOM = 64
"""Maximum number of bytes that a file's path adds to its folder's."""

_ZIP_YEARS = range(1980, 2108)
"""The years that a zip archive can represent. Source: PKWARE's APPNOTE.TXT, 4.4.6."""


def check_clock() -> None:
    """Check that the clock allows zip archives, which `model.keras` and npz files are.

    Raises:
        SetupError: they cannot represent the current year.
    """
    now = time.localtime()
    if now.tm_year not in _ZIP_YEARS:
        raise SetupError(
            f"The clock of this machine says {time.strftime('%Y-%m-%d', now)}. The saved model and arrays are zip "
            f"archives, which cannot store years before {_ZIP_YEARS[0]} or after {_ZIP_YEARS[-1]}.",
            "Set the clock.",
        )


def check_writable(folder: Path, instead: str) -> None:
    """Check that files can be written to `folder`, which may not exist yet.

    Nothing is written for the check, so a full disk is not detected.

    Args:
        folder: may be missing, as may its parents.
        instead: what the user can do, for the message.

    Raises:
        NoRoomError: it cannot be written or created, or its name is too long.
    """
    shorter = f"{instead.removesuffix('.')}, or a shorter name."

    def refuse(why: str, hint: str = instead) -> NoRoomError:
        return NoRoomError(f"{folder}: cannot be written ({why}).", hint)

    try:
        existing = next(path for path in (folder, *folder.absolute().parents) if mode_of(path) is not None)
    except OSError as error:
        raise refuse(reason(error)) from None
    if not existing.is_dir():
        raise refuse(f"{existing} is a file" if existing != folder else "expected a folder, but this is a file")
    if hasattr(os, "pathconf"):
        longest = os.pathconf(existing, "PC_NAME_MAX")
        for name in folder.absolute().relative_to(existing.absolute()).parts:
            if (size := len(os.fsencode(name))) > longest:
                raise refuse(f"its name has {size} bytes; at most {longest} are allowed", shorter)
        size, longest = len(os.fsencode(folder)) + _ROOM, os.pathconf(existing, "PC_PATH_MAX")
        if size > longest:
            raise refuse(
                f"the paths of its files would have up to {size:,} bytes; at most {longest:,} are allowed", shorter
            )
    if not os.access(existing, os.W_OK | os.X_OK):
        why = f"{existing} is on a read-only file system" if _read_only(existing) else f"no permission for {existing}"
        raise refuse(why)


def make_folder(folder: Path) -> None:
    """Create a folder and its parents, if it does not exist.

    Raises:
        NoRoomError: it cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NoRoomError(f"{folder}: cannot be created ({reason(error)}).", "Choose another one.") from error


def _read_only(path: Path) -> bool:
    return hasattr(os, "statvfs") and bool(os.statvfs(path).f_flag & os.ST_RDONLY)
