"""Whether results can be written, found out before the work that they come of."""

import errno
import os
import time
from pathlib import Path

from mnist_lab.errors import NoRoomError, SetupError

_ROOM = 64
"""Bytes that the path of a file in a folder may be longer than that of the folder."""

_ZIP_YEARS = range(1980, 2108)
"""Those that a zip archive can hold. Source: PKWARE's APPNOTE.TXT, 4.4.6."""


def check_clock() -> None:
    """Do nothing if archives can be written, as `model.keras` and npz files are.

    Raises:
        SetupError: the clock is in a year that they cannot hold.
    """
    now = time.localtime()
    if now.tm_year not in _ZIP_YEARS:
        raise SetupError(
            f"The clock of this machine says {time.strftime('%Y-%m-%d', now)}. The saved model and arrays are zip "
            f"archives, which hold no time before {_ZIP_YEARS[0]} or after {_ZIP_YEARS[-1]}.",
            "Set the clock.",
        )


def check_writable(folder: Path, instead: str) -> None:
    """Do nothing if files can be put into `folder`, which is made if need be.

    Nothing is written to find out, so a full disk still shows later.

    Args:
        folder: may be missing, with any of its parents.
        instead: what to do about it, for the message.

    Raises:
        NoRoomError: it, or what is in its place, cannot be written, or no folder can have such a name.
    """

    def refuse(why: str) -> NoRoomError:
        return NoRoomError(f"{folder}: cannot be written ({why}).", instead)

    try:
        there = next(path for path in (folder, *folder.absolute().parents) if _exists(path))
    except OSError as error:
        raise refuse(error.strerror or str(error)) from None
    if not there.is_dir():
        raise refuse(f"{there} is a file" if there != folder else "expected a folder, this is a file")
    if hasattr(os, "pathconf"):
        longest = os.pathconf(there, "PC_NAME_MAX")
        for name in folder.absolute().relative_to(there.absolute()).parts:
            if (size := len(os.fsencode(name))) > longest:
                raise refuse(f"a name of {size} bytes; {longest} are possible")
        size, longest = len(os.fsencode(folder)) + _ROOM, os.pathconf(there, "PC_PATH_MAX")
        if size > longest:
            raise refuse(f"the paths of files in it would have up to {size:,} bytes; {longest:,} are possible")
    if not os.access(there, os.W_OK | os.X_OK):
        raise refuse(f"{there} is on a read-only file system" if _read_only(there) else f"no permission for {there}")


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise
    return True


def _read_only(path: Path) -> bool:
    return hasattr(os, "statvfs") and bool(os.statvfs(path).f_flag & os.ST_RDONLY)
