"""Nothing is lost in a crash: real processes, killed at random moments, compared bit for bit.

These are `thorough`. MNIST_LAB_CRASHES is how often each kind of crash happens, at different moments; once by default.
"""

import os
import random
import time

import pytest

from tests.sweeps import family

pytestmark = pytest.mark.thorough


@pytest.fixture
def whole(swept):
    """An uninterrupted sweep."""
    return swept[0]


def finish(folder):
    done = family.sweep(folder)
    assert done.code == 0, done.err


def assert_nothing_happened(folder, whole):
    assert family.evidence(folder) == family.evidence(whole)
    assert family.summary(folder) == family.summary(whole)


def crash_everything(process, folder, chance):
    """Kill everything, as a power cut does."""
    family.kill_all(process)


def crash_a_run(process, folder, chance):
    """Kill a run; the sweep continues, and tries the run again."""
    victims = family.until(lambda: family.runs(process), process)
    assert victims
    family.kill(chance.choice(victims))
    assert_it_goes_on(process)


def crash_the_server(process, folder, chance):
    """Kill the fork server; the runs that were forked from it continue by themselves."""
    victims = family.until(lambda: family.servers(process), process)
    assert victims
    for server in victims:
        family.kill(server)
    assert_it_goes_on(process)


def crash_the_sweep_alone(process, folder, chance):
    """Kill the sweep; its runs end with it."""
    family.kill(process.pid)
    process.wait()


def assert_it_goes_on(process):
    _, err = process.communicate(timeout=family.PATIENCE)
    assert process.returncode == 0 or "terminated unexpectedly" in err


CRASHES = [crash_everything, crash_a_run, crash_the_server, crash_the_sweep_alone]
TIMES = int(os.environ.get("MNIST_LAB_CRASHES", "0"))
CASES = [(crash, moment) for crash in CRASHES for moment in range(TIMES)] or [(crash, 0) for crash in CRASHES]


@pytest.mark.parametrize(("crash", "moment"), CASES)
def test_after_a_crash_the_same_command_ends_as_if_nothing_had_happened(folder, whole, crash, moment):
    chance = random.Random(f"{crash.__name__} {moment}")
    process = family.start(folder)
    assert family.until(lambda: family.some_epochs(folder), process)
    time.sleep(chance.uniform(0, 1.5))
    crash(process, folder, chance)
    finish(folder)
    assert_nothing_happened(folder, whole)
    family.kill_all(process)


def test_half_written_files_of_a_power_cut_are_no_obstacle(folder, whole):
    process = family.start(folder)
    assert family.until(lambda: list((folder / "results").rglob("checkpoint.npz")), process)
    family.kill_all(process)
    for checkpoint in (folder / "results").rglob("checkpoint.npz"):
        checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    for history in (folder / "results").rglob("history.jsonl"):
        history.write_bytes(history.read_bytes()[:-7])
    finish(folder)
    assert_nothing_happened(folder, whole)


def test_two_sweeps_in_one_folder_share_the_work(folder, whole):
    first, second = family.start(folder), family.start(folder)
    outputs = [process.communicate(timeout=family.PATIENCE) for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], outputs
    assert_nothing_happened(folder, whole)
