"""What a trained network has learned: the weights of its first layer, and the feature maps of its convolutions."""

from collections.abc import Iterator
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
    """What each image shows: a `filter` or a `unit`."""
    weights: NDArray[np.float32]
    """(n, height, width, channels)."""


def first_layer(model: Any) -> FirstLayer:
    """Return the weights of a Keras model's first convolution, or of its first dense layer if its inputs are pixels.

    Raises:
        InputError: there is no such layer, so there are no weights that could be shown as images.
    """
    import keras

    from mnist_lab.models.description import layers_in_order

    pixels: tuple[int, ...] = ()
    """The shape that was flattened last."""
    for layer in layers_in_order(model):
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
                    f"The first dense layer of this network, {layer.name}, works on {shape} values, not on the pixels "
                    "of an image, so its weights cannot be shown as images.",
                    "--weights needs a network that begins with a convolution, or with flatten and a dense layer.",
                )
    raise InputError(
        "This network has no convolution and no dense layer, or only inside a custom class: no weights to show."
    )


def feature_maps(model: Any, image: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    """Return the output (height, width, n) of each convolution of a Keras model for an image, by layer and in order.

    Raises:
        InputError: there are no convolutions, or only inside a custom class.
    """
    import keras

    from mnist_lab.models.description import every_layer

    kinds = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.SeparableConv2D)
    maps: dict[str, NDArray[np.float32]] = {}
    for layer, output in _outputs(model, [image[np.newaxis]], kinds):
        # Nested models may use the same name.
        name = f"{layer.name} ({len(maps) + 1})" if layer.name in maps else layer.name
        maps[name] = np.asarray(keras.ops.convert_to_numpy(output), dtype=np.float32)[0]
    if not maps:
        inside = any(isinstance(layer, kinds) for layer in every_layer(model))
        raise InputError(
            f"This network has no convolutions{' outside of a custom class' if inside else ''}, so there are no "
            "feature maps to show.",
            None if inside else "--weights shows the weights of its first layer.",
        )
    return maps


def _outputs(model: Any, inputs: list[Any], kinds: tuple[type, ...]) -> Iterator[tuple[Any, Any]]:
    """Yield the layers of these kinds with their outputs, including those in nested models, in order."""
    import keras

    from mnist_lab.models.description import is_graph

    layers = [layer for layer in model.layers if isinstance(layer, kinds) or is_graph(layer)]
    if not layers:
        return
    # The tensors of a nested model are not part of this one: it is evaluated on its own, given its inputs.
    wanted = {
        str(i): layer._inbound_nodes[0].input_tensors if is_graph(layer) else layer.output
        for i, layer in enumerate(layers)
    }
    values: Any = keras.Model(model.inputs, wanted)(inputs, training=False)
    for i, layer in enumerate(layers):
        if is_graph(layer):
            yield from _outputs(layer, values[str(i)], kinds)
        else:
            yield layer, values[str(i)]


def _input_shape(layer: Any) -> tuple[int, ...]:
    return tuple(layer.input.shape[1:])


def _by_depth(kernel: Any) -> NDArray[np.float32]:
    """Return a depthwise kernel (h, w, channels, multiplier) as images (n, h, w, 1)."""
    values = np.asarray(kernel)
    return values.reshape(*values.shape[:2], -1).transpose(2, 0, 1)[..., np.newaxis]
