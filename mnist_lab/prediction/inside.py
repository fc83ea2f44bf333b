"""What a trained network has learned: the weights of its first layer, and the feature maps of its convolutions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab.errors import InputError


@dataclass(frozen=True)
class FirstLayer:
    """The weights of a network's first layer, each filter or unit as an image."""

    name: str
    unit: str
    """What has an image: `filter` or `unit`."""
    weights: NDArray[np.float32]
    """(n, height, width, channels)."""


def first_layer(model: Any) -> FirstLayer:
    """The weights of a Keras model's first convolution, or of its first dense layer if that works on the pixels.

    Raises:
        InputError: the first layer with weights is neither, so its weights are no images.
    """
    import keras

    pixels: tuple[int, ...] = ()
    """The shape of what was flattened last."""
    for layer in model.layers:
        match layer:
            case keras.layers.Conv2D():
                return FirstLayer(layer.name, "filter", np.moveaxis(np.asarray(layer.kernel), -1, 0))
            case keras.layers.DepthwiseConv2D():
                return FirstLayer(layer.name, "filter", _by_depth(layer.kernel))
            case keras.layers.SeparableConv2D():
                return FirstLayer(layer.name, "filter", _by_depth(layer.depthwise_kernel))
            case keras.layers.Flatten():
                pixels = _input_shape(layer)
            case keras.layers.Dense() if len(pixels) == 3:
                kernel = np.asarray(layer.kernel)
                return FirstLayer(layer.name, "unit", kernel.T.reshape(-1, *pixels))
            case keras.layers.Dense():
                shape = " x ".join(map(str, _input_shape(layer)))
                raise InputError(
                    f"The first layer of this network, {layer.name}, works on {shape} values, not on the pixels of an "
                    "image, so its weights cannot be shown as images.",
                    "--weights needs a network that begins with a convolution, or with flatten and a dense layer.",
                )
    raise InputError("This network has no layer with weights that could be shown.")


def feature_maps(model: Any, image: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    """The output (height, width, n) of each convolution of a Keras model for an image, by layer and in their order.

    Raises:
        InputError: there are no convolutions.
    """
    import keras

    kinds = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.SeparableConv2D)
    layers = [layer for layer in model.layers if isinstance(layer, kinds)]
    if not layers:
        raise InputError(
            "This network has no convolutions, so there are no feature maps to show.",
            "--weights shows the weights of its first layer.",
        )
    inner = keras.Model(model.input, {layer.name: layer.output for layer in layers})
    outputs: Any = inner(image[np.newaxis], training=False)
    return {
        layer.name: np.asarray(keras.ops.convert_to_numpy(outputs[layer.name]), dtype=np.float32)[0] for layer in layers
    }


def _input_shape(layer: Any) -> tuple[int, ...]:
    return tuple(layer.input.shape[1:])


def _by_depth(kernel: Any) -> NDArray[np.float32]:
    """A depthwise kernel (h, w, channels, multiplier) as images (n, h, w, 1)."""
    values = np.asarray(kernel)
    return values.reshape(*values.shape[:2], -1).transpose(2, 0, 1)[..., np.newaxis]
