"""`mnist-lab report`: what it prints, where it writes, and how it treats damage; repeated runs compare equal."""

import csv
import io
import json
import random
import re
import subprocess
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from mnist_lab.errors import DataError
from mnist_lab.runs import RunFolder
from tests.cli.terminal import on_screen
from tests.lab import Case, command, environment, here, imported, in_one_process, invoked, lab, read_json, write
from tests.run_folders import finished_run, give_mistakes

FILES = {
    "report.html",
    "report.md",
    "summary.csv",
    "summary.json",
    "accuracy_curves.png",
}

BASE = """\
data: {dataset: digits, subset: 100, test_subset: 60}
model: {kind: mlp, nodes: [16]}
train: {epochs: 2, batch_size: 32}
"""
WIDER = """\
extends: ../base.yaml
model: {nodes: [32]}
"""


class Trained(NamedTuple):
    """Two folders of results of the same experiments, trained in different order."""

    cwd: Path
    one: Path
    other: Path


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A base and an arm, trained for real, twice. Tests read it and change nothing but the summaries."""
    cwd = tmp_path_factory.mktemp("trained")
    write(cwd / "configs" / "base.yaml", BASE)
    write(cwd / "configs" / "arms" / "wider.yaml", WIDER)
    configs = ["configs/base.yaml", "configs/arms/wider.yaml"]
    cases = [
        Case(["run", config, "--results", results, "--quiet"])
        for results, order in (("one", configs), ("other", configs[::-1]))
        for config in order
    ]
    answers = in_one_process(cases, cwd)
    assert [answer.code for answer in answers] == [0] * 4, answers
    return Trained(cwd, cwd / "one", cwd / "other")


def two_runs(results):
    finished_run(results, test=0.9807)
    finished_run(results, "ablation/no_relu", test=0.9178)
    return results


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return two_runs(tmp_path / "results")


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """A folder with the same runs and their report, whose figures are not drawn again."""
    cwd = tmp_path_factory.mktemp("reported")
    two_runs(cwd / "results")
    here("report", cwd=cwd)
    return cwd


report = partial(invoked, "report")


def without_times(folder):
    with (folder / "summary.csv").open(newline="") as file:
        return [
            {key: value for key, value in row.items() if not key.startswith("seconds")} for row in csv.DictReader(file)
        ]


@pytest.mark.thorough
def test_real_runs_are_compared_by_what_their_configurations_change(trained):
    answer = report(str(trained.one))
    assert answer.code == 0, answer.text
    [section] = read_json(trained.one / "summary.json")["sections"]
    base, wider = section["experiments"]
    assert (base["name"], base["seeds"], base["changed"]) == ("base", [1], "")
    assert (wider["name"], wider["seeds"], wider["changed"]) == ("arms/wider", [1], "nodes 16 -> 32")
    assert section["data"] == "UCI digits (not MNIST, subset of 100), 60 test images"
    [metrics] = (trained.one / "base").rglob("metrics.json")
    assert base["test"]["mean"] == pytest.approx(read_json(metrics)["test"]["accuracy"], abs=1e-6)
    assert "nodes 16 -> 32" in answer.out
    assert {file.name for file in trained.one.iterdir() if file.is_file()} == {*FILES, "accuracy_parameters.png"}


@pytest.mark.thorough
def test_the_same_experiments_run_again_give_the_same_summary_except_for_the_times(trained):
    for results in (trained.one, trained.other):
        assert report(str(results)).code == 0
    assert without_times(trained.one) == without_times(trained.other)
    assert len(without_times(trained.one)) == 2


def test_the_run_folders_that_other_tests_make_up_have_the_keys_of_real_ones(finished, tmp_path):
    def keys(value, at=""):
        if not isinstance(value, dict):
            return {at}
        return {key for name, item in value.items() for key in keys(item, f"{at}.{name}")}

    real = finished.folder
    made = finished_run(tmp_path).path
    some = {key for key in keys(read_json(real / "metrics.json")) if not key.startswith((".environment", ".reference"))}
    assert keys(read_json(made / "metrics.json")) >= some
    first = [json.loads((folder / "history.jsonl").read_text().splitlines()[0]) for folder in (made, real)]
    assert first[0].keys() <= first[1].keys()


def test_without_a_path_the_results_in_the_current_directory_are_compared(results):
    answer = report()
    assert {file.name for file in results.iterdir() if file.is_file()} == FILES
    assert "activation relu -> linear" in answer.out
    assert "results/report.html\n" in answer.out
    assert answer.err == ""


def test_several_paths_are_one_comparison_which_goes_into_the_first(results):
    report("results/ablation", "results/mlp_512")
    facts = read_json(results / "ablation" / "summary.json")
    assert facts["title"] == "ablation"
    assert [group["name"] for group in facts["sections"][0]["experiments"]] == ["mlp_512", "ablation/no_relu"]
    assert not (results / "mlp_512" / "summary.json").exists()


def test_json_prints_what_is_written(reported):
    answer = here("report", "--json", cwd=reported)
    assert json.loads(answer.out) == read_json(reported / "results" / "summary.json")


@pytest.mark.parametrize("arguments", [(), ("empty",)], ids=["no results yet", "an empty folder"])
def test_nothing_to_compare_is_not_a_failure_and_writes_nothing(arguments, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    answer = report(*arguments)
    assert (answer.code, answer.out) == (0, "")
    assert "No finished runs below" in answer.err
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["empty"]


@pytest.mark.parametrize("arguments", [(), ("empty",)], ids=["no results yet", "an empty folder"])
def test_without_runs_json_is_an_empty_report(arguments, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    answer = report(*arguments, "--json")
    assert answer.code == 0
    assert {key: json.loads(answer.out)[key] for key in ("runs", "sections", "left_out")} == {
        "runs": 0, "sections": [], "left_out": [],
    }  # fmt: skip


def test_a_path_with_nothing_but_damaged_runs_is_a_failure_that_names_them_and_writes_nothing(results):
    for file in results.rglob("metrics.json"):
        file.write_text("{")
    answer = report("results", "--json")
    assert answer.code == 2
    assert "No finished runs below results that can be read." in answer.err
    assert answer.err.count("Skipped: ") == len(json.loads(answer.out)["left_out"]) == 2
    assert not [file for file in results.iterdir() if file.is_file()]


def test_a_report_is_written_to_output_and_not_into_a_runs_folder(results):
    [run] = (results / "mlp_512").iterdir()
    before = sorted(run.iterdir())
    answer = report(str(run))
    assert (answer.code, answer.out) == (2, "")
    assert "this is a run's folder" in answer.err
    assert report(str(run), "--output", str(results.parent / "one")).code == 0
    assert {file.name for file in (results.parent / "one").iterdir()} == FILES
    assert sorted(run.iterdir()) == before
    assert read_json(results.parent / "one" / "summary.json")["runs"] == 1


def test_the_report_says_that_runs_on_different_data_are_not_compared(results):
    assert "not compared with each other" not in report().out
    finished_run(results, "ablation/nodes_256", data__subset=500)
    assert "Experiments on different data are listed separately and not compared with each other." in report().out


def test_the_images_that_every_model_gets_wrong_are_looked_for_in_data_dir(results, tmp_path, monkeypatch):
    asked = []

    def load(data, data_dir=None, **_):
        asked.append((data.dataset, data_dir))
        raise DataError("there is none")

    monkeypatch.setattr("mnist_lab.datasets.load", load)
    for run in results.rglob("seed*"):
        give_mistakes(RunFolder(run), [{"index": 3, "label": 4, "predicted": 9, "confidence": 0.9}])
    assert report("--data-dir", str(tmp_path / "there")).code == 0
    assert asked == [("mnist", tmp_path / "there")]


def test_a_path_that_does_not_exist_is_bad_input(results):
    answer = report("reslts")
    assert (answer.code, answer.out) == (2, "")
    assert "reslts: no such folder" in answer.err


def test_a_damaged_run_is_named_on_stderr_and_the_rest_is_compared(results):
    bad = finished_run(results, "ablation/nodes_256")
    (bad.path / "metrics.json").write_text('{"format": 1, "run"')
    answer = report("--json")
    assert answer.err.startswith(f"Skipped: {bad.path.relative_to(results.parent)}/metrics.json")
    assert answer.err.count("\n") == 1
    assert json.loads(answer.out)["runs"] == 2


@pytest.mark.parametrize("columns", [50, 80, 130])
def test_on_a_terminal_the_table_fits_and_says_which_columns_are_hidden(reported, columns):
    screen = on_screen("report", cwd=reported, columns=columns)
    header = next(line for line in screen if line.startswith("Experiment"))
    note = re.search(r"(\d+) columns? (?:is|are) hidden(?:: ([^(]*))? \(", " ".join(" ".join(screen).split()))
    if note and not note[2]:
        assert int(note[1]) > 8
        return
    hidden = note[2].split(", ") if note else []
    assert len(hidden) == (int(note[1]) if note else 0)
    for heading in ("Test", "Parameters", "Train", "Validation", "Gap", "Epochs", "Time", "Published test"):
        assert bool(re.search(rf"\b(?<!Published ){heading}\b", header)) != any(
            name.startswith(heading) for name in hidden
        )


@pytest.mark.parametrize("columns", [60, 80])
def test_a_narrow_terminal_shows_the_answer_and_hides_minor_columns(reported, columns):
    screen = on_screen("report", cwd=reported, columns=columns)
    header = next(line for line in screen if line.startswith("Experiment"))
    assert [heading for heading in ("Test", "Difference", "Verdict") if heading in header.split()] == [
        "Test", "Difference", "Verdict",
    ]  # fmt: skip


def test_at_most_three_sentences_below_the_table_count_what_is_in_it(results):
    finished_run(results, "ablation/nodes_256", selected_on_test=True)
    table, _, rest = report().out.partition("•")
    sentences = [line for line in f"•{rest}".splitlines() if line.startswith("•")]
    assert len(sentences) == 3
    assert "Both changes to mlp_512 had too few seeds" in sentences[0]
    assert sum(line.count("too few seeds") for line in table.splitlines()) == 2
    assert sentences[1].startswith("•  Difference: test accuracy minus the base's with the same seeds")
    assert "In 1 of 3 runs the validation images are the test images" in sentences[2]


def test_the_heading_says_over_how_many_seeds_the_means_are_where_all_have_as_many(results):
    assert "\nMNIST, 10,000 test images, 1 seed each\n" in report().out
    finished_run(results, seed=2)
    assert "\nMNIST, 10,000 test images\n" in report().out


def test_in_a_pipe_every_column_is_there_and_no_row_is_broken(reported):
    written = here("report", cwd=reported).out.splitlines()
    [header] = [line for line in written if line.startswith("Experiment")]
    headings = re.split(r"  +", header.strip())
    assert headings[headings.index("Time") + 1 :] == ["activation"]
    [row] = [line for line in written if line.startswith("ablation/no_relu")]
    assert "0.9198 (-0.20)" in row
    assert "\x1b" not in "".join(written)


@pytest.mark.thorough
def test_a_hundred_runs_need_no_heavy_library_and_give_a_page_below_5_mb(tmp_path):
    noise = random.Random(1)
    for seed in range(2):
        for rate in range(50):
            config = {
                "name": f"rate_{rate}", "data": {"dataset": "mnist"}, "model": {"kind": "mlp", "nodes": [16]},
                "train": {"optimizer": {"name": "adam", "learning_rate": 0.001 * (rate + 1)}},
            }  # fmt: skip
            run = finished_run(tmp_path, config, seed=seed, test=0.97 + 0.0001 * seed, epochs=300)
            (run.path / "mistakes.png").write_bytes(noise.randbytes(90_000))
            wrong = [{"index": i, "label": i % 10, "predicted": (i + 1) % 10, "confidence": 0.9} for i in range(300)]
            give_mistakes(run, wrong)
    program = (
        "import sys; from pathlib import Path;"
        "from mnist_lab.reports import collect, groups; from mnist_lab.cli._comparison import print_summary;"
        "print(len(groups(collect([Path()]).runs)), sys.modules.keys() & {'keras', 'numpy', 'matplotlib', 'scipy'})"
    )
    done = subprocess.run(
        [*command()[:1], "-c", program], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "50 set()\n"
    drawn = lab("report", ".", cwd=tmp_path, python=("-X", "importtime"))
    assert drawn.code == 0
    assert imported(drawn) & {"keras", "tensorflow", "jax"} == set()
    assert "rate_49" in drawn.out
    assert 3_000_000 < (tmp_path / "report.html").stat().st_size < 5_000_000


def test_csv_prints_the_summary_and_latex_a_table_and_both_keep_the_files(reported):
    answer = here("report", "results", "--csv", cwd=reported)
    assert answer.out == (reported / "results" / "summary.csv").read_text(encoding="utf-8")
    assert [row["experiment"] for row in csv.DictReader(io.StringIO(answer.out))] == ["mlp_512", "ablation/no_relu"]
    assert here("report", "results", "--latex", cwd=reported).out.count(r"\begin{tabular}") == 1
    assert (reported / "results" / "report.html").is_file()


def test_only_one_format_can_be_printed(results):
    answer = report("results", "--csv", "--latex")
    assert (answer.code, answer.out) == (2, "")
    assert "cannot be combined" in answer.err


def test_the_settings_in_which_experiments_differ_are_columns(results):
    finished_run(results, data__subset=500)
    finished_run(results, "ablation/nodes_256")
    rows = list(csv.DictReader(io.StringIO(report("results", "--csv").out)))
    assert {(row["data.subset"], row["model.nodes"], row["model.activation"]) for row in rows} == {
        ("", "512, 512", "relu"), ("500", "512, 512", "relu"), ("", "256, 256", "relu"), ("", "512, 512", "linear"),
    }  # fmt: skip
    first, *_ = (line for line in (results / "report.md").read_text().splitlines() if line.startswith("| Experiment"))
    assert "| nodes | activation |" in first
