"""The server that processes are forked from, which has done their slow imports."""

import multiprocessing
import os
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from mnist_lab.system import scratch, signals
from mnist_lab.system.environment import changed_environment

PARENT = "MNIST_LAB_PARENT"
"""The environment variable with the process id of the parent, which the server watches while it imports."""
LONGEST_PLACE = 103 - len("/pymp-12345678/listener-12345678")
"""Longest path of a folder, in characters, in which multiprocessing can create a socket."""
FORKS = "forkserver" in multiprocessing.get_all_start_methods()
"""Whether this system can fork; without (Windows), a process does its imports itself."""

if not FORKS:
    context: BaseContext = multiprocessing.get_context("spawn")
else:
    from multiprocessing.context import ForkServerContext, ForkServerProcess
    from multiprocessing.popen_forkserver import Popen

    class _Popen(Popen):
        """A process that several threads may wait for.

        The server sends the exit code once. Starting a process in one thread polls those of all others, so two threads
        can try to read the same code; without the lock the second finds end of file and sets the code to 255. Source:
        https://github.com/python/cpython/issues/130895.
        """

        def __init__(self, process_obj: BaseProcess) -> None:
            self._reading = threading.Lock()
            super().__init__(process_obj)

        def poll(self, flag: int = os.WNOHANG) -> int | None:
            if flag != os.WNOHANG:
                wait([self.sentinel])  # not while holding the lock, as others must not block
            with self._reading:
                return super().poll(flag)

    class _Process(ForkServerProcess):
        @staticmethod
        def _Popen(process_obj: BaseProcess) -> _Popen:  # noqa: N802 - multiprocessing's name
            return _Popen(process_obj)

    class _Context(ForkServerContext):
        Process = _Process

    context = _Context()


class _Server:
    """The server of a process: one purpose at a time, with the environment that it and its successors inherit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._purpose: tuple[object, ...] = ()
        self._environment = ExitStack()

    def use(self, environment: Mapping[str, str], preload: Sequence[str]) -> None:
        """Make sure that a server with this purpose runs, and set the environment until the last user leaves."""
        purpose = (tuple(preload), tuple(sorted(environment.items())))
        with self._lock:
            self._users += 1
            if self._users == 1:
                served = {PARENT: str(os.getpid())}
                self._environment.enter_context(changed_environment(dict(environment) | served))
            if FORKS:
                self._start(purpose, preload)

    def leave(self) -> None:
        """Undo `use`; the server keeps running for another user with the same purpose."""
        with self._lock:
            self._users -= 1
            if not self._users:
                self._environment.close()

    def _start(self, purpose: tuple[object, ...], preload: Sequence[str]) -> None:
        """Start the server; first stop one with another purpose, for which there is no public function."""
        from multiprocessing import forkserver, resource_tracker, util

        forkserver.set_forkserver_preload(list(preload))
        if self._purpose and self._purpose != purpose:
            forkserver._forkserver._stop()  # pyright: ignore[reportAttributeAccessIssue]
        self._purpose = purpose
        # The folder of its socket would otherwise remain in the common temporary folder if this process is killed.
        places = (str(scratch.folder()), tempfile.gettempdir(), "/tmp")
        short = next((place for place in places if len(place) <= LONGEST_PLACE), places[0])
        before, tempfile.tempdir = tempfile.tempdir, short
        try:
            scratch.elsewhere.append(Path(util.get_temp_dir()))
        finally:
            tempfile.tempdir = before
        # After a kill, the resource tracker removes what is left, and would print a useless warning.
        quiet = f"{os.environ.get('PYTHONWARNINGS', 'default')},ignore::UserWarning:multiprocessing.resource_tracker"
        with signals.held(), changed_environment({"PYTHONWARNINGS": quiet}):
            resource_tracker.ensure_running()  # it unblocks signals
        with signals.held():
            forkserver.ensure_running()


server = _Server()
"""The server of this process."""
