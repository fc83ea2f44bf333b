"""Folders of the user and the system, each of which may be missing: home, cache, temporary files."""

import os
import sys
import tempfile
from pathlib import Path

from mnist_lab.errors import InputError, SetupError


def home() -> Path | None:
    """Return the user's home folder; None for a user unknown to the system, as in many containers."""
    try:
        found = Path.home()
    except RuntimeError:
        return None
    return found if os.environ.get("HOME") != "" else None


def expanded(path: str | Path) -> Path:
    """Return the path with a leading `~` or `~user` expanded.

    Raises:
        InputError: there is no such home folder.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise InputError(
            f"{path}: there is no such home folder.", f"For a folder of that name, write ./{path}."
        ) from None


def cache_dir() -> Path | None:
    """`mnist-lab` in the user's cache folder, for downloads and compiled programs; it may not exist yet.

    None if the user has no home folder. A relative XDG_CACHE_HOME is ignored, as its specification requires.
    """
    chosen = os.path.expanduser(os.environ.get("XDG_CACHE_HOME", ""))  # noqa: PTH111 - leaves an unknown `~` unchanged
    if os.path.isabs(chosen):  # noqa: PTH117
        return Path(chosen) / "mnist-lab"
    if sys.platform == "win32" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local) / "mnist-lab" / "cache"
    user = home()
    if user is None:
        return None
    return user / "Library" / "Caches" / "mnist-lab" if sys.platform == "darwin" else user / ".cache" / "mnist-lab"


def check_temporary_dir() -> None:
    """Check that temporary files can be written.

    Raises:
        SetupError: there is no writable folder for them.
    """
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        raise SetupError(
            "There is no writable folder for temporary files.",
            "Create one, and set the environment variable TMPDIR to it: TMPDIR=/path/to/folder mnist-lab ...",
        ) from None
