"""Reads files and folders, with clear errors: missing, of the wrong kind, too large, or not permitted.

Only regular files are read: a pipe can block forever, and a device can be endless. `MOST_BYTES` limits the memory of
one array, whatever a compressed file claims or unpacks to.
"""

import gzip
import stat
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase, BufferedReader
from pathlib import Path
from typing import Literal

from mnist_lab.errors import DataError, reason
from mnist_lab.system.paths import SPECIAL, mode_of

MOST_BYTES = 2 * 2**30
"""The largest array that is read, in bytes; MNIST's training images are 47 million."""
DAMAGE = (
    ArithmeticError, AttributeError, EOFError, LookupError, RuntimeError, SyntaxError, TypeError, ValueError,
    struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What zipfile, NumPy and Pillow raise on damaged files, besides OSError. RuntimeError: one wrong byte makes a file
look encrypted or compressed in an unknown way."""
_BLOCK = 2**20


def kind(path: Path) -> Literal["file", "folder"] | None:
    """Return what is at a path; None if nothing is.

    Raises:
        DataError: access is not permitted, or it is a pipe, a socket or a device.
    """
    mode = _mode(path)
    if mode is None:
        return None
    if special := SPECIAL.get(stat.S_IFMT(mode)):
        raise DataError(f"{path}: expected a regular file, but this is {special}.")
    return "folder" if stat.S_ISDIR(mode) else "file"


def is_folder(path: Path) -> bool:
    """Whether a folder, or a link to one, is at a path.

    Raises:
        DataError: access is not permitted.
    """
    return stat.S_ISDIR(_mode(path) or 0)


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """Open a regular file for reading.

    Raises:
        DataError: it is missing, not a regular file, or cannot be read, on opening or later.
    """
    kind(path)
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise unreadable(path, error) from error


def unzipped(file: BufferedReader) -> BufferedReader | gzip.GzipFile:
    """Return a file that has not been read yet, decompressed on reading if its first bytes are those of gzip."""
    return gzip.GzipFile(fileobj=file) if file.peek(2)[:2] == b"\x1f\x8b" else file


def read_at_most(file: BufferedIOBase, size: int) -> bytearray:
    """Read the next `size` bytes of a file, or those up to its end; memory grows with the content, not with `size`."""
    content = bytearray()
    while len(content) < size and (block := file.read(min(_BLOCK, size - len(content)))):
        content += block
    return content


def entries(folder: Path) -> list[Path]:
    """Return the entries of a folder, sorted by name.

    Raises:
        DataError: it is missing, not a folder, or cannot be read.
    """
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise unreadable(folder, error) from error


def printable(path: object) -> str:
    """Return a path as text that can be written in UTF-8, whatever bytes its name has."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def unreadable(path: Path, error: OSError) -> DataError:
    """Return the error to raise when the system refuses to read a file or folder."""
    if isinstance(error, FileNotFoundError):
        return DataError(f"{path}: no such file or folder.")
    if isinstance(error, NotADirectoryError):
        return DataError(f"{path}: expected a folder, but this is a file.")
    if isinstance(error, IsADirectoryError):
        return DataError(f"{path}: expected a file, but this is a folder.")
    if isinstance(error, PermissionError):
        return DataError(f"{path}: no permission to read it.", "Change its permissions, or run as its owner.")
    return DataError(f"{path}: cannot be read: {reason(error)}.")


def _mode(path: Path) -> int | None:
    try:
        return mode_of(path)
    except OSError as error:
        raise unreadable(path, error) from error
