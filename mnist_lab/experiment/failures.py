"""Records interrupted and failed runs, and what the user can do about them."""

import errno
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mnist_lab.errors import InputError, MachineError, MnistLabError, NoRoomError, UnreadableError, reason
from mnist_lab.experiment.log import LogFile
from mnist_lab.runs import ERROR, RunFolder
from mnist_lab.system import atomic
from mnist_lab.system.signals import Interruption, number_of
from mnist_lab.text.printable import printable

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}
LOG_LINES = 20


@contextmanager
def recording_failures(folder: RunFolder, results: Path, *, force: bool = False) -> Iterator[None]:
    """Keep the folder only if there is something to resume from or to learn from; `force`: the run was to be retrained.

    - interrupted, or the disk is full: kept if it has a checkpoint
    - the training failed: kept, with `error.txt`, but without a checkpoint, from which it would fail again
    - another error of the operating system: kept, with the traceback in `error.txt` and `log.txt`
    - a bug: kept, with the traceback in `error.txt` and `log.txt`

    Raises:
        NoRoomError: for an OSError that means that nothing can be written in the folder.
        MachineError: for any other OSError.
        Interruption: for a KeyboardInterrupt; its message says how to resume.
    """
    try:
        yield
    except InputError:
        _discard_if_empty(folder, results, force=force)
        raise
    except KeyboardInterrupt as interrupt:
        raise Interruption(_discard_if_empty(folder, results, force=force), number_of(interrupt)) from interrupt
    except MnistLabError as error:
        _record(folder, str(error))
        folder.current.remove_checkpoint()
        raise
    except OSError as error:
        if error.errno in _NO_ROOM:
            advice = _discard_if_empty(folder, results, force=force)
            raise NoRoomError(
                f"{folder.path}: cannot be written ({reason(error)}).",
                f"Make room, or choose another folder with --results. {advice}",
            ) from error
        _record(folder, traceback.format_exc())
        stays = f"The files of the run are kept in {folder.current.path}; the same command resumes or restarts it."
        raise MachineError.of(error, stays) from error
    except Exception:
        _record(folder, traceback.format_exc())
        raise


def _record(folder: RunFolder, why: str) -> None:
    """Write the reason to `error.txt`, with the end of the log, and to `log.txt`."""
    record_failure(folder, why)
    with suppress(OSError, UnreadableError):
        LogFile(folder.current.path / "log.txt").note(why)


def record_failure(folder: RunFolder, why: str) -> None:
    """Write `error.txt` to the folder of a run that failed: the reason and the end of the log.

    The retraining of a finished run has its own `error.txt`. Errors while writing it are ignored: the reason is also
    printed.
    """
    with suppress(OSError, UnreadableError):
        current = folder.current
        if current.finished:  # retraining it failed before `.repetition/` existed
            return
        current.path.mkdir(parents=True, exist_ok=True)
        log = current.path / "log.txt"
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:] if log.is_file() else []
        end = ["", "The end of its log:", *lines] if lines else []
        atomic.write_text(current.path / ERROR, printable("\n".join([why, *end])) + "\n")


def _discard_if_empty(folder: RunFolder, results: Path, *, force: bool) -> str:
    """Remove the folder if it has no checkpoint, and return a sentence on how to continue."""
    if folder.current.finished:
        return "The run is finished."
    if folder.interrupted:
        without = ", without --force," if force else ""
        return f"The same command{without} resumes from the last checkpoint in {folder.current.path}."
    folder.current.discard(results)
    return "The same command restarts the run."
