"""The signals that ask this process to stop: Ctrl-C, SIGTERM (schedulers, containers) and SIGHUP (a closed terminal).

In a command line each raises `Interruption` in the main thread, see `stoppable`. One that was ignored when the process
started, as `nohup` has it, stays ignored.
"""

import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
GRACE = 8.0
"""Seconds from a SIGTERM or SIGHUP until the process ends whatever it does; Docker kills after 10, SLURM after 30."""

Handler = Callable[[int, FrameType | None], object]


class Interruption(KeyboardInterrupt):
    """A signal that asks to stop.

    Args:
        advice: what is left, and how to resume; for people.
        number: of the signal.
    """

    def __init__(self, advice: str = "", number: int = signal.SIGINT) -> None:
        super().__init__(*[advice] if advice else [])
        self.number = number


def number_of(interrupt: KeyboardInterrupt) -> int:
    """The signal that raised it."""
    return interrupt.number if isinstance(interrupt, Interruption) else signal.SIGINT


def exit_code(number: int) -> int:
    """The exit code of a process that a signal stopped, as shells have it: 130, 143 or 129."""
    return 128 + number


def taken(number: int) -> str:
    """How a process that a signal stopped says so."""
    return "Interrupted." if number == signal.SIGINT else f"Stopped by {signal.Signals(number).name}."


@contextmanager
def handling(make: Callable[[Handler], Handler]) -> Iterator[None]:
    """Handle those signals that Python handles already, as far as this thread may.

    Args:
        make: gives the new handler for one that was there.
    """
    before: dict[int, Handler] = {}
    if threading.current_thread() is threading.main_thread():
        there = {number: signal.getsignal(number) for number in STOPPING}
        before = {number: handler for number, handler in there.items() if callable(handler)}
    try:
        for number, handler in before.items():
            signal.signal(number, make(handler))
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def held() -> Iterator[None]:
    """Keep these signals until afterwards, and for good from the processes that this thread starts meanwhile."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def ignore() -> None:
    """Leave these signals to another process, which decides what they mean."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)


at_once: list[Callable[[], object]] = []
"""What to do before this process ends without cleaning up: it is called in any thread."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise `Interruption` for every signal, and see to it that the process stops even where that is not enough.

    A second Ctrl-C ends the process at once; so does, after `GRACE` seconds, a SIGTERM or SIGHUP, for their sender asks
    only once. This is done in a thread of its own, because Python handles signals in the main thread only, and there
    not before the library that it has called returns: compiling a network takes a minute.
    """
    before = {number: signal.getsignal(number) for number in STOPPING}
    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    wakeup = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(receiver,), name="signals", daemon=True).start()
    for number, handler in before.items():
        if handler in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _interrupt)
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        sender.close()  # ends the thread


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Interruption(number=number)


def _watch(receiver: socket.socket) -> None:
    """Read the numbers of signals as they come, each a byte."""
    first: int | None = None
    end: float | None = None
    with receiver:
        while True:
            receiver.settimeout(None if end is None else max(0.001, end - time.monotonic()))
            received = b""
            with suppress(TimeoutError):
                received = receiver.recv(1)
            if end is not None and time.monotonic() > end:
                _end_at_once(first or signal.SIGTERM)
            if not received:
                return
            number = received[0]
            if number not in STOPPING:
                continue
            if number == signal.SIGINT and first is not None:
                _end_at_once(number)
            if number != signal.SIGINT and end is None:
                end = time.monotonic() + GRACE
            first = number if first is None else first


def _end_at_once(number: int) -> None:
    for function in at_once:
        with suppress(Exception):
            function()
    text = f"{taken(number)} It ended at once; finished runs and checkpoints are kept.\n"
    with suppress(Exception):
        # A terminal may have lost its cursor to a progress bar; the main thread may hold the lock of sys.stderr.
        if select.select([], [2], [], 0)[1]:
            os.write(2, (("\n\033[?25h" if os.isatty(2) else "") + text).encode())
    os._exit(exit_code(number))
