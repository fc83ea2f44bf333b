"""Durations are estimated only from finished runs on this machine."""

import os

import pytest

from mnist_lab.runs import load_run
from mnist_lab.sweeps.experience import LATEST, Experience
from mnist_lab.system.hardware import processor_model
from tests.run_folders import finished_run

HERE = {"backend": "jax", "device": "cpu", "threads": 1, "processor": processor_model(), "processors": os.cpu_count()}
FLOPS, IMAGES = 10**12, 3 * 48_000
"""Of each run here."""


@pytest.fixture
def run(tmp_path):
    """A function that makes the measurements of a finished run: `epochs` of `epoch` seconds, and 5 more seconds."""
    measured = load_run(finished_run(tmp_path).path).measured

    def make(epoch=10.0, *, epochs=3, flops=FLOPS, finished="2026-01-01", fingerprint="0" * 64, **environment):
        seconds = measured.seconds.model_copy(update={"epoch_median": epoch, "total": epochs * epoch + 5})
        facts = measured.run.model_copy(update={"finished": finished, "fingerprint": fingerprint})
        changes = {"seconds": seconds, "run": facts, "flops": flops, "epochs": epochs}
        changes["environment"] = HERE | environment
        return measured.model_copy(update=changes)

    return make


def experience(*runs):
    return Experience.of(runs, backend="jax", device="cpu", threads=1)


@pytest.mark.parametrize(
    "other",
    [
        {"processor": "Another 9000"},
        {"processors": 999},
        {"processors": None},
        {"backend": "torch"},
        {"device": "gpu"},
        {"threads": 2},
    ],
)
def test_runs_of_another_machine_backend_device_or_number_of_threads_do_not_count(other, run):
    assert experience(run(**other)).runs == ()
    mine = run()
    assert experience(run(**other), mine).runs == (mine,)


def test_the_same_configuration_takes_the_median_of_its_runs(run):
    runs = [run(epoch, fingerprint="f" * 64) for epoch in (1.0, 2.0, 30.0)]
    assert experience(*runs, run(500.0)).of_same("f" * 64) == 3 * 2.0 + 5
    assert experience(*runs).of_same("e" * 64, None) is None


def test_similar_work_takes_the_time_of_the_nearest_networks_and_what_a_run_needs_besides(run):
    runs = [run(10.0), run(1000.0, flops=FLOPS * 50)]
    assert experience(*runs).of_similar(FLOPS, IMAGES) == pytest.approx(30 + 5)
    assert experience(*runs).of_similar(2 * FLOPS, 2 * IMAGES) == pytest.approx(60 + 5)


def test_a_network_of_another_size_does_not_count(run):
    assert experience(run()).of_similar(3 * FLOPS, IMAGES) is None
    assert experience().of_similar(FLOPS, IMAGES) is None


@pytest.mark.parametrize("epochs", [1, 2])
def test_the_median_of_one_or_two_epochs_includes_compiling_and_so_tells_nothing_of_other_runs(epochs, run):
    short = run(100.0, epochs=epochs, flops=epochs * FLOPS // 3, fingerprint="f" * 64)
    assert experience(short).of_similar(FLOPS, IMAGES) is None
    assert experience(short).overhead is None
    assert experience(short).of_same("f" * 64) == epochs * 100.0 + 5
    assert experience(short, run()).of_similar(FLOPS, IMAGES) == pytest.approx(30 + 5)


def test_only_the_latest_runs_count(run):
    old = [run(1000.0, finished="2025-01-01") for _ in range(LATEST)]
    new = [run(1.0, finished="2026-02-01") for _ in range(LATEST)]
    assert list(experience(*new, *old).runs) == new
