"""Distinguishes configurations from sweep files by their keys."""

from collections.abc import Mapping
from typing import Any

BLOCK_KEYS = frozenset({"set", "grid", "zip", "list", "random"})
"""Keys that declare variations."""
_ONLY_IN_SWEEP_FILES = BLOCK_KEYS | {"base", "seeds"}
_ONLY_IN_CONFIGURATIONS = frozenset({"data", "model", "extends"})


def is_sweep_file(content: Mapping[str, Any]) -> bool:
    """Whether it is a sweep file: it declares variations, a base or seeds, and has no `data`, `model` or `extends`."""
    return bool(_ONLY_IN_SWEEP_FILES & content.keys()) and not _ONLY_IN_CONFIGURATIONS & content.keys()
