"""A network that a Python function builds, from the function to its run folder and its reports."""

import json
import sys

import pytest

from mnist_lab.runs import load_run
from tests.lab import finish, here, lab

PROGRAM = """
import json
from mnist_lab import backends, experiment
backends.start("jax", device="cpu")  # without TensorFlow
import keras
from keras import layers
from mnist_lab.config import Override, load_config
from mnist_lab.errors import ConfigError

config = load_config({
    "name": "mine",
    "base": "small",
    "data": {"dataset": "digits", "subset": 300, "validation": {"split": "stratified", "fraction": 0.2}},
    "augment": [{"shift": 0.05}],
    "model": {"kind": "custom"},
    "train": {"epochs": 3},
})

def build(shape, classes):
    inputs = keras.Input(shape)
    tensor = layers.Dropout(0.2)(layers.Dense(16, activation="relu")(layers.Flatten()(inputs)))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(tensor))

class Interrupting(experiment.Observer):
    def epoch(self, record, epochs):
        if record["epoch"] == 2:
            raise KeyboardInterrupt

class Started(experiment.Observer):
    def begun(self, plan):
        self.epochs_done = plan.epochs_done

def losses(run):
    return [(record["loss"], record["val_loss"]) for record in run.history]

whole = experiment.run(config, results="whole", network=build)
again = experiment.run(config, results="whole", network=build)
try:
    experiment.run(config, results="results", network=build, observer=Interrupting())
except KeyboardInterrupt:
    pass
started = Started()
resumed = experiment.run(config, results="results", network=build, observer=started)
refused = []
for network in (None, lambda shape, classes: None):
    try:
        experiment.run(config, results="refused", network=network)
    except ConfigError as error:
        refused.append(str(error))
changes = {"name": "small", "experiment": "small", "model": {"kind": "mlp", "nodes": (16,)}}
small = load_config(config, [Override((key,), value, key) for key, value in changes.items()])
experiment.run(small, results="results")
print(json.dumps({
    "fresh": [whole.fresh, again.fresh], "resumed after": started.epochs_done,
    "same folder name": whole.folder.id == resumed.folder.id, "losses": [losses(whole), losses(resumed)],
    "refused": refused,
}))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("custom")
    done = finish([sys.executable, "-c", PROGRAM], folder)
    assert done.code == 0, done.err
    return folder, json.loads(done.out)


@pytest.fixture(scope="module")
def run(told):
    [folder] = (told[0] / "results" / "mine").iterdir()
    return load_run(folder)


def test_it_is_trained_only_once(told):
    assert told[1]["fresh"] == [True, False]


def test_it_resumes_bit_for_bit(told):
    assert (told[1]["resumed after"], told[1]["same folder name"]) == (2, True)
    whole, resumed = told[1]["losses"]
    assert whole == resumed


def test_its_configuration_records_the_layers_and_the_hash(run):
    assert run.config.model.layers == ("Flatten", "Dense", "Dropout", "Dense")
    assert len(run.config.model.sha256) == 64
    assert run.measured.flops == 6 * (784 * 16 + 16 * 10) * 240 * 3


def test_without_its_function_it_is_refused_and_nothing_is_written(told):
    without, returned_none = told[1]["refused"]
    assert "mnist_lab.run(config, network=build)" in without
    assert "received None" in returned_none
    assert not (told[0] / "refused").exists()


def test_a_finished_one_is_shown_from_its_configuration_file(told, run):
    answer = lab("run", run.folder.path / "config.yaml", "--results", "results", cwd=told[0])
    assert (answer.code, "already finished" in answer.err) == (0, True)


def test_the_command_line_says_that_it_cannot_train_it(told, run):
    answer = lab("run", run.folder.path / "config.yaml", "--results", "results", "--seed", 2, cwd=told[0])
    assert (answer.code, "mnist_lab.run(config, network=build)" in answer.err) == (2, True)
    assert not list((told[0] / "results").rglob("seed2-*"))


def test_reproduce_says_that_it_cannot_rebuild_it(told):
    answer = here("reproduce", "mine", cwd=told[0], code=2)
    assert "was built by a Python function, which a run folder does not contain" in answer.err


def test_predict_loads_what_is_made_of_keras_layers(told, run):
    answer = lab("predict", "mine", "--dataset", "digits", "--json", cwd=told[0])
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["test"]["wrong"] == run.measured.test.wrong


def test_a_report_compares_it_as_a_custom_network(told):
    here("report", "results", cwd=told[0])
    text = (told[0] / "results" / "report.md").read_text()
    assert "mlp 16 -> custom network" in text
