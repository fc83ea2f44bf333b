"""Atomic writes: a file is complete or does not exist."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PART = ".part."
"""The prefix of a temporary file, which a killed process leaves behind."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Provide a temporary file to write, which replaces `path` at the end of the `with`, or is removed if it fails.

    Its name ends with that of `path`, since some writers depend on the suffix. Processes and threads can write the same
    path at the same time: the last one wins.

    Raises:
        OSError: it cannot be written; `path` is unchanged.
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
    """Write a text file in UTF-8 with Unix line endings.

    Raises:
        OSError: it cannot be written; an existing file is unchanged.
    """
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def sync(file: Path) -> None:
    """Flush a file to disk, so that a power failure cannot leave it empty."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def remove_parts(folder: Path) -> None:
    """Remove temporary files of killed processes; only while no other process writes to the folder."""
    for part in folder.glob(f"{PART}*"):
        part.unlink(missing_ok=True)
