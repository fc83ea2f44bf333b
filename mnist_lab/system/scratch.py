"""The temporary folder of this process: nothing of it is left behind, whichever way the process ends.

Libraries leave files in the temporary folder: TensorFlow one for every process that trains, multiprocessing one for
every process that is killed. So they are given a folder that is removed when the process ends; if it was killed, by the
next process that makes such a folder. A lock says who is alive: the system releases it when its owner ends.
"""

import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_lab.errors import SetupError
from mnist_lab.system.directories import check_temporary_dir

if TYPE_CHECKING:
    from filelock import BaseFileLock

_PREFIX = "mlab-"  # short, for the path of a socket below it may have 103 characters on macOS
_LOCK = "alive.lock"
"""Only what has this file is taken for such a folder."""
_AFTER_MULTIPROCESSING = -200
"""multiprocessing removes its own temporary folder, which may be in this one, at -100."""
_made: "list[tuple[Path, BaseFileLock]]" = []
_own: list[int] = []
elsewhere: list[Path] = []
"""Other folders that go with it: of what could not be made in it."""


def folder() -> Path:
    """The folder, made when it is first asked for.

    Raises:
        SetupError: there is no place for temporary files.
    """
    check_temporary_dir()
    if not _made:
        _made.append(_make())
    return _made[0][0]


def _make() -> "tuple[Path, BaseFileLock]":
    from multiprocessing.util import Finalize

    import filelock

    try:
        _remove_those_of_the_dead(Path(tempfile.gettempdir()))
        while True:
            made = Path(tempfile.mkdtemp(prefix=_PREFIX))
            lock = filelock.FileLock(made / _LOCK)
            lock.acquire()
            if made.is_dir():
                break  # else another process took it for one of the dead before it was locked
    except OSError as error:
        raise SetupError(
            f"No temporary folder can be made ({error.strerror or error}).",
            "Name one that can be written in the environment variable TMPDIR.",
        ) from error
    Finalize(None, remove, exitpriority=_AFTER_MULTIPROCESSING)
    return made, lock


def remove() -> None:
    """Remove the folder, if there is one; for a process that ends without Python's clean-up."""
    while _made:
        path, lock = _made.pop()
        with suppress(OSError):
            lock.release()
        shutil.rmtree(path, ignore_errors=True)
    while elsewhere:
        shutil.rmtree(elsewhere.pop(), ignore_errors=True)


def own_process() -> None:
    """Say that nobody but mnist-lab uses this process."""
    _own.append(os.getpid())


def use_if_own() -> None:
    """Let libraries make their temporary files in the folder, if nobody else's files could be among them."""
    if os.getpid() in _own:
        redirect(folder())


def redirect(path: Path) -> None:
    """Let this process, and all that it starts, make its temporary files in `path`."""
    tempfile.tempdir = str(path)
    os.environ["TMPDIR"] = str(path)


def _remove_those_of_the_dead(temporary: Path) -> None:
    import filelock

    for found in temporary.glob(f"{_PREFIX}*"):
        with suppress(OSError, filelock.Timeout):
            status = found.lstat()
            mine = not hasattr(os, "getuid") or status.st_uid == os.getuid()
            if mine and stat.S_ISDIR(status.st_mode) and (found / _LOCK).is_file():
                with filelock.FileLock(found / _LOCK, timeout=0):
                    shutil.rmtree(found, ignore_errors=True)
