"""Text files of a report, each written whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnist_lab.errors import SetupError
from mnist_lab.system import atomic
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
    atomic.write_text(path, printable(text))


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
