"""Sweeps, reports, comparisons and lists from Python: sequences of runs, with a table, sentences and files."""

import shutil

import pytest

import mnist_lab
from mnist_lab.errors import InputError, SetupError
from tests.run_folders import finished_run

EXPERIMENTS = {"mlp_512": 0.98, "ablation/nodes_256": 0.97}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study") / "results"
    for name, test in EXPERIMENTS.items():
        for seed in (1, 2):
            finished_run(folder, name, seed=seed, test=test + seed / 1000)
    return folder


@pytest.fixture(scope="module")
def study(results):
    return mnist_lab.report(results)


def test_a_report_is_a_sequence_of_its_runs(study):
    assert [(run.measured.run.experiment, run.measured.run.seed) for run in study] == [
        ("mlp_512", 1), ("mlp_512", 2), ("ablation/nodes_256", 1), ("ablation/nodes_256", 2),
    ]  # fmt: skip
    assert repr(study) == "Study(results: 2 experiments, 4 runs)"
    assert isinstance(study[0], mnist_lab.Run)


def test_its_table_has_a_row_for_each_experiment(study):
    base, arm = study.table()
    assert (base["experiment"], base["n"], base["base"], base["verdict"]) == ("mlp_512", 2, None, None)
    assert (arm["experiment"], arm["base"], arm["test_mean"]) == (
        "ablation/nodes_256",
        "mlp_512",
        pytest.approx(0.9715),
    )


def test_its_frame_is_the_table(study):
    frame = study.frame()
    assert list(frame["experiment"]) == list(EXPERIMENTS)
    assert list(frame.columns) == list(study.table()[0])


def test_without_pandas_the_frame_says_what_to_install(study, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(SetupError, match=r"table\(\) returns plain rows.*\n.*install pandas"):
        study.frame()


def test_its_files_are_those_of_the_command(study, results):
    assert {file.name for file in study.files} >= {"report.html", "report.md", "summary.csv", "summary.json"}
    assert all(file.parent == results and file.exists() for file in study.files)


def test_a_comparison_names_what_differs(results):
    compared = mnist_lab.compare("mlp_512", "ablation/nodes_256", results=results)
    assert len(compared) == 4
    assert compared.findings
    assert compared.files[0].name == "compare.md"
    one, other = mnist_lab.list_runs(results, where="seed==1")
    assert len(mnist_lab.compare(one, other, results=results)) == 2


def test_a_list_is_filtered_and_sorted(results):
    found = mnist_lab.list_runs(results, where=["test.accuracy>0.9715", "seed>0"], sort="-test.accuracy", limit=2)
    assert [run.measured.test.accuracy for run in found] == [0.982, 0.981]
    with pytest.raises(InputError, match="none of the 4 runs here has this key"):
        mnist_lab.list_runs(results, sort="tset.accuracy")


def test_a_damaged_run_is_skipped_with_a_warning(results, tmp_path):
    copied = shutil.copytree(results, tmp_path / "results")
    next(copied.rglob("seed2-*/metrics.json")).write_text("{")
    with pytest.warns(UserWarning, match=r"Skipped: .*metrics\.json: damaged"):
        assert len(mnist_lab.list_runs(copied)) == 3


def test_a_folder_without_runs_is_an_empty_study(tmp_path):
    assert (len(mnist_lab.report(tmp_path)), mnist_lab.report(tmp_path).files) == (0, ())
    assert "No finished runs" in mnist_lab.report(tmp_path)._repr_html_()
