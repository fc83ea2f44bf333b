"""Layers that do not fit the images or each other are refused in the words of a configuration, not in Keras'."""

import pytest

from mnist_lab import models
from mnist_lab.config.document import frozen
from mnist_lab.config.schema import Config
from mnist_lab.errors import ConfigError

LAST = {"dense": {"units": "classes", "activation": "softmax"}}


def built(*layers, channels=1, preprocess="rescale"):
    data, model = {"dataset": "any", "preprocess": preprocess}, {"kind": "cnn", "layers": layers}
    config = Config.model_validate(frozen({"data": data, "model": model}))
    return models.from_config(config, image_shape=(28, 28, channels), classes=10)


def refusal(*layers, last=LAST, **more):
    with pytest.raises(ConfigError) as caught:
        built(*layers, last, **more)
    return str(caught.value)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([{"conv": {"filters": 8, "kernel": 32}}], "[0].conv: the kernel, 32 x 32, is larger than its input, 28 x 28."),
        ([{"conv": {"filters": 8, "kernel": (1, 29)}}], "[0].conv: the kernel, 1 x 29, is larger"),
        ([{"depthwise_conv": 29}], "[0].depthwise_conv: the kernel, 29 x 29, is larger"),
        ([{"separable_conv": {"filters": 8, "kernel": 29}}], "[0].separable_conv: the kernel, 29 x 29, is larger"),
        ([{"max_pool": 28}, "max_pool"], "[1].max_pool: the window, 2 x 2, is larger than its input, 1 x 1."),
        ([{"average_pool": 29}], "[0].average_pool: the window, 29 x 29, is larger than its input, 28 x 28."),
    ],
)
def test_a_window_larger_than_its_input_is_refused_with_both_sizes(layers, message):
    said = refusal(*layers, "flatten")
    assert said.startswith(f"model.layers{message}")
    what = "kernel" if "kernel" in message else "window"
    assert said.endswith(f"\nUse a smaller {what}, `padding: same`, or fewer pooling layers.")


def test_a_window_as_large_as_its_input_and_one_with_padding_are_fine():
    conv = {"conv": {"filters": 2, "kernel": 32, "padding": "same"}}
    assert built(conv, {"max_pool": 28}, "flatten", LAST).output_shape == (None, 10)


@pytest.mark.parametrize(
    "layer", [{"conv": 8}, "max_pool", "global_average_pool", "zero_pad", {"spatial_dropout": 0.2}, "rows"]
)
def test_a_layer_for_images_after_flatten_is_refused_with_what_it_needs(layer):
    name = layer if isinstance(layer, str) else next(iter(layer))
    assert refusal("flatten", layer) == (
        f"model.layers[1].{name}: expected an input of height, width and channels, received shape (784,).\n"
        "Put it before layers that change the dimensions, such as `flatten`."
    )


def test_a_block_whose_input_cannot_be_added_is_refused_with_both_shapes():
    conv = {"conv": {"filters": 16}}
    assert refusal({"conv": 8}, {"residual": [conv]}, "flatten") == (
        "model.layers[1].residual: the block turns (26, 26, 8) into (24, 24, 16), so its input cannot be added to its "
        "output.\nUse `padding: same` in its layers."
    )
    assert refusal({"residual": [{"conv": {"filters": 2, "padding": "same"}}, "flatten"]}).startswith(
        "model.layers[0].residual: the block turns (28, 28, 1) into (1568,), so its input cannot be added to its "
        "output.\nUse layers that change the dimensions, such as `flatten`, only after the block."
    )


def test_an_output_that_is_not_one_probability_per_class_is_refused_with_what_to_add():
    expected = "model.layers: expected one probability per class, an output of shape (10,); received "
    assert refusal({"conv": 8}) == (
        f"{expected}(26, 26, 10).\nAdd `flatten` or `global_average_pool` before the last layer."
    )
    assert refusal("flatten", last={"dense": {"units": 7, "activation": "softmax"}}) == (
        f"{expected}(7,).\nUse `units: classes` in the last dense layer."
    )


def test_a_mean_for_more_channels_than_there_are_is_refused():
    two = {"standardize": {"mean": [0.1, 0.2], "std": 0.3}}
    where = "data.preprocess.standardize.mean: expected one number"
    assert refusal("flatten", preprocess=two) == f"{where}, received 2."
    assert refusal("flatten", preprocess=two, channels=3) == f"{where}, or one for each of the 3 channels, received 2."
