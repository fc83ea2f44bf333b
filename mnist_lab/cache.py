"""Where this user's caches are kept."""

import os
import sys
from pathlib import Path


def cache_dir() -> Path:
    """`mnist-lab` in the user's cache folder, for downloads and compiled programs; it may not exist yet."""
    if home := os.environ.get("XDG_CACHE_HOME"):
        return Path(home) / "mnist-lab"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "mnist-lab"
    if sys.platform == "win32" and (home := os.environ.get("LOCALAPPDATA")):
        return Path(home) / "mnist-lab" / "cache"
    return Path.home() / ".cache" / "mnist-lab"
