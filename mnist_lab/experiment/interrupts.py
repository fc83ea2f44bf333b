"""Makes sure that Keras does not swallow a Ctrl-C, SIGTERM or SIGHUP.

Keras converts the metrics of an evaluation inside a bare `except:` (`keras.src.utils.python_utils.pythonify_logs`). On
JAX it waits for the device there, so a KeyboardInterrupt at the end of an epoch is likely to be caught by it; some are
also lost while Keras is imported.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Self

from typing_extensions import override

from mnist_lab.experiment.observer import Observer
from mnist_lab.history import Record
from mnist_lab.runs import Measured
from mnist_lab.system.signals import Handler, Interruption, handling

if TYPE_CHECKING:
    from mnist_lab.training import Progress


class Interrupts(Observer):
    """Raises a swallowed interruption again at the next event."""

    def __init__(self) -> None:
        self._number: int | None = None

    @contextmanager
    def watched(self) -> Iterator[Self]:
        """Record every signal for which Python has a handler."""

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
    def epoch(self, record: Record, epochs: int) -> None:
        self._check()

    @override
    def done(self, measured: Measured) -> None:
        self._check()

    def _check(self) -> None:
        if self._number is not None:
            raise Interruption(number=self._number)
