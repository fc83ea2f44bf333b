"""Runs are found by names in any script, in whichever form of Unicode they are written, on any file system."""

import unicodedata

import pytest

from mnist_lab.reports import groups
from mnist_lab.runs import find_folders, find_run, finished_runs, load_run
from tests.run_folders import finished_run

MODEL = {"data": {"dataset": "mnist"}, "model": {"kind": "mlp", "nodes": [8]}}


@pytest.mark.parametrize("typed", ["NFC", "NFD"])
@pytest.mark.parametrize("stored", ["NFC", "NFD"])
def test_a_reference_means_the_same_run_in_both_forms_of_unicode(typed, stored, tmp_path):
    run = finished_run(tmp_path, MODEL | {"experiment": "größer/é"})
    for name in ("größer/é", "größer"):  # a file system that decomposes
        old = tmp_path / name
        old.rename(old.with_name(unicodedata.normalize(stored, old.name)))
    for reference in ("größer/é", "é", f"é/{run.id}", f"{tmp_path}/größer/é/{run.id}", f"{tmp_path}/größer/é/"):
        found = find_run(unicodedata.normalize(typed, reference), tmp_path)
        assert found.measured.run.experiment == "größer/é"


def test_experiments_that_differ_in_case_stay_apart_even_if_a_file_system_puts_them_into_one_folder(tmp_path):
    lower = finished_run(tmp_path, MODEL | {"experiment": "wide"})
    upper = finished_run(tmp_path, MODEL | {"experiment": "Wide", "model": {"kind": "mlp", "nodes": [16]}})
    upper.path.rename(lower.path.with_name(upper.id))
    runs = [load_run(folder.path) for folder in finished_runs(tmp_path)]
    assert sorted(group.name for group in groups(runs)) == ["Wide", "wide"]
    assert len(find_folders("wide", tmp_path)) == 2
