"""A Ctrl-C that is not lost in Keras.

Keras converts the figures of an evaluation inside a bare `except:` (`keras.src.utils.python_utils.pythonify_logs`). On
JAX that is where it waits for the device, so a KeyboardInterrupt that comes at the end of an epoch is likely to end
there; and some that come while Keras is imported are lost in the same way.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import override

from mnist_lab.experiment.observer import Observer

if TYPE_CHECKING:
    from mnist_lab.history import Record
    from mnist_lab.training import Progress


class Interrupts(Observer):
    """Raises at the next event a KeyboardInterrupt that was raised before and swallowed."""

    def __init__(self) -> None:
        self._came = False

    @contextmanager
    def watched(self) -> Iterator[Self]:
        """Take note of every SIGINT that Python would turn into a KeyboardInterrupt."""
        raises = signal.getsignal(signal.SIGINT)

        def note(number: int, frame: FrameType | None) -> None:
            self._came = True
            if callable(raises):
                raises(number, frame)

        if not callable(raises) or threading.current_thread() is not threading.main_thread():
            yield self  # SIGINT is ignored here, or is another thread's affair
            return
        signal.signal(signal.SIGINT, note)
        try:
            yield self
        finally:
            signal.signal(signal.SIGINT, raises)

    @override
    def preparing(self, text: str) -> None:
        self._check()

    @override
    def batch(self, progress: "Progress") -> None:
        self._check()

    @override
    def epoch(self, record: "Record", epochs: int) -> None:
        self._check()

    @override
    def done(self, metrics: dict[str, Any]) -> None:
        self._check()

    def _check(self) -> None:
        if self._came:
            raise KeyboardInterrupt
