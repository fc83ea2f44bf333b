"""The page as a file: what its networks compute in NumPy, what is on it, and what is refused."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import keras
import numpy as np
import pytest

from mnist_lab.config.layers import Activation, Custom
from mnist_lab.datasets import KNOWN
from mnist_lab.errors import InputError
from mnist_lab.exports import page
from mnist_lab.exports.export import plan
from mnist_lab.exports.page import writer
from mnist_lab.exports.page.field import Field, field_for
from mnist_lab.exports.page.packing import pack, unpack
from mnist_lab.exports.trained import Trained
from tests.exports.untrained import untrained

SMALL = {"data": {"dataset": "digits"}, "model": {"kind": "mlp", "nodes": [8]}, "experiment": "small"}
SOFTMAX = {"dense": {"units": "classes", "activation": "softmax"}}
LAYERS = [{"max_pool": 4}, {"conv": 3}, "batch_norm", "flatten", SOFTMAX]
CNN = SMALL | {"model": {"kind": "cnn", "layers": LAYERS}, "experiment": "cnn"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs whose networks differ."""
    folder = tmp_path_factory.mktemp("results")
    return [untrained(folder, SMALL, test_rows=50), untrained(folder, CNN, test_rows=50)]


@pytest.fixture(scope="module")
def done(runs, tmp_path_factory):
    """Both runs on one page."""
    [export] = plan(runs, "html", output=tmp_path_factory.mktemp("page") / "page.html")
    return export.write()


def network(run, **signature):
    """The trained network of a run, but with another signature."""
    trained = Trained(run)
    vars(trained)["signature"] = replace(trained.signature, **signature)
    return trained


def test_the_activation_functions_are_those_of_a_configuration():
    script = Path(page.__file__).with_name("templates").joinpath("network.js").read_text("utf-8")
    functions = script.partition("const FUNCTIONS = {")[2].partition("function byRow")[0]
    names = {keras.activations.serialize(keras.activations.get(name)) for name in get_args(Activation)}
    assert set(re.findall(r"^  (\w+)[:,]", functions, re.MULTILINE)) == names


def test_each_network_of_a_page_is_compared_with_its_run(done):
    assert [agreement.difference < 5e-4 for agreement in done.agreements] == [True, True]
    assert re.findall(r'<h2 id="name-\d">(.*?)</h2>', done.path.read_text("utf-8")) == ["small", "cnn"]


def test_its_policy_allows_its_own_style_and_scripts_and_nothing_else(done):
    text = done.path.read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', text)
    assert policy
    assert policy[1].startswith("default-src 'none'; ")
    parts = re.findall(r"<(?:style|script)>(.*?)</(?:style|script)>", text, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in parts]
    assert re.findall(r"sha256-([^']+)'", policy[1]) == hashes


def test_a_packed_network_is_the_same_when_it_is_read_back(runs):
    packed = pack(Trained(runs[1]).model)
    known = json.loads(json.dumps(packed.as_json()))
    again = unpack(known, packed.numbers())
    assert json.loads(json.dumps(again.as_json())) == known
    np.testing.assert_array_equal(again.numbers(), packed.numbers())


def test_a_layer_that_no_configuration_has_is_refused_by_name():
    inputs = keras.Input((4, 4, 1))
    model = keras.Model(inputs, keras.layers.Conv2DTranspose(2, 3, name="up")(inputs))
    with pytest.raises(InputError, match=r"Conv2DTranspose \(up\)"):
        pack(model)


def test_a_custom_network_is_refused(runs, tmp_path):
    config = runs[0].config.model_copy(update={"model": Custom(kind="custom", layers=("Dense",))})
    with pytest.raises(InputError, match="custom network"):
        writer.write([Trained(replace(runs[0], asked=config))], tmp_path / "page.html", None)


def test_a_page_that_would_be_too_large_is_refused_with_its_largest_layer(runs, tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "MOST_BYTES", 20_000)
    with pytest.raises(InputError, match=r"at most 0\.0 MB are written\. .* 6,280 of them in dense_1"):
        writer.write([Trained(runs[0])], tmp_path / "page.html", None)
    assert not (tmp_path / "page.html").exists()


def test_colour_images_are_refused(runs):
    with pytest.raises(InputError, match="expected a network for grey images"):
        field_for([network(runs[0], shape=(32, 32, 3))])


def test_images_that_nobody_draws_are_refused_by_the_name_of_their_data_set(runs):
    assert not KNOWN["fashion_mnist"].drawn
    with pytest.raises(InputError, match="Fashion-MNIST"):
        field_for([network(runs[0], drawn=False, title="Fashion-MNIST")])


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"shape": (20, 20, 1)}, "the same images, received 28x28 and 20x20"),
        ({"classes": ("a", "b")}, r"the same classes, received 10 \(0, 1, 2, 3, \.\.\.\) and 2 \(a, b\)"),
        ({"preparation": "resize"}, "prepared in the same way"),
    ],
)
def test_networks_that_cannot_read_the_same_drawing_are_refused(runs, other, why):
    with pytest.raises(InputError, match=why):
        field_for([network(runs[0]), network(runs[1], **other)])


@pytest.mark.parametrize("inverted", [False, True])
def test_drawings_are_dark_on_light_if_the_images_are(runs, inverted):
    trained = network(runs[0], preparation="resize")
    images = trained.expected.images
    vars(trained)["expected"] = replace(trained.expected, images=255 - images if inverted else images)
    assert field_for([trained]).dark_on_light == inverted


@pytest.mark.parametrize(
    ("classes", "subject"),
    [
        ("0123456789", "digit"),
        ("ABC", "letter"),
        ("0aB", "character"),
        (["o", "ki", "tsu"], "character"),
        (["circle", "square"], "picture"),
    ],
)
def test_the_page_says_what_to_draw(classes, subject):
    field = Field((28, 28), tuple(classes), "mnist", dark_on_light=False, titles=("some",))
    assert field.subject == subject


def test_a_class_name_cannot_change_the_direction_of_the_text():
    field = Field((28, 28), ("a\u202eb", "c"), "mnist", dark_on_light=False, titles=("some",))
    text = writer.html(field, [])
    facts = re.search(r'id="facts">([^<]*)<', text)
    assert facts
    assert json.loads(facts[1])["classes"] == [r"a\u202eb", "c"]
