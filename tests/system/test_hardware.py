"""What a process finds out about the machine that it runs on."""

import os
from pathlib import Path

import pytest

from mnist_lab.system import hardware


@pytest.fixture
def four_processors(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)


def idle(monkeypatch, *readings):
    """Make the machine return these readings of its processors' idle ticks, one after the other."""
    following = iter(readings)
    monkeypatch.setattr(hardware, "_idle_ticks", lambda: next(following))


def test_the_quietest_processors_are_those_that_idled_most_between_two_readings(four_processors, monkeypatch):
    idle(monkeypatch, {0: 900, 1: 10, 2: 0, 3: 500}, {0: 900, 1: 19, 2: 10, 3: 502})
    assert hardware.quietest(2) == [2, 1]


def test_processors_that_this_process_may_not_use_are_not_taken(four_processors, monkeypatch):
    idle(monkeypatch, dict.fromkeys(range(8), 0), {cpu: 10 * (cpu > 3) for cpu in range(8)})
    assert set(hardware.quietest(3)) < {0, 1, 2, 3}


def test_equally_quiet_processors_are_drawn(four_processors, monkeypatch):
    monkeypatch.setattr(hardware, "_idle_ticks", dict)
    monkeypatch.setattr(hardware.time, "sleep", lambda _: None)
    assert {hardware.quietest(1)[0] for _ in range(200)} == {0, 1, 2, 3}


def test_all_processors_are_taken_without_a_reading_if_that_many_are_wanted(four_processors, monkeypatch):
    idle(monkeypatch)
    assert hardware.quietest(4) == hardware.quietest(9) == [0, 1, 2, 3]


def test_claimed_processors_are_claimed_by_nobody_else_until_their_claim_ends(four_processors, monkeypatch, tmp_path):
    monkeypatch.setattr(hardware, "_claims", lambda: tmp_path)
    with hardware.claimed(1) as one, hardware.claimed(3) as others:
        assert sorted([*one, *others]) == [0, 1, 2, 3]
        with hardware.claimed(2) as shared:
            assert len(set(shared)) == 2
    with hardware.claimed(4) as again:
        assert again == (0, 1, 2, 3)


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="only Linux tells in /proc/stat")
def test_the_idle_ticks_are_read_for_every_processor():
    assert set(hardware.processors()) <= set(hardware._idle_ticks())
