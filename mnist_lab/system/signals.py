"""Signals that request a stop: SIGINT (Ctrl-C), SIGTERM (schedulers, containers) and SIGHUP (a closed terminal).

On the command line each raises `Interruption` in the main thread; see `stoppable`. A signal that is ignored when the
process starts, as with `nohup`, stays ignored.
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
_FOR_ALL = STOPPING + ((signal.SIGUSR2,) if hasattr(signal, "SIGUSR2") else ())
"""Signals that may be sent to a process and all its children: SLURM sends SIGUSR2 before the time limit of a job."""
GRACE = 8.0
"""Seconds from a SIGTERM or SIGHUP until the process exits in any case; Docker kills after 10, SLURM after 30."""

Handler = Callable[[int, FrameType | None], object]


class Interruption(KeyboardInterrupt):
    """A signal that requests a stop.

    Args:
        advice: what is kept and how to resume, for the user.
        number: number of the signal.
    """

    def __init__(self, advice: str = "", number: int = signal.SIGINT) -> None:
        super().__init__(*[advice] if advice else [])
        self.number = number


def number_of(interrupt: KeyboardInterrupt) -> int:
    """Return the number of the signal that raised `interrupt`."""
    return interrupt.number if isinstance(interrupt, Interruption) else signal.SIGINT


def exit_code(number: int) -> int:
    """Return the exit code of a process stopped by a signal, as in shells: 130, 143 or 129."""
    return 128 + number


def stop_message(number: int) -> str:
    """Return the message of a process stopped by a signal."""
    return "Interrupted." if number == signal.SIGINT else f"Stopped by {signal.Signals(number).name}."


@contextmanager
def handling(make: Callable[[Handler], Handler]) -> Iterator[None]:
    """Replace each handler that is a Python function with what `make` returns for it, if this is the main thread."""
    before: dict[int, Handler] = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: handler for number in STOPPING if callable(handler := signal.getsignal(number))}
    try:
        for number, handler in before.items():
            signal.signal(number, make(handler))
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def held() -> Iterator[None]:
    """Block these signals and SIGUSR2, permanently in processes that this thread starts in the `with` block."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _FOR_ALL)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def ignore() -> None:
    """Ignore these signals and SIGUSR2, which another process handles."""
    for number in _FOR_ALL:
        signal.signal(number, signal.SIG_IGN)


at_once: list[Callable[[], object]] = []
"""Functions to call, in any thread, before this process exits without Python's cleanup."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise `Interruption` for every signal, and make sure that the process stops even if that has no effect.

    A second Ctrl-C ends the process at once; so does a single SIGTERM or SIGHUP after `GRACE` seconds. A separate
    thread does this, because Python handles signals only in the main thread, and not before a library function
    returns: compiling a network can take a minute.
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
    """Read the numbers of signals as they arrive, one byte each."""
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
    text = f"{stop_message(number).removesuffix('.')} immediately; finished runs and checkpoints are kept.\n"
    with suppress(Exception):
        # A progress bar may have hidden the cursor; the main thread may hold the lock of sys.stderr.
        if select.select([], [2], [], 0)[1]:
            os.write(2, (("\n\033[?25h" if os.isatty(2) else "") + text).encode())
    os._exit(exit_code(number))
