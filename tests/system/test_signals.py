"""Signals that ask to stop: real ones, to real processes, wherever these are at that moment."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.lab import ROOT, environment

STUCK = """
import ctypes, sys
from mnist_lab.system import signals
signals.GRACE = float(sys.argv[1])
signals.at_once.append(lambda: print("cleaned up", flush=True))
lock = ctypes.CDLL(None).pthread_mutex_lock
mutex = ctypes.create_string_buffer(64)
with signals.stoppable():
    lock(mutex)
    print("stuck", flush=True)
    lock(mutex)  # for ever, in a library that no signal ends
"""
WAITING = """
import time
from mnist_lab.system import signals
with signals.stoppable():
    try:
        print("waiting", flush=True)
        time.sleep(600)
    except KeyboardInterrupt as interrupt:
        number = signals.number_of(interrupt)
print(signals.stop_message(number), signals.exit_code(number), flush=True)
"""


def start(program, *arguments, ignoring=()):
    def ignore():
        for number in ignoring:
            signal.signal(number, signal.SIG_IGN)

    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, env=environment(), text=True, preexec_fn=ignore,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    process.stdout.readline()
    asleep = 0
    while asleep < 5:  # like a thread that waits in the system
        state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
        asleep = asleep + 1 if state == "S" else 0
        time.sleep(0.02)
    return process


@pytest.mark.parametrize("apart", [0.0, 0.02, 0.5])
def test_a_second_ctrl_c_ends_a_process_that_is_stuck_in_a_library(apart):
    process = start(STUCK, "600")
    process.send_signal(signal.SIGINT)
    time.sleep(apart)
    while process.poll() is None:  # the system merges two that are sent at once
        process.send_signal(signal.SIGINT)
        time.sleep(0.02)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "cleaned up\n")
    assert err == "Interrupted immediately; finished runs and checkpoints are kept.\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_one_sigterm_or_sighup_ends_a_process_that_is_stuck_after_a_while(number, code):
    process = start(STUCK, "0.2")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (code, "cleaned up\n")
    assert err == f"Stopped by {number.name} immediately; finished runs and checkpoints are kept.\n"


@pytest.mark.parametrize(
    ("number", "said"),
    [(signal.SIGINT, "Interrupted. 130"), (signal.SIGTERM, "Stopped by SIGTERM. 143"),
     (signal.SIGHUP, "Stopped by SIGHUP. 129")],
)  # fmt: skip
def test_each_is_an_exception_that_knows_its_signal(number, said):
    process = start(WAITING)
    process.send_signal(number)
    assert process.communicate(timeout=60)[0] == f"{said}\n"


def test_what_nohup_ignores_stays_ignored():
    process = start(WAITING, ignoring=[signal.SIGHUP])
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=60)[0] == "Stopped by SIGTERM. 143\n"


def test_afterwards_signals_mean_what_they_meant_before():
    code = (
        "import signal; from mnist_lab.system import signals\n"
        "with signals.stoppable(): pass\n"
        "print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, signal.set_wakeup_fd(-1))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment(), capture_output=True, check=True)
    assert done.stdout == b"True -1\n"
