"""A Ctrl-C, a SIGTERM or a SIGHUP that is not lost in Keras.

Keras converts the figures of an evaluation inside a bare `except:` (`keras.src.utils.python_utils.pythonify_logs`). On
JAX that is where it waits for the device, so a KeyboardInterrupt that comes at the end of an epoch is likely to end
there; and some that come while Keras is imported are lost in the same way.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Self

from typing_extensions import override

from mnist_lab.experiment.observer import Observer
from mnist_lab.system.signals import Handler, Interruption, handling

if TYPE_CHECKING:
    from mnist_lab.history import Record
    from mnist_lab.runs import Measured
    from mnist_lab.training import Progress


class Interrupts(Observer):
    """Raises at the next event an interruption that was raised before and swallowed."""

    def __init__(self) -> None:
        self._number: int | None = None

    @contextmanager
    def watched(self) -> Iterator[Self]:
        """Take note of every signal that Python would turn into an exception."""

        def noting(raises: Handler) -> Handler:
            def note(number: int, frame: FrameType | None) -> None:
                self._number = number
                raises(number, frame)

            return note

        with handling(noting):
            yield self

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
    def done(self, measured: "Measured") -> None:
        self._check()

    def _check(self) -> None:
        if self._number is not None:
            raise Interruption(number=self._number)
