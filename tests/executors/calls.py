"""What the executor's tests call; here because another process has to import it."""

import os
import signal
import tempfile
import time


def answer(value):
    return value + 1


def fail():
    raise ValueError("as asked")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(seconds):
    time.sleep(seconds)


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


def ignores_interrupt():
    os.kill(os.getpid(), signal.SIGINT)
    return "still here"
