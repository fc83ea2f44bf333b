"""Text files of a report, each written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnist_lab.errors import SetupError
from mnist_lab.text.printable import printable


def read(path: Path) -> str | None:
    """The text of a file; None if it is not there, or no text."""
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def write(path: Path, text: str) -> None:
    """Put `text` into the place of a file, in UTF-8 with Unix' line ends; control characters are written escaped.

    Raises:
        OSError: it cannot be written; what was there is as it was.
    """
    # Two sweeps may end at the same moment, so each writes a file of its own first.
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(printable(text), encoding="utf-8", newline="\n")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def folder_for(what: str, folder: Path) -> Iterator[None]:
    """Make `folder` if it is not there, and write `what` (`summary`, `report`) into it inside the `with`.

    Raises:
        SetupError: it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise SetupError(
            f"{folder}: the {what} cannot be written ({error.strerror or error}).",
            "Check that the folder may be written to, and that the disk is not full.",
        ) from None
