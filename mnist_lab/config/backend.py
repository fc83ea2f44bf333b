"""The backends, and the default if a configuration names none."""

import os
from collections.abc import Sequence
from importlib.util import find_spec

BACKENDS = ("tensorflow", "jax", "torch")
"""In order of preference; each has the name of its package."""


def installed() -> list[str]:
    """Return the installed backends, in order of preference."""
    return [name for name in BACKENDS if find_spec(name)]


def default_backend(names: Sequence[str]) -> str:
    """KERAS_BACKEND, else the first of `names` (those installed), else the preferred one.

    Whether it works is not checked.
    """
    return os.environ.get("KERAS_BACKEND") or next(iter(names), BACKENDS[0])
