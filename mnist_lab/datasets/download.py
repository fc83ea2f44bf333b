"""Downloads a published data set from the first mirror that has it; files appear only when complete and verified.

`requests` transfers the bytes and handles proxies, redirects and timeouts. pooch, which is built on it, takes one
address per file, restarts broken downloads from the beginning, and verifies file hashes; mnist-lab needs several
mirrors with different formats of the same arrays. So this module tries the mirrors in turn, resumes `<name>.part` (in a
separate folder per mirror) by HTTP Range requests, now or in a later call, and moves the files into place once all
their arrays are verified.
"""

import contextlib
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock

from mnist_lab.datasets import formats
from mnist_lab.datasets.assembly import assemble
from mnist_lab.datasets.dataset import Dataset
from mnist_lab.datasets.known import KNOWN, KnownSet, Mirror
from mnist_lab.errors import DataError, reason
from mnist_lab.text.quantities import count

Progress = Callable[[str, int, int | None], None]
"""Called with the file's address, the bytes received so far, and the total if known."""

TIMEOUT = 10.0
"""Seconds to wait for a connection, and for each further block of bytes."""

ATTEMPTS = 5
"""Attempts per file and mirror, provided that each gets further than the one before."""

_BLOCK = 1024
"""Bytes that are transferred at a time; less than this is lost if a connection breaks."""


class _MirrorError(Exception):
    """A mirror did not provide the data; the message says why."""


def fetch(
    known: KnownSet, folder: Path, *, replace: bool = False, progress: Progress | None = None
) -> tuple[Dataset | None, list[str]]:
    """Download a data set into a folder, which is created if necessary.

    Two processes that need the same folder take turns; the second finds the files of the first. `replace` means that
    the folder is ours, so its content may be removed if it is not the data set.

    Returns:
        The data set, or None, and a line for each mirror that failed.

    Raises:
        DataError: the folder cannot be written.
    """
    failures: list[str] = []
    staging = folder.with_name(f"{folder.name}.download")
    with _writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        # The empty lock file stays, as removing it would let two processes in.
        with FileLock(folder.with_name(f".{folder.name}.lock")):
            with contextlib.suppress(_MirrorError):
                return _verified(known, folder), failures
            try:
                for mirror in known.mirrors:
                    try:
                        files = _fetch_from(mirror, known, staging, progress or (lambda *_: None))
                    except _MirrorError as error:
                        failures.append(str(error))
                        continue
                    if replace and folder.exists():
                        shutil.rmtree(folder)
                    folder.mkdir(exist_ok=True)
                    for file in files:
                        file.replace(folder / file.name)
                    shutil.rmtree(staging)
                    return assemble(formats.read_path(folder, known.prefix), known), failures
            finally:
                if not any(path.is_file() for path in staging.rglob("*")):
                    shutil.rmtree(staging, ignore_errors=True)
    return None, failures


def _fetch_from(mirror: Mirror, known: KnownSet, staging: Path, progress: Progress) -> list[Path]:
    """Download and verify all files of a mirror, in a separate folder below `staging`."""
    address = urlsplit(mirror.base)
    own = staging / f"{address.netloc}{address.path}".strip("/").replace("/", "_").replace(":", "_")
    resumed = own.exists()
    own.mkdir(parents=True, exist_ok=True)
    for name in [mirror.archive] if mirror.archive else mirror.files:
        if not (own / name).exists():
            limit = mirror.archive_bytes or known.most_bytes
            _download(mirror.base + name, own / name, limit, progress)
    files = [own / name for name in mirror.files]
    try:
        if mirror.archive:
            files = _unpacked(own / mirror.archive, known)
        _verified(known, own)
    except _MirrorError as error:
        shutil.rmtree(own)
        if resumed:  # files that an earlier call left may be to blame, not the mirror
            return _fetch_from(mirror, known, staging, progress)
        raise _MirrorError(f"{mirror.base}: {error}") from error
    return files


def _unpacked(archive: Path, known: KnownSet) -> list[Path]:
    """Unpack, next to an archive, the files of all sets that share a folder with `known`: one download serves all."""
    wanted = {
        name
        for other in KNOWN.values()
        if other.folder == known.folder
        for mirror in other.mirrors
        for name in mirror.files
    }
    files = []
    try:
        with zipfile.ZipFile(archive) as packed:
            for member in packed.infolist():
                path = archive.with_name(member.filename.rpartition("/")[2])
                if path.name in wanted and member.file_size <= archive.stat().st_size:
                    with packed.open(member) as source, path.open("wb") as target:
                        shutil.copyfileobj(source, target)
                    files.append(path)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _MirrorError(f"sent a damaged archive ({error})") from error
    return files


def _verified(known: KnownSet, folder: Path) -> Dataset:
    """Return the data set in a folder; raise an error if it is anything else."""
    try:
        dataset = assemble(formats.read_path(folder, known.prefix), known)
    except DataError as error:
        raise _MirrorError(f"sent damaged files ({error.message})") from error
    if not dataset.genuine:
        raise _MirrorError(f"sent wrong bytes ({dataset.check})")
    return dataset


def _download(url: str, target: Path, limit: int, progress: Progress) -> None:
    """Download one file, resuming `<target>.part` if it exists."""
    from requests import RequestException, codes

    part = target.with_name(f"{target.name}.part")
    for _ in range(ATTEMPTS):
        before = _size(part)
        with _writing(part):
            try:
                _transfer(url, part, limit, progress)
            except RequestException as error:
                if before and getattr(error.response, "status_code", None) == codes.requested_range_not_satisfiable:
                    part.unlink()  # longer than the file: left by something else
                elif _size(part) <= before:
                    raise _MirrorError(f"{url}: {_reason(error)}") from error
            else:
                part.replace(target)
                return
    raise _MirrorError(f"{url}: the connection was lost {count(ATTEMPTS, 'time')}; {_size(part):,} bytes received")


def _transfer(url: str, part: Path, limit: int, progress: Progress) -> None:
    import requests

    here = _size(part)
    headers = {
        "User-Agent": "mnist-lab",
        "Accept-Encoding": "identity",
        **({"Range": f"bytes={here}-"} if here else {}),
    }
    with requests.get(url, headers=headers, timeout=TIMEOUT, stream=True) as response:
        response.raise_for_status()
        if response.status_code != requests.codes.partial_content:  # the server sends all of it, whatever was requested
            here = 0
        length = response.headers.get("Content-Length", "")
        total = here + int(length) if length.isdecimal() else None
        with part.open("ab" if here else "wb") as file:
            progress(url, here, total)
            for block in response.iter_content(_BLOCK):
                file.write(block)
                here += len(block)
                if here > limit:
                    part.unlink()
                    raise _MirrorError(f"{url}: sends more than the {limit:,} bytes that the data set can have")
                progress(url, here, total)


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Raise problems with the disk as DataError, to distinguish them from those with the network."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{error.filename or path}: cannot be written: {reason(error)}.",
            "Choose another folder with --data-dir, or another cache with XDG_CACHE_HOME.",
        ) from error


def _reason(error: BaseException) -> str:
    """Say what happened to the connection, without the layers of libraries that report it."""
    import requests

    if isinstance(error, requests.HTTPError) and (answer := error.response) is not None:
        return f"HTTP {answer.status_code} {answer.reason}"
    while error.__context__:
        error = error.__context__
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT:g} s"
    return getattr(error, "strerror", None) or str(error).strip() or type(error).__name__


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
