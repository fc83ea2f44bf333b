"""The pipeline of a sweep, on runs that are finished: what it reports, what it writes, and in which order."""

import json
from types import SimpleNamespace

import pytest

from mnist_lab import InputError, sweeps
from mnist_lab.config.sweeps import load_sweep
from mnist_lab.sweeps import pipeline
from tests.lab import files, write
from tests.run_folders import UCI, finished_run

BASE = "data: {dataset: digits}\nmodel: {kind: mlp, nodes: [4]}\nruntime: {backend: jax}\n"
WIDE = "extends: base.yaml\nmodel: {nodes: [8]}\n"


class Events(sweeps.Observer):
    """Collects what happens."""

    def __init__(self):
        self.names = []

    def appraising(self):
        self.names.append("appraising")

    def planned(self, schedule):
        self.names.append("planned")
        self.schedule = schedule

    def started(self, run):
        self.names.append("started")


@pytest.fixture
def declared(tmp_path):
    """A base and an arm, each with a finished run below `results/published`."""
    write(tmp_path / "mine" / "base.yaml", BASE)
    write(tmp_path / "mine" / "wide.yaml", WIDE)
    for name in ("base", "wide"):
        finished_run(tmp_path / "results" / "published", tmp_path / "mine" / f"{name}.yaml", dataset=UCI)
    return load_sweep([tmp_path / "mine"])


def test_finished_runs_are_only_compared(declared, tmp_path):
    events = Events()
    swept = sweeps.sweep(declared, tmp_path / "results", observer=events)
    assert events.names == ["planned"]
    assert [run.measured.run.experiment for run in swept.runs] == ["base", "wide"]
    assert (swept.failures, swept.missing, swept.study.title) == ((), 0, "mine")
    assert {path.name for path in swept.files} == files(tmp_path / "results" / "mine")
    assert (swept.schedule.seconds, swept.schedule.bytes) == (0, 0)


def test_a_dry_run_writes_nothing_and_reports_the_plan(declared, tmp_path):
    before, events = files(tmp_path), Events()
    swept = sweeps.sweep(declared, tmp_path / "results", dry_run=True, observer=events)
    assert files(tmp_path) == before
    assert (swept.schedule, swept.study, swept.runs) == (events.schedule, None, ())
    assert swept.schedule.notes[0] == f"2 finished runs found in {tmp_path / 'results' / 'published'}."


def test_a_summary_that_cannot_be_written_is_reported_before_anything_is_trained(declared, tmp_path):
    write(tmp_path / "results" / "mine", "a file where the folder belongs")
    events = Events()
    with pytest.raises(InputError, match="mine"):
        sweeps.sweep(declared, tmp_path / "results", force=True, observer=events)
    assert events.names == []


def test_a_sweep_of_fewer_seeds_does_not_replace_the_summary_of_more(tmp_path):
    results, config = tmp_path / "results", write(tmp_path / "base.yaml", BASE)
    for seed in (1, 2, 3):
        finished_run(results, config, seed=seed, dataset=UCI)

    def summary(seeds):
        swept = sweeps.sweep(load_sweep([config], seeds=seeds), results)
        return swept.files[0].parent.relative_to(results).as_posix(), swept.study.title, swept.study.runs

    assert summary("1..2") == ("base", "base", 2)
    assert summary("1..3") == ("base", "base", 3)
    assert summary("1") == ("base,seeds=1", "base,seeds=1", 1)
    assert summary("1,3") == ("base,seeds=1+3", "base,seeds=1+3", 2)
    assert summary("1..3") == ("base", "base", 3)
    write(results / "base" / "summary.json", "damaged")
    assert summary("2") == ("base", "base", 1)


def test_a_long_name_with_many_seeds_is_still_a_valid_folder_name(tmp_path):
    name = "b" * 200
    planned = [
        SimpleNamespace(
            identity=SimpleNamespace(config=SimpleNamespace(experiment=name, seed=seed), fingerprint="f", group=None)
        )
        for seed in range(1, 400, 2)
    ]
    folder = tmp_path / "results" / name
    known = {"experiment": name, "fingerprint": "f", "seeds": list(range(1, 401))}
    write(folder / "summary.json", json.dumps({"sections": [{"experiments": [known]}]}))
    suffix = pipeline._suffix(folder, planned)
    assert len(f"{name}{suffix}".encode()) <= 255
    (tmp_path / f"{name}{suffix}").mkdir()
