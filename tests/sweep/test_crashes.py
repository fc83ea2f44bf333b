"""Nothing is lost in a crash: real processes, killed at random moments, compared bit for bit.

MNIST_LAB_CRASHES says how many crashes of each kind there are; continuous integration asks for more.
"""

import os
import random
import time

import family
import pytest

CRASHES = int(os.environ.get("MNIST_LAB_CRASHES", "1"))
PATIENCE = 120.0


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A sweep that nothing happened to."""
    folder = tmp_path_factory.mktemp("whole")
    family.write_family(folder)
    done = family.sweep(folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(tmp_path):
    family.write_family(tmp_path)
    return tmp_path


def until(what, process):
    """Wait for something to be true while the sweep is at work."""
    begun = time.monotonic()
    while process.poll() is None and time.monotonic() - begun < PATIENCE:
        if found := what():
            return found
        time.sleep(0.02)
    return None


def some_epochs(folder):
    return list((folder / "results").rglob("history.jsonl"))


def finish(folder):
    done = family.sweep(folder)
    assert done.returncode == 0, done.stderr


def assert_nothing_happened(folder, whole):
    assert family.evidence(folder) == family.evidence(whole)
    assert family.summary(folder) == family.summary(whole)


@pytest.mark.parametrize("moment", range(CRASHES))
def test_a_sweep_that_is_killed_at_once_with_all_its_runs_goes_on(folder, whole, moment):
    chance = random.Random(moment)
    for _ in range(2):
        process = family.start(folder)
        assert until(lambda: some_epochs(folder), process)
        time.sleep(chance.uniform(0, 2))
        family.kill_all(process)
    finish(folder)
    assert_nothing_happened(folder, whole)


@pytest.mark.parametrize("moment", range(CRASHES))
def test_a_killed_run_is_tried_again_by_the_same_sweep(folder, whole, moment):
    chance = random.Random(1000 + moment)
    process = family.start(folder)
    assert until(lambda: some_epochs(folder), process)
    time.sleep(chance.uniform(0, 1))
    victims = until(lambda: family.runs(process), process)
    assert victims
    family.kill(chance.choice(victims))
    _, err = process.communicate(timeout=PATIENCE)
    if process.returncode:  # killed while it was waiting for work, or twice
        assert "died without a word" in err
        finish(folder)
    assert_nothing_happened(folder, whole)


@pytest.mark.parametrize("moment", range(CRASHES))
def test_a_sweep_whose_server_is_killed_loses_nothing(folder, whole, moment):
    chance = random.Random(2000 + moment)
    process = family.start(folder)
    assert until(lambda: some_epochs(folder), process)
    time.sleep(chance.uniform(0, 1))
    victims = until(lambda: family.servers(process), process)
    assert victims
    for server in victims:
        family.kill(server)
    _, err = process.communicate(timeout=PATIENCE)
    if process.returncode:
        assert "died without a word" in err
        finish(folder)
    assert_nothing_happened(folder, whole)


@pytest.mark.parametrize("moment", range(CRASHES))
def test_a_sweep_that_is_killed_alone_shares_with_the_runs_it_left_behind(folder, whole, moment):
    chance = random.Random(3000 + moment)
    process = family.start(folder)
    assert until(lambda: some_epochs(folder), process)
    time.sleep(chance.uniform(0, 1))
    family.kill(process.pid)
    process.wait()
    finish(folder)
    assert_nothing_happened(folder, whole)
    family.kill_all(process)


def test_half_written_files_of_a_power_cut_are_no_obstacle(folder, whole):
    process = family.start(folder)
    until(lambda: list((folder / "results").rglob("checkpoint.npz")), process)
    family.kill_all(process)
    for checkpoint in (folder / "results").rglob("checkpoint.npz"):
        checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    for history in (folder / "results").rglob("history.jsonl"):
        history.write_bytes(history.read_bytes()[:-7])
    finish(folder)
    assert_nothing_happened(folder, whole)


def test_two_sweeps_on_one_folder_share_the_work(folder, whole):
    first, second = family.start(folder), family.start(folder)
    outputs = [process.communicate(timeout=PATIENCE) for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], outputs
    assert_nothing_happened(folder, whole)
