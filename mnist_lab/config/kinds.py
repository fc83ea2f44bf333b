"""Which of the two kinds of YAML file one is, a configuration or a sweep file, told by its keys."""

from collections.abc import Mapping
from typing import Any

BLOCK_KEYS = frozenset({"set", "grid", "zip", "list", "random"})
"""Keys that say what to vary."""
_ONLY_IN_SWEEP_FILES = BLOCK_KEYS | {"base", "seeds"}
_ONLY_IN_CONFIGURATIONS = frozenset({"data", "model", "extends"})


def is_sweep_file(content: Mapping[str, Any]) -> bool:
    """Whether it is a sweep file: one that says what to vary, and has neither `data`, `model` nor `extends`."""
    return bool(_ONLY_IN_SWEEP_FILES & content.keys()) and not _ONLY_IN_CONFIGURATIONS & content.keys()
