"""Imports the modules that every run of a sweep needs, once in the fork server for all runs.

The environment selects the backend. The import neither starts TensorFlow's runtime nor initializes a GPU.
"""

import gc
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from mnist_lab import backends
from mnist_lab.executors import PARENT
from mnist_lab.system import signals

POLL = 0.5
"""Seconds between checks that the parent is alive."""


@contextmanager
def _ending_with_the_parent() -> Iterator[None]:
    """Exit when the parent does: the server itself notices only once it serves. No thread, since the process forks."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    parent = int(os.environ[PARENT])

    def look(*_: object) -> None:
        if os.getppid() != parent:
            os._exit(0)

    look()
    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, POLL, POLL)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


signals.ignore()  # the sweep handles them
gc.disable()
with _ending_with_the_parent():
    backends.import_keras(os.environ["KERAS_BACKEND"])
    from mnist_lab.experiment import results  # noqa: F401 - imports training, plots and analysis
gc.freeze()  # so that the garbage collections of runs skip what is imported here
gc.enable()
