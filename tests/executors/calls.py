"""What the executor's tests call; here because another process has to import it."""

import os
import signal
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


def ignores_interrupt():
    os.kill(os.getpid(), signal.SIGINT)
    return "still here"
