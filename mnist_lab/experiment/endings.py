"""How a run may end other than well, and what is left then."""

import errno
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnist_lab.errors import InputError, MnistLabError, NoRoomError
from mnist_lab.experiment.log import LogFile
from mnist_lab.runs import RunFolder

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}


@contextmanager
def endings(folder: RunFolder, results: Path) -> Iterator[None]:
    """Leave the folder only where there is something to go on from or to learn from.

    - interrupted, or no room on the disk: the last checkpoint stays, or else nothing
    - the training failed: what there is stays, with `error.txt`; it would fail again, so there is no checkpoint
    - a bug: all stays, with the traceback in `error.txt` and `log.txt`

    Raises:
        NoRoomError: for an OSError that says that nothing can be written there.
        KeyboardInterrupt: passed on, with a sentence on how to go on.
    """
    try:
        yield
    except InputError:
        _discard_if_empty(folder, results)
        raise
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(_discard_if_empty(folder, results)) from interrupt
    except MnistLabError as error:
        folder.write_text("error.txt", f"{error}\n")
        LogFile(folder.path / "log.txt").note(str(error))
        folder.remove_checkpoint()
        raise
    except OSError as error:
        if error.errno not in _NO_ROOM:
            _record_traceback(folder)
            raise
        how_to_go_on = _discard_if_empty(folder, results)
        raise NoRoomError(
            f"{folder.path}: cannot be written ({error.strerror}).",
            f"Make room, or choose another folder with --results. {how_to_go_on}",
        ) from error
    except Exception:
        _record_traceback(folder)
        raise


def _record_traceback(folder: RunFolder) -> None:
    text = traceback.format_exc()
    folder.write_text("error.txt", text)
    LogFile(folder.path / "log.txt").note(text)


def _discard_if_empty(folder: RunFolder, results: Path) -> str:
    """Remove a folder in which there is nothing to go on from; says in a sentence how to go on."""
    if folder.interrupted:
        return f"The same command, without --force, goes on from the last checkpoint in {folder.path}."
    if not folder.finished:
        folder.discard(results)
    return "The same command begins this run anew."
