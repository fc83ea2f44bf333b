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
    """A scheduler on a free port, and as many workers as are started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.start_scheduler()

    def start_scheduler(self, before: str = "") -> None:
        self.scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard", before=before
        )
        begun = time.monotonic()
        while time.monotonic() - begun < PATIENCE:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.1)
        raise AssertionError("no scheduler")

    def start_worker(self, name: str, *options: str, before: str = "", **variables: str) -> subprocess.Popen[bytes]:
        """A worker with its nanny, who starts it again when it is killed; `before` is Python that is run first."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return self._start(
            "worker", self.address, "--name", name, "--nthreads", "1", "--no-dashboard", "--local-directory",
            str(folder), *options, before=before, **variables,
        )  # fmt: skip

    def _start(self, *arguments: str, before: str = "", **variables: str) -> subprocess.Popen[bytes]:
        program = f"{before}\nimport sys\nfrom dask.__main__ import main\nsys.argv[0] = 'dask'\nmain()"
        log = (self.folder / f"{arguments[0]}.log").open("ab")
        with log:
            process = subprocess.Popen(
                [sys.executable, "-c", program, *arguments], env=environment(**variables), cwd=self.folder,
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def close(self) -> None:
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
