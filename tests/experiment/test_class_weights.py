"""Class weights are for the classes that `data verify` shows, whatever their internal numbers."""

import dataclasses
import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from mnist_lab import datasets, load_config
from mnist_lab.cli.data import data
from mnist_lab.config import Config, to_yaml
from mnist_lab.errors import ConfigError
from mnist_lab.experiment.class_weights import weights
from mnist_lab.experiment.identity import identify
from tests.datasets.dataset_files import write_pictures


def config(class_weight, dataset="digits") -> Config:
    return load_config({
        "data": {"dataset": str(dataset), "validation": {"split": "stratified"}},
        "model": {"kind": "mlp", "nodes": [4]},
        "train": {"class_weight": class_weight},
        "runtime": {"backend": "jax"},
    })  # fmt: skip


def numbered(folder, labels):
    """A data set whose three classes have these labels."""
    classes = np.arange(30) % 3
    images = np.random.default_rng(0).integers(0, 256, (30, 4, 4), np.uint8)
    path = folder / f"{'-'.join(map(str, labels))}.npz"
    np.savez(path, x_train=images, y_train=np.array(labels)[classes], x_test=images, y_test=np.array(labels)[classes])
    return path


def named(folder, names):
    return write_pictures(folder, {name: [Image.new("L", (4, 4), 80 + 50 * n)] * 2 for n, name in enumerate(names)})


def of_each_class(class_weight, path):
    """The weight of each class's images, in the order of the classes."""
    dataset = datasets.load(str(path))
    each = weights(config(class_weight, path).train, dataset.y_train, dataset)
    return [set(each[dataset.y_train == label].tolist()) for label in range(len(dataset.classes))]


@pytest.mark.parametrize("labels", [(1, 2, 3), (0, 1, 2), (2, 9, 10), (0, 5, 200)])
@pytest.mark.parametrize("text", [False, True])
def test_a_number_is_the_label_in_the_file(tmp_path, labels, text):
    path = numbered(tmp_path, labels)
    for place, label in enumerate(labels):
        found = of_each_class({str(label) if text else label: 7.0}, path)
        assert found == [{7.0} if place == other else {1.0} for other in range(3)]


def test_the_name_of_a_folder_is_its_class(tmp_path):
    path = named(tmp_path, ["circle", "T-shirt top", "10"])
    assert of_each_class({"T-shirt top": 3.0, 10: 2.0}, path) == [{2.0}, {3.0}, {1.0}]


def test_folders_that_are_numbers_are_not_counted_from_0(tmp_path):
    path = named(tmp_path, ["10", "9", "2"])
    assert of_each_class({9: 4.0}, path) == [{1.0}, {4.0}, {1.0}]
    with pytest.raises(ConfigError, match=r"train.class_weight: 1 is not a class of .*; expected classes 2, 9, 10"):
        of_each_class({1: 4.0}, path)


@pytest.mark.parametrize("key", [3, "3", "Dress"], ids=repr)
def test_a_published_set_has_both_names_and_labels(tmp_path, key):
    (tmp_path / "fashion_mnist").mkdir()
    classes = np.arange(30) % 10
    images = np.random.default_rng(0).integers(0, 256, (30, 28, 28), np.uint8)
    np.savez(tmp_path / "fashion_mnist" / "a.npz", x_train=images, y_train=classes, x_test=images, y_test=classes)
    dataset = datasets.load("fashion_mnist", tmp_path, download=False)
    each = weights(config({key: 5.0}).train, dataset.y_train, dataset)
    assert each.tolist() == np.where(classes == 3, 5.0, 1.0).tolist()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({0: 2.0}, "0 is not a class of 1-2-3; expected classes 1, 2, 3"),
        ({4: 2.0}, "4 is not a class of 1-2-3; expected classes 1, 2, 3"),
        ({-1: 2.0}, "-1 is not a class"),
        ({"one": 2.0}, "'one' is not a class"),
        ({"01": 2.0}, "'01' is not a class"),
    ],
)
def test_a_key_that_is_not_a_class_is_refused_before_anything_slow(tmp_path, given, message):
    path = numbered(tmp_path, (1, 2, 3))
    with pytest.raises(ConfigError, match=f"train.class_weight: {message}"):
        identify(config(given, path), datasets.load(str(path)), tmp_path)


def test_one_class_under_two_keys_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="class 1 has two weights"):
        config({1: 2.0, "1": 3.0})
    both = {"Dress": 2.0, 3: 3.0}
    fashion = dataclasses.replace(datasets.load("digits"), classes=datasets.KNOWN["fashion_mnist"].classes)
    with pytest.raises(ConfigError, match=r"train.class_weight: 3 is class Dress, which already has a weight"):
        identify(config(both), fashion, tmp_path)


def test_every_class_that_verify_shows_can_be_weighted(tmp_path):
    for path in (numbered(tmp_path, (4, 8, 15)), named(tmp_path / "pictures", ["no", "off", "1e3"])):
        shown = json.loads(CliRunner().invoke(data, ["verify", str(path), "--json"]).stdout)
        for place, each in enumerate(shown["classes"]):
            assert of_each_class({each["name"]: 6.0}, path)[place] == {6.0}
        for place, label in enumerate(shown["labels"]):
            assert of_each_class({label: 6.0}, path)[place] == {6.0}


def test_the_same_weights_are_one_run_and_others_another(tmp_path):
    path = numbered(tmp_path, (1, 2, 3))
    dataset = datasets.load(str(path))

    def mark(given):
        return identify(config(given, path), dataset, tmp_path).fingerprint

    assert mark({1: 2.0, 3: 4.0}) == mark({"3": 4.0, "1": 2.0})
    assert len({mark({1: 2.0}), mark({2: 2.0}), mark({3: 2.0}), mark("balanced"), mark(None)}) == 5


def test_the_configuration_that_a_run_keeps_means_the_same(tmp_path):
    path = numbered(tmp_path, (1, 2, 3))
    dataset = datasets.load(str(path))
    first = identify(config({3: 2.0, 1: 5.0}, path), dataset, tmp_path)
    (tmp_path / "config.yaml").write_text(to_yaml(first.config))
    again = identify(load_config(tmp_path / "config.yaml"), dataset, tmp_path)
    assert again.fingerprint == first.fingerprint
    assert again.config.train.class_weight == {1: 5.0, 3: 2.0}


def test_balanced_gives_every_class_the_same_total(tmp_path):
    dataset = datasets.load(str(numbered(tmp_path, (1, 2, 3))))
    labels = np.repeat([0, 1, 2], [10, 40, 50])
    each = weights(config("balanced").train, labels, dataset)
    np.testing.assert_allclose([each[labels == label].sum() for label in range(3)], 100 / 3, rtol=1e-6)
    assert weights(config(None).train, labels, dataset) is None
