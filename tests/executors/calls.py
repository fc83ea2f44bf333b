"""Functions that the executors' tests call; here because another process has to import them."""

import os
import signal
import tempfile
import time
from pathlib import Path

from mnist_lab.executors import say, stopping


def answer(value):
    return value + 1


def fail():
    raise ValueError("as asked")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(seconds):
    time.sleep(seconds)


def use_memory(megabytes):
    held = bytearray(megabytes * 10**6)
    time.sleep(600)
    return len(held)


def process():
    return os.getpid(), os.getppid()


def surroundings():
    return sorted(os.sched_getaffinity(0)), os.environ.get("OMP_NUM_THREADS"), os.environ.get("MARK")


def tell_and_sleep(seconds):
    print(os.getpid(), flush=True)
    time.sleep(seconds)


def leave_a_temporary_file():
    with tempfile.NamedTemporaryFile(delete=False) as file:
        return file.name


def ignores(number):
    os.kill(os.getpid(), number)
    return "still here"


def surroundings_after(seconds):
    time.sleep(seconds)
    return surroundings()


def say_and_wait(value, seconds):
    """Report `value`, or the number of this process for `pid`, and wait until asked to stop."""
    say(os.getpid() if value == "pid" else value)
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        if stopping():
            return "stopped"
        time.sleep(0.02)
    return "waited"


def kill_the_worker():
    """Kill the worker whose fork server started this process."""
    server = Path(f"/proc/{os.getppid()}/stat").read_text().rpartition(")")[2].split()
    os.kill(int(server[1]), signal.SIGKILL)
    time.sleep(600)


def sleep_through_signals(seconds):
    for number in (signal.SIGTERM, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(seconds)
