"""One process, measured from outside: seconds, processor seconds, peak memory."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

ROOT = Path(__file__).resolve().parents[1]

_OURS = ("KERAS_", "MNIST_LAB_", "TF_", "JAX_", "XLA_")


class ProcessError(Exception):
    """A contender failed; the message has the command and its last output."""


def data_variable() -> dict[str, str]:
    """MNIST_LAB_DATA as a mapping for `run`; empty if not set."""
    return {name: value for name, value in os.environ.items() if name == "MNIST_LAB_DATA"}


@dataclass(frozen=True)
class Finished:
    """A process that exited successfully.

    Attributes:
        began: time of its start, in seconds since 1970.
        seconds: seconds from its start to its end.
        cpu_seconds: processor time, including its descendants'.
        peak_mb: the largest resident memory of it or one of its children, in 10^6 bytes.
        others: average number of processors that other processes used at the same time; None if unknown.
        output: its stdout.
    """

    began: float
    seconds: float
    cpu_seconds: float
    peak_mb: float
    others: float | None
    output: str

    @property
    def facts(self) -> dict[str, float | None]:
        """The facts kept of every measurement."""
        return {name: getattr(self, name) for name in ("seconds", "cpu_seconds", "peak_mb", "others")}


def run(command: Sequence[object], variables: Mapping[str, str], *, helpers: Sequence[int] = ()) -> Finished:
    """Run `command` from the repository's root, in an environment without the user's own settings for Keras.

    Args:
        command: the program and its arguments.
        variables: environment variables.
        helpers: ids of processes that work for it, such as workers of a cluster, and do not count as `others`.

    Raises:
        ProcessError: it ended with a non-zero exit code.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)} | dict(variables)
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        began, clock, busy = time.time(), time.perf_counter(), _busy_seconds()
        process = subprocess.Popen([str(word) for word in command], cwd=ROOT, env=environment, stdout=out, stderr=err)
        try:
            with _Meter([process.pid]) as own, _Meter(helpers) as theirs:
                # `wait4` reports the resources of this one child, which no other call does.
                _, status, used = os.wait4(process.pid, 0)
        except BaseException:
            _end(process)
            raise
        seconds, busy_after = time.perf_counter() - clock, _busy_seconds()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            err.seek(0)
            raise ProcessError(f"{process.args} ended with {process.returncode}:\n{err.read()[-2000:]}")
        out.seek(0)
        # Linux counts in KiB, macOS in bytes.
        peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
        cpu_seconds = max(own.seconds, used.ru_utime + used.ru_stime)
        others = None
        if busy is not None and busy_after is not None:
            others = round(max(0.0, busy_after - busy - cpu_seconds - theirs.seconds) / seconds, 2)
        return Finished(began, round(seconds, 3), round(cpu_seconds, 3), round(peak, 1), others, out.read())


class _Meter(threading.Thread):
    """A context manager that measures the processor seconds of processes and their descendants.

    It samples, because the system adds the seconds of a process only to a parent that waits for it, and a sweep does
    not wait for what its fork server started.
    """

    INTERVAL = 0.2

    def __init__(self, processes: Sequence[int]) -> None:
        super().__init__(daemon=True)
        self.seconds = 0.0
        self._processes = processes
        self._before = self._sample()
        self._end = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self.join()

    def run(self) -> None:
        """Sample until the end."""
        while not self._end.wait(self.INTERVAL):
            self.seconds = max(self.seconds, self._sample() - self._before)

    def _sample(self) -> float:
        found = 0.0
        for number in self._processes:
            with suppress(psutil.Error):
                process = psutil.Process(number)
                for each in (process, *process.children(recursive=True)):
                    with suppress(psutil.Error):
                        found += sum(each.cpu_times()[:4])
        return found


def _end(process: subprocess.Popen[bytes]) -> None:
    """Terminate a process; kill it if that takes too long."""
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _busy_seconds() -> float | None:
    """Processor seconds since boot that were used, or taken by the host; None if unknown."""
    try:
        fields = Path("/proc/stat").read_text().splitlines()[0].split()
    except OSError:
        return None
    user, nice, system, _idle, _waiting, irq, softirq, steal = map(int, fields[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
