"""Files that are written whole or not at all."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PART = ".part."
"""What the name of a file begins with until it is whole; a process that is killed leaves it."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file to write, which takes the place of `path` at the end of the `with`, or is removed if that fails.

    It ends in the name of `path`, as some writers go by the suffix. Processes and threads that write the same path at
    the same time do not disturb each other: the last one wins.

    Raises:
        OSError: it cannot be written; `path` is as it was.
    """
    part = path.with_name(f"{PART}{os.getpid()}.{threading.get_native_id()}.{path.name}")
    try:
        yield part
        sync(part)
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8 with Unix' line ends.

    Raises:
        OSError: it cannot be written; what was there is as it was.
    """
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def sync(file: Path) -> None:
    """Have a file on the disk, so that a power cut cannot leave it empty."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def remove_parts(folder: Path) -> None:
    """Remove what processes left that were killed while they wrote; only where no other process writes now."""
    for part in folder.glob(f"{PART}*"):
        part.unlink(missing_ok=True)
