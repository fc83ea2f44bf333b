"""Standard streams that cannot make a job fail: always open, and able to encode every character.

A closed pipe (`| head`), a closed terminal or a log on a full disk does not end a run: further output is discarded, and
the results are in its folder.
"""

import errno
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from typing_extensions import override

from mnist_lab.system.directories import check_temporary_dir
from mnist_lab.text.printable import ENCODING_ERRORS

_STDOUT = 1
_READER_GONE = {errno.EPIPE, errno.ECONNRESET}


class _Descriptor(io.FileIO):
    """An output descriptor whose target may disappear; an error only for stdout that is redirected to a file."""

    def __init__(self, descriptor: int, *, own: bool = False) -> None:
        super().__init__(descriptor, "w", closefd=own)
        self._keeps = descriptor == _STDOUT and not self.isatty()

    @override
    def write(self, data: Any, /) -> int | None:
        try:
            return super().write(data)
        except OSError as error:
            if self._keeps and error.errno not in _READER_GONE:
                raise OSError(error.errno, error.strerror, "standard output") from None
            return memoryview(data).nbytes


def open_descriptors() -> None:
    """Open closed descriptors among 0 to 2 on the null device.

    Otherwise, the next file to be opened gets that number, and what libraries log to descriptor 2 is written to it.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
            os.set_inheritable(descriptor, True)


def prepare() -> None:
    """Make stdout and stderr accept every text, even if they are closed or their reader has exited."""
    open_descriptors()
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 - stays open, as stdin does
    sys.stdout = _lasting(sys.stdout, _STDOUT)
    sys.stderr = _lasting(sys.stderr, _STDOUT + 1)


def copy_of_stderr() -> TextIO:
    """Stderr with a separate descriptor, which remains the terminal while descriptor 2 is redirected.

    The caller must close it, unless it is `sys.stderr` itself because that has no descriptor.
    """
    try:
        descriptor = os.dup(sys.stderr.fileno())
    except (OSError, ValueError):
        return sys.stderr
    return _text(_Descriptor(descriptor, own=True), sys.stderr.encoding)


def redirect(path: Path) -> None:
    """Append everything that this process writes to stdout and stderr from now on to the file at `path`, in UTF-8."""
    open_descriptors()
    flush()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for standard in (_STDOUT, _STDOUT + 1):
        os.dup2(descriptor, standard)
    os.close(descriptor)
    sys.stdout = _text(_Descriptor(_STDOUT), "utf-8")
    sys.stderr = _text(_Descriptor(_STDOUT + 1), "utf-8")


@contextmanager
def captured_stderr() -> Iterator[list[str]]:
    """Collect what this process writes to descriptor 2, to which libraries log directly."""
    text: list[str] = []
    check_temporary_dir()
    open_descriptors()
    flush()
    with tempfile.TemporaryFile("w+b") as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield text
        finally:
            flush()
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            text.append(file.read().decode(errors="replace"))


def flush() -> None:
    """Flush stdout and stderr, if they are open."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            with suppress(OSError):
                stream.flush()


def _lasting(stream: TextIO | None, descriptor: int) -> TextIO:
    """Return the stream if it is not a file (as in notebooks and tests), else a `_Descriptor` of the same file."""
    if stream is None or stream.closed:
        return _text(_Descriptor(descriptor), "utf-8")
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    raw = getattr(stream.buffer, "raw", stream.buffer)
    if type(raw) is not io.FileIO or raw.fileno() != descriptor:
        stream.reconfigure(errors=ENCODING_ERRORS)
        return stream
    stream.flush()
    return _text(_Descriptor(descriptor), stream.encoding)


def _text(raw: io.FileIO, encoding: str) -> TextIO:
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, ENCODING_ERRORS, line_buffering=True)
