"""The lock of a run folder: only one process at a time writes a run, and a process that ends releases its locks.

If the file system supports `flock`, the operating system releases the lock of a process that dies. Otherwise
(ENOSYS), a lock file names its owner by host, process and boot, and is replaced when that process has ended.
"""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_lab.errors import BusyError, NoRoomError, reason

if TYPE_CHECKING:
    from filelock import BaseFileLock

LOCK = ".lock"
OWNER = ".lock.owner"
"""A name of its own, because an empty lock file that `flock` left would count as held by an unknown process."""
TIMEOUT = 0.2
"""Seconds to wait for a lock, since a process that only checks whether it is held holds it for a moment."""
POLL = 0.02
"""Seconds between attempts."""

LEASE = ".lease"
EXPIRES = 20.0
"""Seconds without a sign of life after which a lease of another machine is taken over; the same everywhere."""
SUPERSEDED = 71
"""The exit code of a process whose lease was taken over, for example after it was suspended."""

_across_machines: list[bool] = []

_NO_LOCKS = {errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOLCK}


@contextmanager
def across_machines() -> Iterator[None]:
    """Make the locks of this process also hold on other machines that share the folder.

    If another machine takes over a lock because it saw no sign of life from this process, this process exits at once.
    """
    _across_machines.append(True)
    try:
        yield
    finally:
        _across_machines.pop()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of `folder`, which is created if it does not exist.

    Raises:
        BusyError: another process holds the lock.
        NoRoomError: the folder cannot be created or written, or its file system has no locks.
    """
    import filelock

    with ExitStack() as held:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            held.callback(_acquired(folder, TIMEOUT).release)
            if _across_machines or (folder / LEASE).exists():
                held.callback(_leased(folder).release)
        except filelock.Timeout:
            raise _busy(folder) from None
        except OSError as error:
            raise _refused(folder, error) from None
        yield


def is_locked(folder: Path) -> bool:
    """Return whether another process holds the lock of `folder`.

    False if that cannot be determined; `locked` then raises the reason.
    """
    import filelock

    if not (folder / LOCK).exists():
        return False
    try:
        _acquired(folder, 0).release()
    except filelock.Timeout:
        return True
    except OSError:  # another user's, for example
        return False
    return False


def is_leased(folder: Path) -> bool:
    """Return whether the owner of `folder`'s lease, here or on another machine, has given a recent sign of life."""
    try:
        return time.time() - (folder / LEASE).stat().st_mtime < EXPIRES
    except OSError:
        return False


def _acquired(folder: Path, timeout: float) -> "BaseFileLock":
    import filelock

    try:
        lock = filelock.FileLock(folder / LOCK, fallback_to_soft=False, poll_interval=POLL)
        lock.acquire(timeout=timeout)
    except filelock.Timeout:
        raise
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
        lock = filelock.SoftFileLock(folder / OWNER, poll_interval=POLL)
        lock.acquire(timeout=timeout)
    return lock


def _leased(folder: Path) -> "BaseFileLock":
    """Acquire the lease; whether another owner is alive shows only after a while."""
    import filelock

    ends = (lambda _: os._exit(SUPERSEDED)) if _across_machines else None
    lease = filelock.SoftFileLease(folder / LEASE, lease_duration=EXPIRES, on_compromise=ends, thread_local=False)
    lease.acquire(timeout=1.25 * EXPIRES)
    return lease


def _busy(folder: Path) -> BusyError:
    """Return the error, naming a known owner: processes of other hosts or containers cannot be seen from here."""
    try:
        process, host, *_ = (folder / OWNER).read_text(encoding="utf-8", errors="replace").splitlines()
    except (OSError, ValueError):
        return BusyError(f"{folder}: another process is writing this run.", "Wait for it to end.")
    return BusyError(
        f"{folder}: another process is writing this run (process {process} on {host}).",
        f"Wait for it to end. If it has ended, remove {folder / OWNER}.",
    )


def _refused(folder: Path, error: OSError) -> NoRoomError:
    if error.errno in _NO_LOCKS:
        return NoRoomError(
            f"{folder}: cannot be locked ({reason(error)}), so two processes could write the same run.",
            "Choose a folder on another file system with --results, or mount this one with locking enabled (for "
            "NFS: a running lockd, or local_lock=flock if only this machine writes there).",
        )
    return NoRoomError(f"{folder}: cannot be written ({reason(error)}).", "Choose another folder with --results.")
