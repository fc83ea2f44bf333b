"""How a run may end other than well, and what is left then."""

import errno
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mnist_lab.errors import InputError, MnistLabError, NoRoomError
from mnist_lab.experiment.log import LogFile
from mnist_lab.printable import printable
from mnist_lab.runs import RunFolder
from mnist_lab.signals import Interruption, number_of

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}
LOG_LINES = 20


@contextmanager
def endings(folder: RunFolder, results: Path) -> Iterator[None]:
    """Leave the folder only where there is something to go on from or to learn from.

    - interrupted, or no room on the disk: the last checkpoint stays, or else nothing
    - the training failed: what there is stays, with `error.txt`; it would fail again, so there is no checkpoint
    - a bug: all stays, with the traceback in `error.txt` and `log.txt`

    Raises:
        NoRoomError: for an OSError that says that nothing can be written there.
        Interruption: for a KeyboardInterrupt, with a sentence on how to go on.
    """
    try:
        yield
    except InputError:
        _discard_if_empty(folder, results)
        raise
    except KeyboardInterrupt as interrupt:
        raise Interruption(_discard_if_empty(folder, results), number_of(interrupt)) from interrupt
    except MnistLabError as error:
        _record(folder, str(error))
        folder.remove_checkpoint()
        raise
    except OSError as error:
        if error.errno not in _NO_ROOM:
            _record(folder, traceback.format_exc())
            raise
        how_to_go_on = _discard_if_empty(folder, results)
        raise NoRoomError(
            f"{folder.path}: cannot be written ({error.strerror}).",
            f"Make room, or choose another folder with --results. {how_to_go_on}",
        ) from error
    except Exception:
        _record(folder, traceback.format_exc())
        raise


def _record(folder: RunFolder, reason: str) -> None:
    """Put the reason into `log.txt`, and into `error.txt` with the end of the log."""
    record_failure(folder, reason)
    with suppress(OSError):
        LogFile(folder.path / "log.txt").note(reason)


def record_failure(folder: RunFolder, reason: str) -> None:
    """Leave `error.txt` in the folder of a run that did not end well: the reason and the end of the log.

    Where it cannot be written there is none: the reason itself is on its way to the user.
    """
    with suppress(OSError):
        folder.path.mkdir(parents=True, exist_ok=True)
        log = folder.path / "log.txt"
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:] if log.is_file() else []
        end = ["", "The end of its log:", *lines] if lines else []
        folder.write_text("error.txt", printable("\n".join([reason, *end])) + "\n")


def _discard_if_empty(folder: RunFolder, results: Path) -> str:
    """Remove a folder in which there is nothing to go on from; says in a sentence how to go on."""
    if folder.finished:
        return "The run is finished."
    if folder.interrupted:
        return f"The same command, without --force, goes on from the last checkpoint in {folder.path}."
    folder.discard(results)
    return "The same command begins this run anew."
