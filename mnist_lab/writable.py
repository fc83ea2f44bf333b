"""Whether a folder can be written, found out before the work whose results are to go there."""

import errno
import os
from pathlib import Path

from mnist_lab.errors import NoRoomError

_ROOM = 64
"""Bytes that the path of a file in a folder may be longer than that of the folder."""


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
