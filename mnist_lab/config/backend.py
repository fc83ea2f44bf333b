"""Which backend is meant where a configuration names none."""

import os
from importlib.util import find_spec
from typing import get_args

from mnist_lab.config.schema import BackendName


def default_backend() -> str:
    """KERAS_BACKEND, else TensorFlow, else the first one installed.

    By the same rule `mnist_lab.backends` chooses when a run starts; whether it can be used is said only there.
    """
    in_order = [name for name in get_args(BackendName) if name != "auto"]
    return os.environ.get("KERAS_BACKEND") or next(filter(find_spec, in_order), in_order[0])
