"""One run from beginning to end: its folder, its numbers, what it prints, and running it again."""

import json
import re
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from mnist_lab import datasets, load_config
from mnist_lab.config import Override
from mnist_lab.experiment.identity import identify
from tests.cli.small import EPOCHS
from tests.lab import (
    RUN_FILES,
    Answer,
    Case,
    environment,
    files,
    good,
    imported,
    in_one_process,
    lab,
    read_history,
    read_json,
    run_folder,
    write,
)

EPOCH_LINE = re.compile(r"epoch +(\d+)/\d+  loss \S+  accuracy \S+(  val_loss \S+  val_accuracy \S+)?  \d+\.\d s")


def epoch_lines(text: str) -> list[int]:
    return [int(match[1]) for line in text.splitlines() if (match := EPOCH_LINE.fullmatch(line))]


@pytest.fixture(scope="module")
def metrics(finished):
    return read_json(finished.folder / "metrics.json")


@pytest.fixture(scope="module")
def history(finished):
    return read_history(finished.folder)


@pytest.fixture(scope="module")
def test_images():
    digits = datasets.load("digits")
    return digits.x_test, digits.y_test


_KERAS_ALONE = """
import sys, keras, numpy
for argument in sys.argv[1:]:
    model, pixels, probabilities = argument.split("=")
    pixels = numpy.load(pixels)
    assert pixels.dtype == numpy.uint8
    numpy.save(probabilities, keras.models.load_model(model).predict(pixels, verbose=0))
assert not any(name.startswith("mnist_lab") for name in sys.modules)
"""


@pytest.fixture(scope="module")
def given_by_keras_alone(finished, several, tmp_path_factory):
    """Probabilities of the test images by the saved model of each run, in a process without mnist-lab."""
    cwd = tmp_path_factory.mktemp("keras_alone")
    runs = {"finished": finished.folder} | {
        name: run_folder(several.cwd / "results" / name) for name in SEVERAL if name != "diverges"
    }
    arguments = []
    for name, folder in runs.items():
        source = load_config(folder / "config.yaml").data.dataset
        np.save(cwd / f"{name}_pixels.npy", datasets.load(source).x_test)
        arguments.append(f"{folder / 'model.keras'}={name}_pixels.npy={name}.npy")
    done = subprocess.run(
        [sys.executable, "-c", _KERAS_ALONE, *arguments],
        cwd=cwd, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {name: np.load(cwd / f"{name}.npy") for name in runs}


class TestFolder:
    def test_it_holds_exactly_the_files_of_a_finished_run(self, finished):
        assert files(finished.folder) == RUN_FILES
        assert files(finished.cwd) == {"small.yaml"} | {
            f"results/small/{finished.folder.name}/{name}" for name in RUN_FILES
        }

    def test_its_metrics_are_the_last_file_that_is_written(self, finished):
        written = {file.name: file.stat().st_mtime_ns for file in finished.folder.iterdir()}
        assert max(written, key=written.__getitem__) == "metrics.json"

    def test_it_is_named_after_experiment_seed_and_fingerprint(self, finished, metrics):
        assert metrics["run"] == metrics["run"] | {
            "name": "small",
            "experiment": "small",
            "id": finished.folder.name,
            "seed": 1,
        }
        assert finished.folder.name == f"seed1-{metrics['run']['fingerprint'][:8]}"
        assert metrics["run"]["started"] <= metrics["run"]["finished"]

    def test_its_configuration_loads_again_and_is_the_same_run(self, finished):
        config = load_config(finished.folder / "config.yaml")
        assert (config.experiment, config.seed, config.train.epochs) == ("small", 1, EPOCHS)
        assert config.runtime.backend == "jax"
        assert config.runtime.threads == read_json(finished.folder / "environment.json")["threads"]
        again = good("run", finished.folder / "config.yaml", "--json", cwd=finished.cwd)
        assert "already finished" in again.err
        assert json.loads(again.out) == read_json(finished.folder / "metrics.json")

    def test_its_plots_are_complete_and_large_enough_to_read(self, finished):
        pictures = sorted(finished.folder.glob("*.png"))
        assert len(pictures) == 6
        for path in pictures:
            with Image.open(path) as picture:
                picture.load()
                assert min(picture.size) >= 280
                assert len(picture.convert("RGB").getcolors(2**24)) > 8

    def test_its_environment_names_versions_and_machine(self, finished):
        environment = read_json(finished.folder / "environment.json")
        assert environment["backend"] == "jax"
        assert environment["device"] == "cpu"
        assert {"python", "keras", "jax", "numpy", "mnist_lab", "platform", "threads"} <= environment.keys()

    def test_its_log_has_what_the_run_printed_and_concluded(self, finished, metrics):
        log = (finished.folder / "log.txt").read_text()
        assert log.startswith(finished.answer.err)
        for observation in metrics["observations"]:
            assert observation["text"] in log
        assert f"{metrics['test']['wrong']} of 360 wrong" in log


class TestNumbers:
    def test_metrics_have_every_key_of_the_contract(self, metrics):
        contract = {
            "format": (),
            "run": ("name", "experiment", "id", "fingerprint", "seed", "started", "finished"),
            "dataset": ("name", "sha256", "genuine", "train", "validation", "test", "classes"),
            "parameters": ("trainable", "non_trainable", "total"),
            "epochs": (),
            "train": ("loss", "accuracy"),
            "validation": ("loss", "accuracy"),
            "test": ("loss", "accuracy", "correct", "wrong", "total", "ci95"),
            "best": ("epoch", "monitor", "value", "restored"),
            "last": ("test_accuracy",),
            "seconds": ("total", "startup", "train", "epoch_first", "epoch_median"),
            "environment": ("backend", "device", "keras"),
            "reference": (),
            "observations": (),
        }
        for section, keys in contract.items():
            assert section in metrics
            for key in keys:
                assert key in metrics[section], f"{section}.{key}"
        for observation in metrics["observations"]:
            assert observation.keys() == {"rule", "text", "value"}

    def test_counts_add_up(self, metrics):
        test, data, parameters = metrics["test"], metrics["dataset"], metrics["parameters"]
        assert test["correct"] + test["wrong"] == test["total"] == data["test"] == 360
        assert test["accuracy"] == test["correct"] / test["total"]
        assert test["ci95"][0] < test["accuracy"] < test["ci95"][1]
        assert (data["train"], data["validation"], data["classes"]) == (1149, 288, 10)
        assert (data["name"], data["genuine"]) == ("digits", True)
        assert parameters["trainable"] + parameters["non_trainable"] == parameters["total"] == 785 * 24 + 25 * 10

    def test_history_has_a_line_for_each_epoch_and_metrics_the_last(self, metrics, history):
        assert [record["epoch"] for record in history] == [*range(1, EPOCHS + 1)]
        assert metrics["epochs"] == EPOCHS
        last = history[-1]
        assert metrics["train"] == {"loss": last["loss"], "accuracy": last["accuracy"]}
        assert metrics["validation"] == {"loss": last["val_loss"], "accuracy": last["val_accuracy"]}

    def test_best_is_the_epoch_with_the_lowest_validation_loss(self, metrics, history):
        best = min(history, key=lambda record: record["val_loss"])
        assert metrics["best"] == metrics["best"] | {
            "epoch": best["epoch"],
            "monitor": "val_loss",
            "value": best["val_loss"],
            "restored": True,
        }

    def test_seconds_add_up(self, metrics, history):
        seconds, epochs = metrics["seconds"], [record["seconds"] for record in history]
        assert seconds["train"] == pytest.approx(sum(epochs), abs=0.01)
        assert seconds["epoch_first"] == epochs[0]
        assert seconds["epoch_median"] == pytest.approx(median(epochs), abs=0.001)
        assert seconds["startup"] + seconds["train"] < seconds["total"]

    def test_probabilities_and_mistakes_agree_with_the_result(self, finished, metrics, test_images):
        _, labels = test_images
        with np.load(finished.folder / "predictions.npz") as arrays:
            probabilities = arrays["probabilities"]
        assert probabilities.shape == (360, 10)
        assert probabilities.dtype == np.float16
        np.testing.assert_allclose(probabilities.astype(float).sum(axis=1), 1, atol=5e-3)

        mistakes = read_json(finished.folder / "mistakes.json")
        assert len(mistakes) == metrics["test"]["wrong"]
        assert [m["confidence"] for m in mistakes] == sorted((m["confidence"] for m in mistakes), reverse=True)
        predicted = labels.astype(int)
        for mistake in mistakes:
            assert mistake.keys() == {"index", "label", "predicted", "confidence"}
            assert mistake["label"] == labels[mistake["index"]] != mistake["predicted"]
            assert mistake["confidence"] == pytest.approx(probabilities[mistake["index"]].max(), abs=1e-3)
            predicted[mistake["index"]] = mistake["predicted"]
        chosen = probabilities[np.arange(360), predicted]
        np.testing.assert_allclose(chosen, probabilities.max(axis=1), atol=1e-3)

    def test_batches_are_within_the_epochs(self, finished):
        with np.load(finished.folder / "batches.npz") as arrays:
            assert set(arrays) == {"epoch", "loss", "accuracy"}
            assert np.all(np.diff(arrays["epoch"]) > 0)
            assert arrays["epoch"][-1] == EPOCHS
            assert len(arrays["loss"]) == len(arrays["accuracy"]) == len(arrays["epoch"]) > EPOCHS

    def test_the_model_needs_only_keras_and_returns_the_stored_probabilities(self, finished, given_by_keras_alone):
        with np.load(finished.folder / "predictions.npz") as stored:
            np.testing.assert_allclose(given_by_keras_alone["finished"], stored["probabilities"], atol=1e-3)


class TestTerminal:
    def test_progress_is_on_stderr_with_one_plain_line_per_epoch(self, finished):
        assert epoch_lines(finished.answer.err) == [*range(1, EPOCHS + 1)]
        assert epoch_lines(finished.answer.out) == []
        assert "UCI digits (not MNIST): 1,149 training, 288 validation, 360 test images" in finished.answer.err
        assert re.search(r"dense_1 +Dense +24 +18,840", finished.answer.err)

    def test_the_result_is_on_stdout(self, finished, metrics):
        out, test = finished.answer.out, metrics["test"]
        low, high = test["ci95"]
        assert re.search(rf"test +360 +\d+ +\S+ +{test['accuracy']:.4f} +{low:.4f} to {high:.4f}", out)
        assert f"{test['wrong']} of 360 test images" in out
        assert "19,090 parameters" in out
        assert f"results/small/{finished.folder.name}" in out
        for observation in metrics["observations"]:
            assert out.count(observation["text"]) == 1

    def test_nothing_else_is_printed(self, finished):
        """No library prints in between: every line is one of ours."""
        lines = finished.answer.err.splitlines()
        assert lines[0].startswith("small, seed 1: jax on cpu")
        assert len(lines) == 2 + 9 + EPOCHS  # run, counts, layer table, epochs


class TestAgain:
    def test_a_finished_run_is_shown_and_not_trained(self, finished):
        before = {path: path.stat().st_mtime_ns for path in finished.folder.iterdir()}
        again = lab("run", "small.yaml", cwd=finished.cwd, python=("-X", "importtime"))
        assert again.code == 0
        assert "already finished" in again.err
        assert "--force" in again.err
        assert again.out == finished.answer.out
        assert imported(again) & {"keras", "jax", "matplotlib"} == set()
        assert {path: path.stat().st_mtime_ns for path in finished.folder.iterdir()} == before

    def test_quiet_is_one_line(self, finished, metrics):
        answer = good("run", "small.yaml", "--quiet", cwd=finished.cwd)
        accuracy = f"{metrics['test']['accuracy']:.4f}"
        assert answer.out == f"small  test accuracy {accuracy}  results/small/{finished.folder.name}\n"
        assert answer.err == ""

    @pytest.mark.parametrize(("key", "value"), [("seed", 2), ("train.epochs", 3), ("model.nodes", [25])])
    def test_what_changes_the_numbers_is_another_run(self, key, value, finished):
        override = Override(tuple(key.split(".")), value, f"--set {key}={value}")
        config = load_config(finished.folder / "config.yaml", [override])
        changed = identify(config, datasets.load("digits"), finished.cwd / "results")
        assert changed.folder.path.parent == finished.folder.parent
        assert changed.folder.path != finished.folder

    def test_what_does_not_change_the_numbers_is_the_same_run(self, finished):
        options = ("--device", "cpu", "--set", "description=Another word for it.")
        assert "already finished" in good("run", "small.yaml", *options, cwd=finished.cwd).err


SEVERAL = {
    "on_test": """\
data: {dataset: digits, validation: {split: test}}
model: {kind: mlp, nodes: [8]}
train: {epochs: 2, restore_best: val_accuracy}
""",
    # The averaged weights are the saved ones.
    "no_validation": """\
data: {dataset: digits, validation: {split: none}}
model: {kind: mlp, nodes: [8]}
train: {epochs: 2, optimizer: {name: adam, use_ema: true, ema_momentum: 0.9}}
""",
    "diverges": """\
data: {dataset: digits}
model: {kind: mlp, nodes: [8]}
train: {epochs: 5, optimizer: {name: sgd, learning_rate: 1.0e+30}}
""",
    "three_colours": """\
data: {dataset: pictures, preprocess: {standardize: {mean: [0.4, 0.5, 0.6], std: 0.3}}}
augment: [rotation: {degrees: 10}, brightness: {delta: 0.1}]
model:
  kind: cnn
  layers: [conv: {filters: 4, kernel: 3}, activation: relu, flatten, dense: {units: classes, activation: softmax}]
train: {epochs: 2, batch_size: 8}
""",
}


class Several(NamedTuple):
    """Four configurations in one call, of which one diverges; two of them asked for again; one repeated."""

    cwd: Path
    answer: Answer
    shown: Answer
    forced: Answer


@pytest.fixture(scope="module")
def several(tmp_path_factory) -> Several:
    cwd = tmp_path_factory.mktemp("several")
    for name, text in SEVERAL.items():
        write(cwd / f"{name}.yaml", text)
    generator = np.random.default_rng(1)
    for part, count in (("train", 20), ("test", 6)):
        for i, name in enumerate(("red", "green", "blue")):
            (cwd / "pictures" / part / name).mkdir(parents=True)
            for number in range(count):
                pixels = generator.integers(0, 60, (10, 12, 3), np.uint8)
                pixels[..., i] += 150
                Image.fromarray(pixels).save(cwd / "pictures" / part / name / f"{number}.png")
    commands = [
        ["run", *(f"{name}.yaml" for name in SEVERAL)],
        ["run", "on_test.yaml", "no_validation.yaml", "--json"],
        ["run", "on_test.yaml", "--force", "--json", "--quiet"],
    ]
    return Several(cwd, *in_one_process([Case(command) for command in commands], cwd))


class TestSeveral:
    @pytest.fixture
    def answer(self, several) -> Answer:
        return several.answer

    @pytest.fixture
    def cwd(self, several):
        return several.cwd

    def facts(self, cwd, name):
        return read_json(run_folder(cwd / "results" / name) / "metrics.json")

    def test_a_run_that_fails_does_not_stop_the_others_and_is_named(self, cwd, answer):
        assert answer.code == 1
        assert answer.err.endswith("Error: 1 of 4 runs failed: diverges.\n")
        finished = [name for name in SEVERAL if (run_folder(cwd / "results" / name) / "metrics.json").exists()]
        assert finished == ["on_test", "no_validation", "three_colours"]
        assert [answer.out.count(f"\n{name}, seed 1") for name in ("on_test", "no_validation", "three_colours")] == [
            1
        ] * 3

    def test_a_loss_of_nan_stops_the_run_says_so_and_keeps_what_there_is(self, cwd, answer):
        folder = run_folder(cwd / "results" / "diverges")
        assert re.search(r"diverges: The loss became (NaN|infinite) in epoch 1; training stopped\.", answer.err)
        assert "smaller learning rate" in answer.err
        assert str(folder.relative_to(cwd)) in answer.err
        assert files(folder) == {
            "config.yaml", "environment.json", "history.jsonl", "batches.npz", "accuracy.png", "loss.png", "curves.png",
            "log.txt", "error.txt", ".lock",
        }  # fmt: skip
        assert "The loss became" in (folder / "error.txt").read_text()
        assert "The loss became" in (folder / "log.txt").read_text()
        assert read_history(folder)[-1]["loss"] is None

    def test_selection_on_the_test_set_is_reported(self, cwd, answer):
        assert "anything chosen by validation is chosen on the test set" in answer.err
        assert "Validated on the test set" in answer.out
        assert "test as validation" in answer.out
        metrics = self.facts(cwd, "on_test")
        assert metrics["dataset"]["train"] == 1437
        best = max(read_history(run_folder(cwd / "results" / "on_test")), key=lambda record: record["val_accuracy"])
        assert metrics["test"]["accuracy"] == pytest.approx(best["val_accuracy"], abs=1e-6)

    def test_without_validation_there_are_no_validation_numbers(self, cwd, answer):
        assert "1,437 training, no validation, 360 test images" in answer.err
        assert self.facts(cwd, "no_validation")["validation"] is None
        assert "val_loss" not in read_history(run_folder(cwd / "results" / "no_validation"))[0]

    def test_colour_pictures_of_another_size_can_be_a_data_set(self, cwd, answer):
        assert "48 training, 12 validation, 18 test images" in answer.err
        metrics = self.facts(cwd, "three_colours")
        assert metrics["run"]["name"] == "three_colours"
        assert metrics["dataset"] == metrics["dataset"] | {"classes": 3, "genuine": False, "test": 18}
        assert files(run_folder(cwd / "results" / "three_colours")) == RUN_FILES

    @pytest.mark.parametrize("name", ["on_test", "no_validation", "three_colours"])
    def test_the_saved_model_is_the_one_that_was_tested(self, name, several, given_by_keras_alone):
        folder = run_folder(several.cwd / "results" / name)
        labels = datasets.load(load_config(folder / "config.yaml").data.dataset).y_test
        correct = given_by_keras_alone[name].argmax(axis=1) == labels
        assert correct.sum() == read_json(folder / "metrics.json")["test"]["correct"]

    def test_json_of_several_is_a_list_of_their_metrics(self, several):
        first, second = json.loads(several.shown.out)
        assert first["run"]["name"] == "on_test"
        assert second == self.facts(several.cwd, "no_validation")

    def test_force_trains_again_with_the_same_numbers(self, several):
        first, again = json.loads(several.shown.out)[0], json.loads(several.forced.out)
        assert again["seconds"] != first["seconds"]
        for section in ("run", "train", "validation", "test", "best", "last"):
            for key in first[section].keys() - {"started", "finished"}:
                assert again[section][key] == first[section][key]

    def test_json_and_quiet_leave_nothing_but_the_metrics(self, several):
        assert several.forced.code == 0
        assert several.forced.err == ""
        assert json.loads(several.forced.out) == self.facts(several.cwd, "on_test")


def test_a_run_on_tensorflow_is_complete_and_keeps_tensorflow_quiet(tmp_path):
    write(tmp_path / "small.yaml", SEVERAL["on_test"].replace("restore_best: val_accuracy", "batch_size: 32"))
    answer = good("run", "small.yaml", "--subset", "200", cwd=tmp_path, KERAS_BACKEND="tensorflow")
    folder = run_folder(tmp_path / "results")
    assert files(folder) == RUN_FILES
    lines = answer.err.splitlines()
    assert lines[0].startswith("small, seed 1: tensorflow on cpu")
    assert lines[1].startswith("UCI digits")
    assert epoch_lines(answer.err) == [1, 2]
    assert len(lines) == 2 + 8 + 1 + 2  # run, counts, layer table, the remark on the test set, epochs
