"""Downloads a published data set from one of its mirrors, whole and verified or not at all.

Files arrive as `<name>.part` in a folder of their own for each mirror, so that a connection that broke is
resumed by an HTTP Range request, in this call or a later one. Only when all files of a mirror are there and
the data are verified are they renamed into place. Wrong bytes are thrown away and the next mirror is tried.
"""

import contextlib
import http.client
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from io import RawIOBase
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock

from mnist_lab.datasets import formats
from mnist_lab.datasets.assembly import assemble
from mnist_lab.datasets.dataset import Dataset
from mnist_lab.datasets.known import KnownSet, Mirror
from mnist_lab.errors import DataError

Progress = Callable[[str, int, int | None], None]
"""Called with the file's address, the bytes that are here, and the bytes there will be if that is known."""

TIMEOUT = 10.0
"""Seconds to wait for a connection, and for each further block of bytes."""

ATTEMPTS = 5
"""How often a file is tried on one mirror, provided that each attempt got further than the one before."""

_BLOCK = 1 << 16


class _MirrorError(Exception):
    """A mirror could not give the data; the message says why."""


def fetch(
    known: KnownSet, folder: Path, *, replace: bool = False, progress: Progress | None = None
) -> tuple[Dataset | None, list[str]]:
    """Downloads a data set into a folder, from the first mirror that has it.

    Two processes that want the same folder take turns; the second finds what the first has put there.

    Args:
        known: what to download.
        folder: where its files go; made if need be.
        replace: whether the folder is ours, so that what is in it may be removed if it is not the data set.
        progress: told about each block.

    Returns:
        The data set, or None, and a line for each mirror that failed.

    Raises:
        DataError: the folder cannot be written.
    """
    failures: list[str] = []
    staging = folder.with_name(f"{folder.name}.download")
    with _lock(folder):
        if dataset := _already_there(known, folder):
            return dataset, failures
        try:
            for mirror in known.mirrors:
                try:
                    verified = _fetch_from(mirror, known, staging, progress or (lambda *_: None))
                except _MirrorError as error:
                    failures.append(str(error))
                    continue
                with _writing(folder):
                    if replace and folder.exists():
                        shutil.rmtree(folder)
                    folder.mkdir(parents=True, exist_ok=True)
                    for file in verified:
                        file.replace(folder / file.name)
                shutil.rmtree(staging, ignore_errors=True)
                return assemble(formats.read_path(folder), known), failures
        finally:
            if not any(path.is_file() for path in staging.rglob("*")):
                shutil.rmtree(staging, ignore_errors=True)
    return None, failures


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """One process at a time; the empty lock file stays, as removing it would let two in."""
    with _writing(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.with_name(f".{folder.name}.lock"))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _fetch_from(mirror: Mirror, known: KnownSet, staging: Path, progress: Progress) -> list[Path]:
    """Downloads and verifies all files of a mirror, in a folder of its own below `staging`."""
    address = urlsplit(mirror.base)
    own = staging / f"{address.netloc}{address.path}".strip("/").replace("/", "_").replace(":", "_")
    resumed = own.exists()
    with _writing(own):
        own.mkdir(parents=True, exist_ok=True)
    for name in mirror.files:
        if not (own / name).exists():
            download(mirror.base + name, own / name, progress)
    if problem := _problem(known, own):
        shutil.rmtree(own, ignore_errors=True)
        if resumed:  # what an earlier call had left may be to blame, not the mirror
            return _fetch_from(mirror, known, staging, progress)
        raise _MirrorError(f"{mirror.base}: {problem}")
    return [own / name for name in mirror.files]


def download(url: str, target: Path, progress: Progress) -> None:
    """Downloads one file, resuming `<target>.part` if it is there.

    Raises:
        _MirrorError: it could not be had from there.
        DataError: it could not be written.
    """
    part = target.with_name(f"{target.name}.part")
    for _ in range(ATTEMPTS):
        before = _size(part)
        try:
            _transfer(url, part, progress)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and before:
                part.unlink()  # longer than the file is: left by something else
                continue
            raise _MirrorError(f"{url}: HTTP {error.code} {error.reason}") from error
        except (OSError, http.client.HTTPException) as error:
            if _size(part) <= before:
                raise _MirrorError(f"{url}: {_reason(error)}") from error
        else:
            with _writing(target):
                part.replace(target)
            return
    raise _MirrorError(f"{url}: the connection broke {ATTEMPTS} times, {_size(part):,} bytes are here")


def _transfer(url: str, part: Path, progress: Progress) -> None:
    done = _size(part)
    headers = {"User-Agent": "mnist-lab"}
    if done:
        headers["Range"] = f"bytes={done}-"
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT) as response:
        if response.status == http.client.PARTIAL_CONTENT:
            first, total = _content_range(response.headers.get("Content-Range", ""))
            if first != done:
                raise http.client.HTTPException(f"asked for bytes from {done}, received from {first}")
        else:  # the server sends all of it, whatever was asked
            done = 0
            length = response.headers.get("Content-Length")
            total = int(length) if length and length.isdecimal() else None
        with _writing(part):
            file = part.open("ab" if done else "wb", buffering=0)
        with file:
            progress(url, done, total)
            while block := response.read(_BLOCK):
                with _writing(part):
                    _write(file, block)
                done += len(block)
                progress(url, done, total)
    if total is not None and done != total:
        raise http.client.HTTPException(f"the connection closed after {done:,} of {total:,} bytes")


def _write(file: RawIOBase, block: bytes) -> None:
    # Unbuffered, so that what was counted as here is on the disk, and a full disk is met at once.
    rest = memoryview(block)
    while rest:
        rest = rest[file.write(rest) or 0 :]


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Tells trouble with the disk apart from trouble with the network."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{error.filename or path}: cannot be written: {error.strerror or error}.",
            "Choose another folder with --data-dir, or another cache with XDG_CACHE_HOME.",
        ) from error


def _already_there(known: KnownSet, folder: Path) -> Dataset | None:
    if not folder.exists():
        return None
    try:
        raw = formats.read_folder(folder)
        dataset = assemble(raw, known) if raw else None
    except DataError:
        return None
    return dataset if dataset and dataset.genuine else None


def _problem(known: KnownSet, folder: Path) -> str | None:
    try:
        dataset = assemble(formats.read_path(folder), known)
    except DataError as error:
        return f"sent damaged files ({error.message})"
    return None if dataset.genuine else f"sent wrong bytes ({dataset.check})"


def _content_range(value: str) -> tuple[int, int | None]:
    """First byte and length of `bytes 5-9/10`."""
    try:
        span, total = value.removeprefix("bytes ").split("/")
        return int(span.split("-")[0]), None if total == "*" else int(total)
    except ValueError:
        raise http.client.HTTPException(f"unusable Content-Range {value!r}") from None


def _reason(error: Exception) -> str:
    cause = getattr(error, "reason", error)
    if isinstance(cause, TimeoutError):
        return f"no answer within {TIMEOUT:g} s"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return str(cause) or type(cause).__name__


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
