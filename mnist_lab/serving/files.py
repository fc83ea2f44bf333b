"""Opens files below a folder, and nothing else: no part of the path may be a link."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_FILE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""O_NONBLOCK: opening a named pipe would block."""


def listing(root: Path, place: Sequence[str]) -> list[tuple[str, int]]:
    """Return the regular files of a folder below `root` that are not hidden, by name, each with its size in bytes.

    Raises:
        OSError: there is no such folder, or it is reached through a link.
    """
    with _folder(root, place) as folder, os.scandir(folder) as entries:
        files = [entry for entry in entries if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False)]
        return sorted((entry.name, entry.stat(follow_symlinks=False).st_size) for entry in files)


@contextmanager
def opened(root: Path, place: Sequence[str], name: str) -> Iterator[BinaryIO]:
    """Open a regular file in a folder below `root` for reading.

    Raises:
        OSError: there is no such file, or it is reached through a link.
    """
    with _folder(root, place) as folder:
        if isinstance(folder, int):
            descriptor = os.open(name, os.O_RDONLY | _FILE, dir_fd=folder)
        else:
            descriptor = os.open(_without_links(folder / name), os.O_RDONLY | _FILE)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise FileNotFoundError(name)
        yield file


@contextmanager
def _folder(root: Path, place: Sequence[str]) -> Iterator[int | Path]:
    """Open a folder as a descriptor, step by step, so that no link can be slipped in."""
    if os.open not in os.supports_dir_fd or os.scandir not in os.supports_fd:  # Windows
        yield _without_links(root.resolve().joinpath(*place))
        return
    descriptor = os.open(root, os.O_RDONLY)
    try:
        for part in place:
            below = os.open(part, os.O_RDONLY | _FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


def _without_links(path: Path) -> Path:
    if path.resolve() != path:
        raise FileNotFoundError(path)
    return path
