"""Claims about what is read from inside a network."""

import keras
import numpy as np
import pytest

from mnist_lab import load_config
from mnist_lab.errors import InputError
from mnist_lab.models import from_builder, from_config, identified, load_custom
from mnist_lab.prediction import feature_maps, first_layer

LAST = {"dense": {"units": "classes", "activation": "softmax"}}


def network(*layers, shape=(8, 6, 1)):
    config = load_config("quickstart", {"model.layers": [*layers, LAST]})
    return from_config(config, image_shape=shape, classes=10)


@pytest.mark.parametrize(
    ("layer", "channels", "expected"),
    [
        ({"conv": {"filters": 5, "kernel": [3, 2]}}, 3, (5, 3, 2, 3)),
        ({"depthwise_conv": {"kernel": 3}}, 3, (3, 3, 3, 1)),
        ({"separable_conv": {"filters": 5, "kernel": 3}}, 1, (1, 3, 3, 1)),
    ],
    ids=["conv", "depthwise", "separable"],
)
def test_filters_of_a_first_convolution_are_images(layer, channels, expected):
    found = first_layer(network({"batch_norm": {}}, layer, "flatten", shape=(8, 6, channels)))
    assert (found.unit, found.weights.shape) == ("filter", expected)


def test_a_filter_is_the_kernel_of_its_feature_map():
    model = network({"conv": {"filters": 4, "kernel": 3}}, "flatten")
    kernel = np.asarray(model.get_layer("conv_1").kernel)
    assert np.array_equal(first_layer(model).weights[2], kernel[..., 2])


def test_weights_of_a_first_dense_layer_are_images_of_what_was_flattened():
    model = network({"average_pool": 2}, "flatten", {"dense": 7})
    found = first_layer(model)
    assert (found.name, found.unit, found.weights.shape) == ("dense_1", "unit", (7, 4, 3, 1))
    kernel = np.asarray(model.get_layer("dense_1").kernel)
    assert np.array_equal(found.weights[5].ravel(), kernel[:, 5])


@pytest.mark.parametrize("before", [["rows"], ["global_average_pool"]], ids=["rows", "pooled"])
def test_a_dense_layer_that_does_not_work_on_pixels_has_no_weight_images(before):
    after = ["flatten"] if before == ["rows"] else []
    with pytest.raises(InputError, match="dense_1, works on"):
        first_layer(network(*before, {"dense": 7}, *after))


@pytest.mark.parametrize("convolutions", [1, 2])
def test_feature_maps_are_the_outputs_of_each_convolution(convolutions):
    layers = [{"conv": {"filters": 3 + n, "kernel": 3, "activation": "relu"}} for n in range(convolutions)]
    model = network(*layers, "flatten", shape=(9, 8, 1))
    image = np.random.default_rng(0).integers(0, 256, (9, 8, 1), dtype=np.uint8)
    found = feature_maps(model, image)
    assert list(found) == [f"conv_{n + 1}" for n in range(convolutions)]
    assert found[f"conv_{convolutions}"].shape == (9 - 2 * convolutions, 8 - 2 * convolutions, 2 + convolutions)
    scaled = image[None].astype(np.float32) / 255
    by_hand = keras.ops.relu(keras.ops.conv(scaled, model.get_layer("conv_1").kernel))
    assert found["conv_1"] == pytest.approx(keras.ops.convert_to_numpy(by_hand)[0], abs=1e-5)


def test_a_network_without_convolutions_has_no_feature_maps():
    with pytest.raises(InputError, match="no convolutions"):
        feature_maps(network("flatten"), np.zeros((8, 6, 1), np.uint8))


def convolutional(shape, classes):
    """A custom network with a nested model, both of which have a convolution of the same name."""
    block = keras.Sequential([keras.layers.Conv2D(3, 3, name="conv"), keras.layers.MaxPool2D(2)])
    inputs = keras.Input(shape)
    tensor = keras.layers.Conv2D(2, 2, name="conv")(block(inputs))
    outputs = keras.layers.Dense(classes, activation="softmax")(keras.layers.Flatten()(tensor))
    return keras.Model(inputs, outputs)


def flat(shape, classes):
    return keras.Sequential(
        [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(classes, activation="softmax")]
    )


@keras.saving.register_keras_serializable()
class Opaque(keras.Model):
    def __init__(self, **options):
        super().__init__(**options)
        self.parts = [keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]

    def call(self, inputs):
        for part in self.parts:
            inputs = part(inputs)
        return inputs


def custom(build, folder):
    config = load_config({"data": {"dataset": "digits"}, "model": {"kind": "custom"}})
    shape, classes = (12, 10, 1), 10
    spec = identified(build, config, image_shape=shape, classes=classes)
    config = config.model_copy(update={"model": spec})
    from_builder(build, config, image_shape=shape, classes=classes).save(folder / "model.keras")
    return load_custom(folder / "model.keras")


def test_the_layers_of_a_custom_network_are_found_in_its_nested_models(tmp_path):
    model = custom(convolutional, tmp_path)
    found = first_layer(model)
    assert (found.name, found.unit, found.weights.shape) == ("conv", "filter", (3, 3, 3, 1))
    image = np.random.default_rng(0).integers(0, 256, (12, 10, 1), dtype=np.uint8)
    maps = feature_maps(model, image)
    assert {name: array.shape for name, array in maps.items()} == {"conv": (10, 8, 3), "conv (2)": (4, 3, 2)}
    block, conv, *_ = (layer for layer in model.layers[-1].layers if layer.weights)
    scaled = block(image[None].astype(np.float32) / 255)
    by_hand = keras.ops.convert_to_numpy(conv(scaled))[0]
    assert maps["conv (2)"] == pytest.approx(by_hand, abs=1e-5)


def test_a_custom_network_of_dense_layers_has_weight_images(tmp_path):
    found = first_layer(custom(flat, tmp_path))
    assert (found.unit, found.weights.shape) == ("unit", (10, 12, 10, 1))


def test_layers_inside_a_custom_class_cannot_be_shown(tmp_path):
    model = custom(lambda shape, classes: Opaque(), tmp_path)
    with pytest.raises(InputError, match="only inside a custom class"):
        first_layer(model)
    with pytest.raises(InputError, match="no convolutions outside of a custom class"):
        feature_maps(model, np.zeros((12, 10, 1), np.uint8))
