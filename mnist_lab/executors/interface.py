"""The interface of executors for sweeps, and the channel between a call and its executor."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_lab.errors import MachineError


class LostError(MachineError):
    """The executor has lost its cluster, and with it all unfinished calls."""


class DiedError(Exception):
    """Every worker that ran the call died, and the executor gave up."""


@dataclass(frozen=True)
class Progress:
    """The progress of a call."""

    begun: bool
    """Whether it has started; on a cluster, a few calls wait at each worker."""
    worker: str = ""
    """The worker of the cluster that runs the call."""
    said: Any = None
    """The last message that the call sent with `say`."""


class CallExecutor(Executor, ABC):
    """An executor of `concurrent.futures` for calls that take minutes, each in a separate process."""

    @property
    @abstractmethod
    def capacity(self) -> int:
        """The number of calls to keep submitted: those that run and, on a cluster, a few more."""

    @abstractmethod
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call `fn(*args, **kwargs)` in a new process; `fn`, the arguments and the result must pickle."""

    @abstractmethod
    def progress(self, future: Future[Any]) -> Progress:
        """Return the progress of a call."""

    def retire(self, future: Future[Any], reason: str) -> bool:
        """Give no more calls to the worker that ran this one, whose disk is full; False if it is the only one."""
        return False

    @abstractmethod
    def stop(self) -> None:
        """Ask all calls to end soon: from now on, `stopping` returns True in each."""


@dataclass(frozen=True)
class Channel:
    """The files through which a call and its executor communicate."""

    stop: Path
    """A file that exists once the executor asks its calls to end."""
    said: Path
    """The file with the last message of the call, as JSON."""
    folder: Path | None
    """The folder in which files were left for the calls."""


_channel: list[Channel] = []
"""The channel of this process, if it runs a call."""


def open_channel(channel: Channel) -> None:
    """Let `stopping`, `say` and `left` use this channel; called in the process of a call."""
    _channel[:] = [channel]


def stopping() -> bool:
    """Whether the executor asks this call to end soon."""
    return bool(_channel) and _channel[0].stop.exists()


def say(value: Any) -> None:
    """Report the progress of this call to the executor; `value` is anything that JSON can represent."""
    if _channel:
        said = _channel[0].said
        part = said.with_suffix(".part")
        part.write_text(json.dumps(value), encoding="utf-8")
        part.replace(said)


def left() -> Path | None:
    """Return the folder in which files were left for this executor's calls, if it has one."""
    return _channel[0].folder if _channel else None
