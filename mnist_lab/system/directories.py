"""Folders that belong to the user or the system: home, cache and temporary files. A machine may have none of them."""

import os
import sys
import tempfile
from pathlib import Path

from mnist_lab.errors import InputError, SetupError


def home() -> Path | None:
    """The user's home folder; None for a user whom the system does not know, as in many containers."""
    try:
        found = Path.home()
    except RuntimeError:
        return None
    return found if os.environ.get("HOME") != "" else None


def expanded(path: str | Path) -> Path:
    """The path with a leading `~` or `~user` replaced by that home folder.

    Raises:
        InputError: there is no such home folder.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise InputError(
            f"{path}: there is no such home folder.", f"A folder that is called that is written ./{path}."
        ) from None


def cache_dir() -> Path | None:
    """`mnist-lab` in the user's cache folder, for downloads and compiled programs; it may not exist yet.

    None where the user has no home folder. A relative XDG_CACHE_HOME is ignored, as its specification demands.
    """
    chosen = os.path.expanduser(os.environ.get("XDG_CACHE_HOME", ""))  # noqa: PTH111 - it leaves an unknown `~` as it is
    if os.path.isabs(chosen):  # noqa: PTH117
        return Path(chosen) / "mnist-lab"
    if sys.platform == "win32" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local) / "mnist-lab" / "cache"
    user = home()
    if user is None:
        return None
    return user / "Library" / "Caches" / "mnist-lab" if sys.platform == "darwin" else user / ".cache" / "mnist-lab"


def check_temporary_dir() -> None:
    """Do nothing if temporary files can be written.

    Raises:
        SetupError: there is no folder for them.
    """
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        raise SetupError(
            "There is no folder for temporary files that can be written.",
            "Make one, and name it in the environment variable TMPDIR: TMPDIR=/path/to/folder mnist-lab ...",
        ) from None
