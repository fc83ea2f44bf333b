"""Processes of Python that begin with Keras and mnist-lab imported, which saves each of them seconds.

They are forked from a server that has done the imports, as the runs of a sweep are. Otherwise each is as real as one
that is spawned: a child of the tests' process, which signals it and waits for it, with its own environment, working
directory, descriptors and session. Only on Linux; elsewhere, and with the thorough tests, all processes are spawned.
"""

import atexit
import ctypes
import gc
import json
import multiprocessing.util
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

FORKS = sys.platform == "linux" and not os.environ.get("MNIST_LAB_THOROUGH")
READ_BY_IMPORTS = ("PYTHON", "KERAS_", "JAX_", "TF_", "XLA_", "MPL", "LANG", "LC_", "XDG_")
"""How environment variables begin that come too late for what has been imported; PYTHONIOENCODING does not."""
IMPORTED = ("mnist_lab.cli", "mnist_lab.experiment.results", "mnist_lab.sweeps", "mnist_lab.reports")
SET_CHILD_SUBREAPER = 36
"""For `prctl`, by which a process adopts the orphans of its children. Source: `linux/prctl.h`."""
LARGEST_ORDER = 1 << 17
"""Bytes of arguments, folder and environment together."""


def environment(**more: str) -> dict[str, str]:
    """What a user's shell would have: nothing of this test process or of the tester."""
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("KERAS_", "MNIST_LAB_", "TF_", "JAX_", "PYTHON", "COLUMNS", "LINES", "PYTEST"))
    }
    # One cache for all tests, for JAX's compiled programs; the tester's own stays untouched.
    cache = str(ROOT / ".pytest_cache" / "xdg")
    # What JAX compiles runs for a second at most.
    quick = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"} if FORKS else {}
    return own | quick | {
        "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "", "KERAS_BACKEND": "jax", "XDG_CACHE_HOME": cache, **more,
    }  # fmt: skip


class Preloaded(subprocess.Popen):
    """`Popen` of Python's command line with `-m MODULE` or `-c CODE`, forked from the server.

    What cannot be forked is spawned: Python with flags, a `preexec_fn`, or an environment that imports read.
    """

    def _execute_child(self, args, executable, preexec_fn, close_fds, pass_fds, cwd, env, *more) -> None:
        if FORKS and args[1] in ("-m", "-c") and not preexec_fn and _seen(env) == _seen(environment()):
            pipes, session = more[3:9], more[-2]  # by position, as Popen passes them
            theirs = [i if end == -1 else end for i, end in enumerate((pipes[0], pipes[3], pipes[5]))]
            order = {"words": args[1:], "cwd": os.fspath(cwd), "environment": env, "session": session}
            self.pid = _forked(order, theirs)
            self._child_created = True
            self._close_pipe_fds(*pipes)
        else:
            super()._execute_child(args, executable, preexec_fn, close_fds, pass_fds, cwd, env, *more)


def _seen(variables: dict[str, str]) -> dict[str, str]:
    late = {name: value for name, value in variables.items() if name.startswith(READ_BY_IMPORTS)}
    late.pop("PYTHONIOENCODING", None)
    return late


def _forked(order: dict[str, Any], descriptors: Sequence[int]) -> int:
    """The process id of a new child of this process."""
    server = _server()
    with _adopting():
        socket.send_fds(server, [json.dumps(order).encode()], descriptors)
        return int(server.recv(20))


@contextmanager
def _adopting():
    prctl = ctypes.CDLL(None).prctl
    prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(SET_CHILD_SUBREAPER, 0, 0, 0, 0)


@cache
def _server() -> socket.socket:
    """The server of this process, which ends when this process or the socket does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.preloaded", str(theirs.fileno())],
            cwd=ROOT, env=environment(), pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    atexit.register(server.wait)
    atexit.register(ours.close)
    return ours


def _serve(link: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Fork a process for each order; return in that process with the order and its descriptors of standard streams."""
    while True:
        order, descriptors, *_ = socket.recv_fds(link, LARGEST_ORDER, 3)
        if not order:
            os._exit(0)
        reading, writing = os.pipe()
        # The intermediate process ends at once, so that the tests' process adopts its child.
        if between := os.fork():
            os.waitpid(between, 0)
            link.send(os.read(reading, 20))
            for descriptor in (reading, writing, *descriptors):
                os.close(descriptor)
        elif child := os.fork():
            os.write(writing, b"%d" % child)
            os._exit(0)
        else:
            for descriptor in (reading, writing, link.detach()):
                os.close(descriptor)
            return json.loads(order), descriptors


def _become(order: dict[str, Any], descriptors: Sequence[int]) -> None:
    """Run as the requested process."""
    if order["session"]:
        os.setsid()
    for i, descriptor in enumerate(descriptors):
        os.dup2(descriptor, i)
        os.close(descriptor)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["environment"])
    tempfile.tempdir = None
    signal.signal(signal.SIGINT, signal.default_int_handler)
    encoding = os.environ.get("PYTHONIOENCODING")
    sys.stdin = open(0, encoding=encoding, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding=encoding, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, encoding, "backslashreplace", closefd=False)  # noqa: SIM115
    multiprocessing.util.spawnv_passfds = _spawned
    run(order["words"])


def _spawned(path: str, words: list[str], passed: Sequence[int], start=multiprocessing.util.spawnv_passfds) -> int:
    """Fork the fork server of a sweep too, which would import the same again."""
    if "multiprocessing.forkserver" not in words[-1]:
        return start(path, words, passed)
    sys.stdout.flush()
    sys.stderr.flush()
    if child := os.fork():
        return child
    try:
        for low, high in pairwise([2, *sorted(passed), os.sysconf("SC_OPEN_MAX")]):
            if high > low + 1:
                os.closerange(low + 1, high)
        run(words[-2:])
    finally:
        os._exit(0)


def run(words: Sequence[str]) -> None:
    """Do what `python WORDS` does."""
    how, what, *arguments = words
    sys.argv = [how, *arguments]
    sys.path[0] = "" if how == "-c" else str(Path.cwd())
    if how == "-c":
        main = sys.modules["__main__"] = ModuleType("__main__")
        exec(what, vars(main))
    else:
        runpy.run_module(what, run_name="__main__", alter_sys=True)


def _import() -> None:
    from mnist_lab import backends

    os.environ.update(backends.environment("jax", "auto"))
    backends.import_keras("jax")
    for name in IMPORTED:
        import_module(name)
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _import()
    _become(*_serve(socket.socket(fileno=int(sys.argv[1]))))
