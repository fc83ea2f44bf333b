"""Claims about the settings in which configurations differ."""

import pytest

from mnist_lab import load_config
from mnist_lab.config.settings import short_keys, varying


def config(source="mlp_512", **changes):
    return load_config(source, {key.replace("__", "."): value for key, value in changes.items()})


def test_every_setting_that_differs_is_there_with_the_value_of_each():
    some = [config(), config(train__optimizer__learning_rate=0.01), config(model__nodes=[256], data__subset=500)]
    assert varying(some) == {
        "data.subset": [None, None, 500],
        "model.nodes": [(512, 512), (512, 512), 256],
        "train.optimizer.learning_rate": [0.001, 0.01, 0.001],
    }


@pytest.mark.parametrize("configs", [[], [config()], [config(), config(seed=2), config(runtime__threads=1)]])
def test_nothing_differs_between_runs_of_one_configuration(configs):
    assert varying(configs) == {}


def test_an_argument_that_only_one_optimizer_has_counts_if_it_is_not_the_default():
    sgd = {"name": "sgd", "learning_rate": 0.1}
    assert list(varying([config(), config(train__optimizer=sgd)])) == [
        "train.optimizer.name", "train.optimizer.learning_rate",
    ]  # fmt: skip
    found = varying([config(), config(train__optimizer={**sgd, "momentum": 0.9})])
    assert found["train.optimizer.momentum"] == [None, 0.9]


def test_items_of_other_kinds_are_one_setting_in_words():
    assert varying([config(), config(augment=[{"rotation": 10}]), config(data__preprocess="none")]) == {
        "augment": [None, "rotation 10 degrees", None],
        "data.preprocess": ["rescale", "rescale", "none"],
    }


def test_items_of_the_same_kinds_are_told_apart_by_their_arguments():
    some = [config(augment=[{"rotation": degrees}]) for degrees in (10, 20)]
    assert varying(some) == {"augment.0.rotation.degrees": [10, 20]}


def test_networks_are_named_by_their_size_unless_it_is_the_same():
    assert varying([config("seven_steps/step4_dropout"), config("seven_steps/step5_add_layers")])["model.layers"] == [
        "cnn 8, 16, 16, 16, 14, 12", "cnn 8, 16, 16, 16, 14, 12, 12, 10",
    ]  # fmt: skip
    before, after = varying([config("seven_steps/step2_reduce_parameters"), config("seven_steps/step3_batch_norm")])[
        "model.layers"
    ]
    assert "batch_norm" in after
    assert "batch_norm" not in before


def test_a_network_of_layers_beside_one_of_nodes_has_its_own_setting():
    found = varying([config(), config("two_models/cnn_20_40_60")])
    assert found["model.kind"] == ["mlp", "cnn"]
    assert (found["model.nodes"], found["model.layers"]) == ([(512, 512), None], [None, "cnn 20, 40, 60"])


def test_keys_are_shortened_as_far_as_they_differ():
    paths = [
        "train.optimizer.name",
        "train.optimizer.learning_rate",
        "augment.0.rotation.degrees",
        "augment.1.shear.degrees",
    ]
    assert list(short_keys(paths).values()) == ["optimizer", "learning_rate", "rotation.degrees", "shear.degrees"]
