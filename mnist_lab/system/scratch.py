"""A temporary folder per process, which is removed however the process ends.

Libraries leave files in the temporary folder: TensorFlow one per training process, multiprocessing one per killed
process. So they use a folder that is removed when the process ends or, if it is killed, by the next process that
creates such a folder. A lock shows whether the owner is alive: the system releases it when the owner ends.
"""

import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_lab.errors import SetupError, reason
from mnist_lab.system.directories import check_temporary_dir

if TYPE_CHECKING:
    from filelock import BaseFileLock

_PREFIX = "mlab-"  # short: the path of a socket in it may have at most 103 characters on macOS
_LOCK = "alive.lock"
"""Only a folder with this file counts as a scratch folder."""
_AFTER_MULTIPROCESSING = -200
"""multiprocessing removes its temporary folder, which may be in this one, at priority -100."""
_made: "list[tuple[Path, BaseFileLock]]" = []
_own: list[int] = []
elsewhere: list[Path] = []
"""Further folders to remove with the scratch folder, which could not be created in it."""


def folder() -> Path:
    """Return the scratch folder, created at the first call.

    Raises:
        SetupError: there is no writable folder for temporary files.
    """
    check_temporary_dir()
    if not _made:
        _made.append(_make())
    return _made[0][0]


def _make() -> "tuple[Path, BaseFileLock]":
    from multiprocessing.util import Finalize

    import filelock

    try:
        _remove_orphans(Path(tempfile.gettempdir()))
        while True:
            made = Path(tempfile.mkdtemp(prefix=_PREFIX))
            lock = filelock.FileLock(made / _LOCK)
            lock.acquire()
            if made.is_dir():
                break  # else another process has removed it before it was locked
    except OSError as error:
        raise SetupError(
            f"No temporary folder can be created ({reason(error)}).",
            "Set the environment variable TMPDIR to a folder that can be written.",
        ) from error
    Finalize(None, remove, exitpriority=_AFTER_MULTIPROCESSING)
    return made, lock


def remove() -> None:
    """Remove the scratch folder, if there is one; to be called by a process that ends without Python's cleanup."""
    while _made:
        path, lock = _made.pop()
        with suppress(OSError):
            lock.release()
        shutil.rmtree(path, ignore_errors=True)
    while elsewhere:
        shutil.rmtree(elsewhere.pop(), ignore_errors=True)


def own_process() -> None:
    """Declare that only mnist-lab uses this process."""
    _own.append(os.getpid())


def use_if_own() -> None:
    """Let libraries create their temporary files in the scratch folder, if only mnist-lab uses this process."""
    if os.getpid() in _own:
        redirect(folder())


def redirect(path: Path) -> None:
    """Let this process and its children create their temporary files in `path`."""
    tempfile.tempdir = str(path)
    os.environ["TMPDIR"] = str(path)


def _remove_orphans(temporary: Path) -> None:
    import filelock

    for found in temporary.glob(f"{_PREFIX}*"):
        with suppress(OSError, filelock.Timeout):
            status = found.lstat()
            mine = not hasattr(os, "getuid") or status.st_uid == os.getuid()
            if mine and stat.S_ISDIR(status.st_mode) and (found / _LOCK).is_file():
                with filelock.FileLock(found / _LOCK, timeout=0):
                    shutil.rmtree(found, ignore_errors=True)
