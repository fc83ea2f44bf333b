"""`mnist-lab list`: which runs, in which order, and in which form."""

import csv
import io
import json
import operator
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab.runs import load_run
from mnist_lab.runs.query import Condition, Records
from tests.lab import here, invoked
from tests.run_folders import finished_run


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("list") / "results"
    finished_run(folder, test=0.9807, seconds=30.0)
    finished_run(folder, seed=2, test=0.9791, seconds=20.0)
    finished_run(folder, "ablation/no_relu", test=0.9178, validation=None, data__validation={"split": "none"},
                 train__restore_best=None)  # fmt: skip
    finished_run(folder, "ablation/optimizer_sgd", test=0.93, seconds=25.0)
    finished_run(folder, "seven_steps/step7_augmentation", test=0.994, parameters=8_000)
    return folder


def list_runs(results, *arguments):
    return invoked("list", results, *arguments)


def listed(results, *arguments):
    """Experiments and seeds, as `--json` has them."""
    done = list_runs(results, *arguments, "--json")
    assert done.code == 0, done.text
    return [f"{run['run']['name']}:{run['run']['seed']}" for run in json.loads(done.out)]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("test.accuracy>0.98", ["mlp_512:1", "step7_augmentation:1"]),
        ("test.accuracy >= 0.9807", ["mlp_512:1", "step7_augmentation:1"]),
        ("parameters.total<10000", ["step7_augmentation:1"]),
        ("test.wrong<=209", ["mlp_512:1", "mlp_512:2", "step7_augmentation:1"]),
        ("seed==2", ["mlp_512:2"]),
        ("run.seed!=1", ["mlp_512:2"]),
        ("experiment~ablation", ["no_relu:1", "optimizer_sgd:1"]),
        ("started>2026", ["no_relu:1", "optimizer_sgd:1", "mlp_512:1", "mlp_512:2", "step7_augmentation:1"]),
        ("validation==null", ["no_relu:1"]),
        ("validation.accuracy!=null", ["optimizer_sgd:1", "mlp_512:1", "mlp_512:2", "step7_augmentation:1"]),
        ("dataset.selected_on_test==true", []),
        ("train.optimizer.name==sgd", ["optimizer_sgd:1", "step7_augmentation:1"]),
        ("train.optimizer==sgd", ["optimizer_sgd:1", "step7_augmentation:1"]),
        ("train.optimizer.learning_rate==1e-2", ["optimizer_sgd:1", "step7_augmentation:1"]),
        ("model.nodes==[512, 512]", ["no_relu:1", "optimizer_sgd:1", "mlp_512:1", "mlp_512:2"]),
        ("model.activation==linear", ["no_relu:1"]),
        ("augment~rotation", ["step7_augmentation:1"]),
        ("train.restore_best!=val_loss", ["no_relu:1", "step7_augmentation:1"]),
    ],
)
def test_a_condition_keeps_the_runs_for_which_it_holds(condition, expected, results):
    assert sorted(listed(results, "--where", condition)) == sorted(expected)


def test_all_of_several_conditions_must_hold(results):
    conditions = ["--where", "test.accuracy>0.97", "--where", "model.kind==mlp", "--where", "seed<2"]
    assert listed(results, *conditions) == ["mlp_512:1"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--sort", "test.accuracy"], [0.9178, 0.93, 0.9791, 0.9807, 0.994]),
        (["--sort", "-test.accuracy"], [0.994, 0.9807, 0.9791, 0.93, 0.9178]),
        (["--sort", "test.accuracy", "--reverse"], [0.994, 0.9807, 0.9791, 0.93, 0.9178]),
        (["--sort", "-test.accuracy", "--limit", "2"], [0.994, 0.9807]),
        (["--sort", "experiment", "--sort", "-seed", "--limit", "4"], [0.9178, 0.93, 0.9791, 0.9807]),
        (["--sort", "-validation.accuracy", "--limit", "5"], [0.93, 0.9807, 0.9791, 0.994, 0.9178]),
    ],
)
def test_runs_are_sorted_by_keys_and_those_without_come_last(arguments, expected, results):
    runs = json.loads(list_runs(results, *arguments, "--json").out)
    assert [run["test"]["accuracy"] for run in runs] == expected


def test_requested_keys_are_columns(results):
    heading, _, *rows = list_runs(results, "--where", "train.optimizer~ad", "--sort", "-seconds.total").out.splitlines()
    assert heading.split()[-2:] == ["train.optimizer", "seconds.total"]
    assert rows[0].split()[-2:] == ["adam", "30"]


def test_csv_has_every_number_of_the_metrics_and_the_requested_keys(results):
    text = list_runs(results, "--csv", "--where", "model.kind==mlp", "--sort", "test.accuracy").out
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["test.accuracy"] for row in rows] == ["0.9178", "0.93", "0.9791", "0.9807"]
    assert {row["model.kind"] for row in rows} == {"mlp"}
    for row in rows:
        metrics = load_run(row["folder"]).metrics
        assert float(row["seconds.total"]) == metrics["seconds"]["total"]
        assert [float(row[f"test.ci95.{i}"]) for i in (0, 1)] == metrics["test"]["ci95"]
        assert row["validation.accuracy"] == ("" if metrics["validation"] is None else "0.98")
        assert row["dataset.genuine"] == "true"


def test_the_settings_in_which_runs_differ_are_columns(tmp_path):
    for rate in (0.001, 0.01):
        finished_run(tmp_path, train__optimizer__learning_rate=rate)
    finished_run(tmp_path, data__subset=500)
    heading, _, *rows = list_runs(tmp_path).out.splitlines()
    assert heading.split()[-2:] == ["subset", "learning_rate"]
    assert sorted(row.split()[7:] for row in rows) == [["0.001"], ["0.01"], ["500", "0.001"]]
    runs = json.loads(list_runs(tmp_path, "--json").out)
    assert {(one["settings"].get("data.subset"), one["settings"]["train.optimizer.learning_rate"]) for one in runs} == {
        (None, 0.001), (None, 0.01), (500, 0.001),
    }  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(list_runs(tmp_path, "--csv").out)))
    assert sorted((row["data.subset"], row["train.optimizer.learning_rate"]) for row in rows) == [
        ("", "0.001"), ("", "0.01"), ("500", "0.001"),
    ]  # fmt: skip


@pytest.mark.parametrize("stopped_early", [False, True])
def test_the_epochs_that_were_set_are_a_column_only_if_they_differ_from_those_trained(stopped_early, tmp_path):
    for epochs in (2, 3):
        finished_run(tmp_path, train__epochs=epochs, epochs=epochs - stopped_early)
    heading = list_runs(tmp_path).out.splitlines()[0].split()
    assert heading[6:] == ["Epochs", *["train.epochs"] * stopped_early]


def test_many_settings_that_differ_are_counted_instead(results):
    done = list_runs(results)
    assert "learning_rate" not in done.out.splitlines()[0]
    assert re.search(r"These runs differ in \d+ settings; --csv has a column for each\.", done.out)


def test_seeds_are_in_numerical_order(tmp_path):
    for seed in (10, 2, 1):
        finished_run(tmp_path, seed=seed)
    assert listed(tmp_path) == ["mlp_512:1", "mlp_512:2", "mlp_512:10"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--where", "test.acuracy>0.9"], "did you mean 'test.accuracy'?"),
        (["--where", "learning_rate>0.9"], "did you mean 'train.optimizer.learning_rate'"),
        (["--sort", "-acc"], "--sort acc: none of the 5 runs here has this key"),
        (["--where", "data.test_subset==1"], "--where data.test_subset: none of the 5 runs here sets this key.\n"),
        (["--where", "test.accuracy=0.9"], "--where test.accuracy=0.9: expected KEY, one of"),
        (
            ["--where", "parameters.total<10_000"],
            "is a number, so it cannot be compared with '10_000'.",
        ),
        (["--where", "test.accuracy>high"], "test.accuracy is a number, so it cannot be compared with 'high'."),
        (["--where", "run.name>0.9"], "--where run.name>0.9: run.name is text, so it cannot be compared with 0.9."),
        (["--where", "seed==[1"], "--where seed==[1: not valid YAML: "),
        (["--where", "model.nodes>3"], "has no order"),
        (["--where", ">3"], "expected KEY"),
        (["--where", "__class__.__name__==Run"], "none of the 5 runs here has this key"),
        (["--json", "--csv"], "cannot be combined"),
        (["--limit", "0"], "expected a whole number of at least 1, received '0'"),
        (["--limit", "few"], "expected a whole number of at least 1, received 'few'"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_advice(arguments, message, results):
    done = list_runs(results, *arguments)
    assert done.code == 2
    assert done.out == ""
    assert message in done.err


def test_a_condition_that_no_run_meets_is_not_an_error(results):
    done = list_runs(results, "--where", "test.accuracy>1")
    assert (done.code, done.out) == (0, "")
    assert "matches the conditions (5 finished runs searched)." in done.err


def test_a_damaged_configuration_is_named_and_hides_no_other(tmp_path):
    folders = [finished_run(tmp_path, seed=seed).path for seed in (1, 2)]
    (folders[0] / "config.yaml").write_text("train: {optimizer: [")
    assert listed(tmp_path, "--where", "seed<9") == ["mlp_512:1", "mlp_512:2"]
    done = list_runs(tmp_path, "--where", "train.optimizer==adam", "--json")
    assert [run["run"]["seed"] for run in json.loads(done.out)] == [2]
    assert f"Warning: {folders[0] / 'config.yaml'}: damaged" in done.err


def test_the_settings_of_a_run_are_unknown_without_its_configuration(tmp_path):
    folders = [finished_run(tmp_path, experiment=name).path for name in ("absent", "wrong", "right")]
    (folders[0] / "config.yaml").unlink()
    (folders[1] / "config.yaml").write_text("train: {epochs: 0, epoch: 1}\n")
    done = list_runs(tmp_path)
    assert (done.code, [line.split()[0] for line in done.out.splitlines()[2:]]) == (0, ["absent", "right", "wrong"])
    assert "Skipped" not in done.err
    assert f"Warning: {folders[0]}: there is no config.yaml, so its settings are not shown.\n" in done.err
    assert f"Warning: {folders[1] / 'config.yaml'}: 4 problems\n" in done.err


def test_a_folder_that_is_not_there_is_an_error_unless_it_is_the_default(tmp_path):
    assert "no such folder" in here("list", "nowhere", cwd=tmp_path, code=2).err
    assert "No finished runs below results." in here("list", cwd=tmp_path).err


def test_a_hidden_folder_and_what_is_inside_a_run_are_not_listed(tmp_path):
    run = finished_run(tmp_path)
    finished_run(tmp_path / ".reproduced")
    finished_run(run.path / "copy")
    assert listed(tmp_path) == ["mlp_512:1"]
    assert listed(tmp_path / ".reproduced") == ["mlp_512:1"]


COMPARE = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(-1e3, 1e3), st.sampled_from(sorted(COMPARE)))
def test_numbers_are_compared_as_numbers(found, bound, sign):
    assert Condition.parse(f"x{sign}{bound!r}").holds(found) is COMPARE[sign](found, bound)
    assert Condition.parse(f"x{sign}{found!r}").holds(found) is COMPARE[sign](found, found)


@given(st.lists(st.floats(0, 1) | st.none() | st.text(max_size=3), max_size=8))
def test_sorting_loses_no_run_whatever_the_values_are(values):
    runs = [FakeRun({"value": value, "place": place}) for place, value in enumerate(values)]
    ordered = Records(runs).ordered(["value"])
    places = [run.metrics["place"] for run in ordered.runs]
    assert sorted(places) == list(range(len(values)))
    there = [values[place] for place in places if values[place] is not None]
    assert places[len(there) :] == [place for place, value in enumerate(values) if value is None]
    numbers = [value for value in there if isinstance(value, float)]
    assert there[: len(numbers)] == sorted(numbers)


class FakeRun:
    """A run with nothing but metrics."""

    def __init__(self, metrics):
        self.metrics = metrics
