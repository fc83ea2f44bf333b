"""Every layer that a configuration can have, and every configuration that ships, in every format."""

from typing import get_args

import pytest

from mnist_lab.config import load_config, shipped
from mnist_lab.config.layers import LAYERS, Activation
from mnist_lab.exports.export import plan
from mnist_lab.exports.formats import FORMATS
from tests.exports.networks import END, NETWORKS, network
from tests.exports.untrained import untrained

pytestmark = pytest.mark.thorough


def exported(run, form, folder, **options):
    [one] = plan([run], form, output=folder / f"exported{FORMATS[form].suffix}", **options)
    return one.write()


@pytest.fixture(params=["onnx", "litert", "saved_model", "html"])
def form(request):
    if request.param == "onnx":
        pytest.importorskip("tf2onnx")
        pytest.importorskip("onnxruntime")
    return request.param


converted = pytest.mark.parametrize("form", ["onnx", "litert"], indirect=True)
"""A SavedModel holds TensorFlow's own operators."""


def test_every_layer_has_a_network_here():
    assert NETWORKS.keys() == {layer.key for layer in LAYERS}


@converted
@pytest.mark.parametrize("layer", NETWORKS)
def test_a_network_with_this_layer_predicts_the_same_once_exported(layer, form, tmp_path):
    run = untrained(tmp_path, network([*NETWORKS[layer], *END]), test_rows=64)
    done = exported(run, form, tmp_path)
    assert done.agreements[0].images == 64


@converted
def test_a_network_with_every_activation_function_predicts_the_same_once_exported(form, tmp_path):
    blocks = [
        layer
        for name in get_args(Activation)
        for layer in ({"residual": {"layers": [{"dense": 8}, {"activation": name}]}}, "layer_norm")
    ]
    layers = [{"max_pool": 4}, "flatten", {"dense": 8}, *blocks, END[-1]]
    assert exported(untrained(tmp_path, network(layers), test_rows=64), form, tmp_path).path.exists()


def different_networks():
    """The first shipped configuration of each network; many differ only in how it is trained."""
    known = {}
    for name in shipped.names():
        config = load_config(name)
        known.setdefault((config.model, config.data.preprocess), name)
    return list(known.values())


@pytest.mark.parametrize("name", different_networks())
def test_the_network_of_every_shipped_configuration_predicts_the_same_once_exported(name, form, tmp_path):
    run = untrained(tmp_path, name, data__rows=None, test_rows=100)
    assert exported(run, form, tmp_path).agreements[0].images == 100
