"""Commands that show what there is: `list`, `show`, `summary`, `configs`, `validate`."""

import json
import shutil

import pytest

from mnist_lab import load_config
from tests.lab import here, read_json, write
from tests.run_folders import finished_run


class TestList:
    def test_a_line_for_each_run(self, finished):
        metrics = read_json(finished.folder / "metrics.json")
        heading, _, line = here("list", cwd=finished.cwd).out.splitlines()
        assert heading.split() == ["Experiment", "Run", "Data", "Accuracy", "Wrong", "Parameters", "Epochs"]
        test, run = metrics["test"], metrics["run"]
        assert line.split() == [
            "small", run["id"], "digits", f"{test['accuracy']:.4f}", str(test["wrong"]), "19,090", "60",
        ]  # fmt: skip

    def test_json_is_the_metrics_of_each_with_its_folder(self, finished):
        [listed] = json.loads(here("list", "--json", cwd=finished.cwd).out)
        folder = finished.folder.relative_to(finished.cwd)
        assert listed == {"folder": str(folder), **read_json(finished.folder / "metrics.json")}

    @pytest.mark.parametrize("there", [True, False])
    def test_a_folder_without_runs_is_not_an_error(self, there, tmp_path):
        if there:
            (tmp_path / "results").mkdir()
        answer = here("list", cwd=tmp_path)
        assert answer.out == ""
        assert "results" in answer.err
        assert json.loads(here("list", "--json", cwd=tmp_path).out) == []

    @pytest.mark.parametrize("damage", ["{", "\x00"])
    def test_a_run_that_is_damaged_is_named_and_hides_no_other(self, damage, finished, tmp_path):
        good_folder, damaged = tmp_path / "results" / "good" / "seed1-aaaaaaaa", tmp_path / "results/bad/seed1-bbbbbbbb"
        shutil.copytree(finished.folder, good_folder)
        write(damaged / "metrics.json", damage)
        answer = here("list", "--json", cwd=tmp_path)
        assert [run["folder"] for run in json.loads(answer.out)] == ["results/good/seed1-aaaaaaaa"]
        assert answer.err.startswith("Skipped: results/bad/seed1-bbbbbbbb")


class TestShow:
    @pytest.mark.parametrize("how", ["folder", "id", "experiment", "experiment and id"])
    def test_a_run_is_named_by_its_folder_its_id_its_experiment_or_both(self, how, finished):
        mark = finished.folder.name
        names = {"folder": finished.folder, "id": mark, "experiment": "small", "experiment and id": f"small/{mark}"}
        name = names[how]
        metrics = read_json(finished.folder / "metrics.json")
        assert json.loads(here("show", name, "--json", cwd=finished.cwd).out) == metrics

    def test_it_prints_what_the_run_printed(self, finished):
        assert here("show", "small", cwd=finished.cwd).out == finished.answer.out

    def test_the_run_that_gave_the_initial_weights_is_named(self, tmp_path):
        start = {"run": "/elsewhere/results/source/seed1-01234567", "sha256": "a" * 64}
        config = {
            "name": "fine",
            "data": {"dataset": "digits"},
            "model": {"kind": "mlp", "nodes": [4]},
            "train": {"initial_weights": start},
        }
        finished_run(tmp_path / "results", config)
        shown = here("show", "fine", cwd=tmp_path).out.splitlines()
        assert [line.split() for line in shown if line.startswith("Initial")] == [
            ["Initial", "weights", "those", "of", "source/seed1-01234567"]
        ]

    def test_published_numbers_stand_beside_ours_and_the_best_over_the_epochs_below(self, tmp_path):
        finished_run(tmp_path, "mlp_512")
        finished_run(tmp_path, "seven_steps/step2_reduce_parameters")
        both = shown(tmp_path, "mlp_512")
        assert "Published" in both.splitlines()[3]
        assert ["0.9900", "0.9918"] in [line.split()[-2:] for line in both.splitlines()]
        best = shown(tmp_path, "step2_reduce_parameters")
        assert "Published" not in best.splitlines()[3]
        assert "best train accuracy 0.9826; best test accuracy 0.9825" in best

    def test_a_run_that_departs_from_the_recipe_is_not_compared_with_the_published_numbers(self, tmp_path):
        finished_run(tmp_path, "mlp_512", train__epochs=2)
        text = shown(tmp_path, "mlp_512")
        assert "0.9918" not in text
        assert "Not comparable with the published numbers, because this run changes train.epochs." in text

    def test_one_of_several_runs_has_to_be_named(self, finished, tmp_path):
        for seed in (1, 2):
            shutil.copytree(finished.folder, tmp_path / "results" / "small" / f"seed{seed}-aaaaaaaa")
        answer = here("show", "small", cwd=tmp_path, code=2)
        assert "2 runs" in answer.err
        assert "results/small/seed2-aaaaaaaa" in answer.err
        assert here("show", "seed2-aaaaaaaa", cwd=tmp_path).out

    def test_an_unfinished_run_is_distinguished_from_a_missing_one(self, finished, tmp_path):
        folder = tmp_path / "results" / "small" / "seed1-aaaaaaaa"
        folder.mkdir(parents=True)
        shutil.copy(finished.folder / "config.yaml", folder)
        answer = here("show", folder.relative_to(tmp_path), cwd=tmp_path, code=2)
        assert "no metrics.json" in answer.err
        assert "repeat the command that started it" in answer.err


def shown(results, run):
    return here("show", run, "--results", results, cwd=results).out


@pytest.fixture(scope="module")
def summaries(tmp_path_factory):
    """Answers without any data: JSON of one, JSON of two, the text of one, and JSON of a changed one."""
    commands = [
        ["summary", "mlp_512", "--json"],
        ["summary", "two_models/mlp_5x30", "mlp_512", "--json"],
        ["summary", "mlp_512"],
        ["summary", "mlp_512", "--set", "model.nodes=[7]", "--json"],
    ]
    cwd = tmp_path_factory.mktemp("summaries")
    return [here(*command, cwd=cwd) for command in commands]


class TestSummary:
    def test_json_has_layers_shapes_and_parameters(self, summaries):
        summary = json.loads(summaries[0].out)
        assert {"config", "layers", "parameters"} <= summary.keys()
        assert summary["config"] == "mlp_512"
        assert summary["parameters"] == {"trainable": 669_706, "non_trainable": 0, "total": 669_706}
        assert summary["layers"][-1] == {
            "name": "dense_3",
            "type": "Dense",
            "output_shape": [None, 10],
            "parameters": 5130,
        }
        assert sum(layer["parameters"] for layer in summary["layers"]) == summary["parameters"]["total"]

    def test_json_of_several_is_a_list(self, summaries):
        several = json.loads(summaries[1].out)
        assert [summary["config"] for summary in several] == ["two_models/mlp_5x30", "mlp_512"]
        assert several[1] == json.loads(summaries[0].out)

    def test_the_text_is_a_table(self, summaries):
        lines = [line.split() for line in summaries[2].out.splitlines()]
        assert ["Layer", "Type", "Output", "shape", "Parameters"] in lines
        assert ["dense_1", "Dense", "512", "401,920"] in lines
        assert ["669,706", "parameters"] in lines

    def test_options_change_what_is_summarized(self, summaries):
        assert json.loads(summaries[3].out)["parameters"]["total"] == 785 * 7 + 8 * 10

    def test_nothing_is_printed_on_stderr(self, summaries):
        assert [answer.err for answer in summaries] == [""] * 4


class TestConfigs:
    def test_they_are_listed_with_their_descriptions(self, tmp_path):
        lines = here("configs", cwd=tmp_path).out.splitlines()
        described = {line.split()[0]: line for line in lines}
        assert {"mlp_512", "quickstart", "ablation/nodes_1024", "seven_steps/step7_augmentation"} <= described.keys()
        assert all(len(line.split()) > 2 for line in lines)
        listed = json.loads(here("configs", "--json", cwd=tmp_path).out)
        assert [config["name"] for config in listed] == list(described)

    def test_copies_are_the_same_experiments_and_nothing_is_overwritten(self, tmp_path):
        here("configs", "copy", "configs", cwd=tmp_path)
        copied = load_config(tmp_path / "configs" / "ablation" / "nodes_1024.yaml")
        assert copied == load_config("ablation/nodes_1024")
        here("validate", "configs", cwd=tmp_path)
        write(tmp_path / "configs" / "quickstart.yaml", "mine")
        again = here("configs", "copy", "configs", cwd=tmp_path, code=2)
        assert "already exists" in again.err
        assert (tmp_path / "configs" / "quickstart.yaml").read_text() == "mine"


def test_validate_names_each_file_that_is_valid(tmp_path):
    write(tmp_path / "a" / "one.yaml", "data: {dataset: digits}\nmodel: {kind: mlp, nodes: [4]}\n")
    write(tmp_path / "a" / "two.yml", "extends: one.yaml\ntrain: {epochs: 3}\n")
    answer = here("validate", "a", "mlp_512", cwd=tmp_path)
    assert answer.out == "a/one.yaml: valid\na/two.yml: valid\nmlp_512: valid\n"


def test_validate_like_sweep_does_not_take_shared_settings_for_a_configuration(tmp_path):
    write(tmp_path / "a" / "_shared.yaml", "train: {epochs: 3}\n")
    write(
        tmp_path / "a" / "one.yaml", "extends: _shared.yaml\ndata: {dataset: digits}\nmodel: {kind: mlp, nodes: [4]}\n"
    )
    assert here("validate", "a", cwd=tmp_path).out == "a/one.yaml: valid\n"


def test_validate_accepts_the_name_of_a_folder_or_a_sweep_that_ships(tmp_path):
    lines = here("validate", "ablation", "learning_rate", cwd=tmp_path).out.splitlines()
    assert "ablation/nodes_1024.yaml: valid" in lines
    assert lines[-1] == "learning_rate: valid (48 runs)"
