"""Calls a function in a separate process, for callers that run Keras on a backend other than TensorFlow, or on a GPU.

Unlike `multiprocessing`, it does not import the calling script, which therefore needs no guard.
"""

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mnist_lab.errors import MachineError
from mnist_lab.system import atomic, scratch

R = TypeVar("R")

_PACKAGE = Path(__file__).parents[2]
_ORDER, _ANSWER = "order.pickle", "answer.pickle"
_SHOWN = 500
"""Characters of stderr that are quoted if the process ended unexpectedly."""


def needed() -> bool:
    """Return whether this process runs Keras on a backend other than TensorFlow, or on a GPU."""
    keras = sys.modules.get("keras")
    if keras is None:
        return False
    return keras.backend.backend() != "tensorflow" or bool(keras.distribution.list_devices("gpu"))


def call(function: Callable[[], R]) -> R:
    """Return or raise what the function does; function, result and error must be picklable.

    Raises:
        MachineError: the process ended before it answered, for example because it was killed.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        (folder / _ORDER).write_bytes(pickle.dumps(function))
        paths = [str(_PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])]
        done = subprocess.run(
            [sys.executable, "-m", __name__, str(folder)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
        if not (folder / _ANSWER).is_file():
            said = done.stderr.decode(errors="replace").strip()[-_SHOWN:]
            raise MachineError(f"The process that wrote the file ended with exit code {done.returncode}.\n{said}")
        answer, error = pickle.loads((folder / _ANSWER).read_bytes())
    if error is not None:
        raise error
    return answer


def _answer(folder: Path) -> None:
    scratch.own_process()
    answer, error = None, None
    try:
        answer = pickle.loads((folder / _ORDER).read_bytes())()
    except Exception as raised:
        error = raised
    with atomic.replacing(folder / _ANSWER) as part:  # since any file with this name is read as the answer
        part.write_bytes(pickle.dumps((answer, error)))


if __name__ == "__main__":
    _answer(Path(sys.argv[1]))
