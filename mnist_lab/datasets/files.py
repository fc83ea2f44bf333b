"""Reads files and folders, with failures told in words: missing, of the wrong kind, or not permitted."""

from pathlib import Path
from stat import S_ISDIR
from typing import Literal

from mnist_lab.errors import DataError


def kind(path: Path) -> Literal["file", "folder"] | None:
    """What is at a path; None if nothing is.

    Raises:
        DataError: it is not permitted to look.
    """
    try:
        return "folder" if S_ISDIR(path.stat().st_mode) else "file"
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a null character
        return None
    except OSError as error:
        raise unreadable(path, error) from error


def read_bytes(path: Path) -> bytes:
    """The whole content of a file.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, sorted by name.

    Raises:
        DataError: it is missing, no folder, or cannot be read.
    """
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise unreadable(folder, error) from error


def unreadable(path: Path, error: OSError) -> DataError:
    """The error to raise when the system refuses to read a file or folder."""
    if isinstance(error, FileNotFoundError):
        return DataError(f"{path}: there is no such file or folder.")
    if isinstance(error, NotADirectoryError):
        return DataError(f"{path}: expected a folder, this is a file.")
    if isinstance(error, IsADirectoryError):
        return DataError(f"{path}: expected a file, this is a folder.")
    if isinstance(error, PermissionError):
        return DataError(f"{path}: no permission to read it.", "Change its permissions, or run as its owner.")
    return DataError(f"{path}: cannot be read: {error.strerror or error}.")
