"""Ensures that Keras does not swallow a Ctrl-C, SIGTERM or SIGHUP.

Keras converts the metrics of an evaluation inside a bare `except:` (`keras.src.utils.python_utils.pythonify_logs`). On
JAX it waits for the device there, so a KeyboardInterrupt at the end of an epoch is likely to be swallowed; some
are also lost while Keras is imported.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

from typing_extensions import override

from mnist_lab.experiment.observer import Observer, Observers
from mnist_lab.system.signals import Handler, Interruption, handling

_RAISES_AT = ("preparing", "batch", "epoch", "done")
"""Names of `Observer`'s methods, without `note`, which other threads also call."""


class Interrupts(Observers):
    """Raises a swallowed interruption again at the next event, after passing the event on to the observer."""

    def __init__(self, observer: Observer) -> None:
        super().__init__([observer])
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
    def _notify(self, event: str, *facts: Any) -> None:
        super()._notify(event, *facts)
        if event in _RAISES_AT and self._number is not None:
            raise Interruption(number=self._number)
