"""A real Dask cluster in processes of its own: a scheduler, and workers that can be killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.lab import environment

PATIENCE = 60.0


class Cluster:
    """A scheduler on a free port, and the workers that are started."""

    def __init__(self, folder: Path, *, host: str = "127.0.0.1", **variables: str) -> None:
        self.folder = folder
        self.host = host
        self.variables = variables
        self.processes: list[subprocess.Popen[bytes]] = []
        with socket.socket() as free:
            free.bind((host, 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://{host}:{self.port}"
        self.start_scheduler()

    def start_scheduler(self) -> None:
        self.scheduler = self._start(
            "scheduler", "--host", self.host, "--port", str(self.port), "--no-dashboard", **self.variables
        )  # fmt: skip
        begun = time.monotonic()
        while time.monotonic() - begun < PATIENCE:
            with suppress(OSError), socket.create_connection((self.host, self.port), timeout=1):
                return
            time.sleep(0.1)
        raise AssertionError("no scheduler")

    def start_worker(self, name: str, *options: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start a worker with its nanny, which starts it again when it is killed."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return self._start(
            "worker", self.address, "--name", name, "--nthreads", "1", "--no-dashboard", "--local-directory",
            str(folder), *options, **variables,
        )  # fmt: skip

    def _start(self, *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{arguments[0]}.log").open("ab")
        with log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments], env=environment(**variables), cwd=self.folder,
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def await_workers(self, number: int) -> None:
        from distributed import Client

        with Client(self.address, timeout=30, set_as_default=False) as client:
            client.wait_for_workers(number, timeout=PATIENCE)

    def worker_processes(self) -> list[int]:
        """The processes of the current workers."""
        from distributed import Client

        with Client(self.address, timeout=30, set_as_default=False) as client:
            return [pid for pid in client.run(os.getpid, on_error="ignore").values() if isinstance(pid, int)]

    def close(self) -> None:
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
