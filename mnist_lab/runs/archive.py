"""Run folders from other machines: received as an archive, and put in place atomically."""

import io
import shutil
import zipfile
from pathlib import Path

from mnist_lab.runs.folder import RunFolder
from mnist_lab.system import atomic

_ARRIVING = ".arriving"
"""The folder within a run folder to which an archive is unpacked."""


def packed(folder: RunFolder) -> bytes:
    """The files of a run, as an uncompressed zip archive: most of them are compressed themselves."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", strict_timestamps=False) as archive:
        for file in sorted(folder.path.iterdir()):
            if file.is_file() and not file.name.startswith("."):
                archive.write(file, file.name)
    return content.getvalue()


def unpacked(content: bytes, folder: Path) -> RunFolder:
    """Write the files of an archive to a folder, which is created."""
    folder.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    for file in folder.iterdir():
        atomic.sync(file)
    return RunFolder(folder)


def put_in_place(content: bytes, folder: RunFolder) -> None:
    """Let the run in an archive take the place of what is in `folder`, as `RunFolder.take` does; in `folder.locked`.

    Raises:
        OSError: the disk is full, for example; what was there is kept.
    """
    arriving = folder.path / _ARRIVING
    shutil.rmtree(arriving, ignore_errors=True)
    try:
        folder.take(unpacked(content, arriving))
    finally:
        shutil.rmtree(arriving, ignore_errors=True)
