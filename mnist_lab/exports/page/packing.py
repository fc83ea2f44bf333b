"""A trained network as data: a list of steps, and all weights as one array of float32.

`forward` and the page's `network.js` compute the same from it. Layers without effect on predictions are left out, and
layers that differ only in name become one kind of step:

| step | is |
| --- | --- |
| `affine` | rescaling and batch normalization: a factor and an offset per channel |
| `dense` | dense layers and 1x1 convolutions: a matrix product over the last axis |
| `convolve`, `convolve_depthwise` | convolutions, and depthwise convolutions |
| `pool_max`, `pool_mean` | pooling; global pooling has a window as large as the image |
| `normalize` | layer normalization over the last axis |
| `pad`, `reshape`, `add`, `activation` | what they are called |
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab.errors import InputError

Shape = tuple[int, ...]
Numbers = NDArray[np.float32]


@dataclass(frozen=True)
class Step:
    """One layer, or a part of one."""

    does: str
    shape: Shape
    """Shape of its output, without the batch."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    of: tuple[int, ...] = ()
    """Inputs: 0 is the image, n the output of the nth step, counted from 1."""


@dataclass(frozen=True)
class Packed:
    """A network from raw pixels to class probabilities."""

    input: Shape
    steps: tuple[Step, ...]

    def as_json(self) -> dict[str, Any]:
        """Return everything except the weights themselves: for each, its shape and its place in `numbers`."""
        steps, at = [], 0
        for step in self.steps:
            places = {}
            for name, values in step.weights.items():
                places[name] = {"at": at, "shape": values.shape}
                at += values.size
            known = {"does": step.does, "of": step.of, "shape": step.shape, **step.settings}
            steps.append(known | {"weights": places} if places else known)
        return {"input": self.input, "steps": steps}

    def numbers(self) -> Numbers:
        """Return all weights in one array, little-endian."""
        found = [values.ravel() for step in self.steps for values in step.weights.values()]
        return np.concatenate([np.empty(0, "<f4"), *found], dtype="<f4")


def unpack(known: Mapping[str, Any], numbers: Numbers) -> Packed:
    """Rebuild a network from `as_json` and `numbers`."""
    steps = []
    for one in known["steps"]:
        settings = {key: value for key, value in one.items() if key not in ("does", "of", "shape", "weights")}
        weights = {
            name: numbers[place["at"] : place["at"] + math.prod(place["shape"])].reshape(place["shape"])
            for name, place in one.get("weights", {}).items()
        }
        steps.append(Step(one["does"], tuple(one["shape"]), settings, weights, tuple(one["of"])))
    return Packed(tuple(known["input"]), tuple(steps))


def pack(model: Any) -> Packed:
    """Pack a functional Keras model with one input and one output.

    Raises:
        InputError: it has a layer that no configuration can have.
    """
    import keras

    places = {id(model.inputs[0]): 0}
    steps: list[Step] = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        inputs = keras.tree.flatten(layer.input)
        at = tuple(places[id(tensor)] for tensor in inputs)
        for step in _steps(layer, inputs[0].shape[1:], layer.output.shape[1:]):
            weights = {name: np.ascontiguousarray(values, np.float32) for name, values in step.weights.items()}
            steps.append(replace(step, weights=weights, of=at))
            at = (len(steps),)
        places[id(layer.output)] = at[0]
    return Packed(tuple(model.input_shape[1:]), tuple(steps))


def _steps(layer: Any, before: Shape, after: Shape) -> Iterator[Step]:
    """Yield the steps of a layer with an input of shape `before`; `pack` adds the inputs and rounds the weights."""
    import keras
    from keras import layers

    match layer:
        case layers.Flatten() | layers.Reshape():
            yield Step("reshape", after)
        case layers.Rescaling():
            yield _affine(after, np.asarray(layer.scale), np.asarray(layer.offset))
        case layers.BatchNormalization():
            scale = 1 / np.sqrt(_of(layer.moving_variance) + layer.epsilon)
            scale = scale * _of(layer.gamma) if layer.scale else scale
            offset = -_of(layer.moving_mean) * scale
            yield _affine(after, scale, offset + _of(layer.beta) if layer.center else offset)
        case layers.LayerNormalization():
            ones = np.ones(after[-1])
            weights = {
                "scale": _of(layer.gamma) if layer.scale else ones,
                "offset": _of(layer.beta) if layer.center else 0 * ones,
            }
            yield Step("normalize", after, {"epsilon": layer.epsilon}, weights)
        case layers.Dense():
            yield _dense(after, _of(layer.kernel), layer)
        case layers.Conv2D():
            kernel = _of(layer.kernel)
            if kernel.shape[:2] == (1, 1) and layer.strides == (1, 1):
                yield _dense(after, kernel[0, 0], layer)
            else:
                rows = np.moveaxis(kernel, -1, 0).reshape(after[-1], -1)
                yield Step("convolve", after, _window(layer, before, after), _with_bias(rows, after, layer))
        case layers.DepthwiseConv2D():
            kernel = _of(layer.kernel).reshape(-1, after[-1])
            yield Step("convolve_depthwise", after, _window(layer, before, after), _with_bias(kernel, after, layer))
        case layers.SeparableConv2D():
            kernel = _of(layer.depthwise_kernel).reshape(math.prod(layer.kernel_size), -1)
            between = (*after[:-1], kernel.shape[1])
            yield Step("convolve_depthwise", between, _window(layer, before, after), _with_bias(kernel, between))
            yield _dense(after, _of(layer.pointwise_kernel)[0, 0], layer)
        case layers.MaxPooling2D():
            yield Step("pool_max", after, _window(layer, before, after))
        case layers.AveragePooling2D():
            yield Step("pool_mean", after, _window(layer, before, after))
        case layers.GlobalMaxPooling2D() | layers.GlobalAveragePooling2D():
            whole = {"window": before[:2], "strides": (1, 1), "before": (0, 0)}
            does = "pool_max" if isinstance(layer, layers.GlobalMaxPooling2D) else "pool_mean"
            yield Step(does, (1, 1, before[2]), whole)
            yield Step("reshape", after)
        case layers.ZeroPadding2D():
            (top, _), (left, _) = layer.padding
            yield Step("pad", after, {"before": (top, left)})
        case layers.Add():
            yield Step("add", after)
        case layers.Activation() | layers.Dropout() | layers.SpatialDropout2D():
            pass
        case _:
            raise InputError(
                f"HTML does not support {type(layer).__name__} ({layer.name}), only the layers of configurations.",
                "Other formats take any layer of Keras: --format onnx.",
            )
    function = getattr(layer, "activation", None)
    if function and (name := keras.activations.serialize(function)) != "linear":
        yield Step("activation", after, {"function": name})


def _affine(shape: Shape, scale: NDArray[Any], offset: NDArray[Any]) -> Step:
    weights = {"scale": np.broadcast_to(scale, shape[-1:]), "offset": np.broadcast_to(offset, shape[-1:])}
    return Step("affine", shape, weights=weights)


def _dense(shape: Shape, kernel: NDArray[np.float64], layer: Any) -> Step:
    """Return a product with the kernel (inputs, outputs), stored as (outputs, inputs)."""
    return Step("dense", shape, weights=_with_bias(kernel.T, shape, layer))


def _with_bias(kernel: NDArray[np.float64], shape: Shape, layer: Any = None) -> dict[str, NDArray[np.float64]]:
    """Return the kernel, and the bias of `layer`, or zeros if it has none."""
    return {"kernel": kernel, "bias": _of(layer.bias) if layer and layer.use_bias else np.zeros(shape[-1])}


def _window(layer: Any, before: Shape, after: Shape) -> dict[str, Any]:
    """Return the window, its strides, and how far above and left of the image the first one begins."""
    window = layer.pool_size if hasattr(layer, "pool_size") else layer.kernel_size
    missing: Sequence[int] = (0, 0)
    if layer.padding == "same":
        missing = [
            max((outputs - 1) * stride + side - inputs, 0)
            for inputs, outputs, stride, side in zip(before, after, layer.strides, window, strict=False)
        ]
    return {"window": window, "strides": layer.strides, "before": [total // 2 for total in missing]}


def _of(weight: Any) -> NDArray[np.float64]:
    import keras

    return np.asarray(keras.ops.convert_to_numpy(weight), np.float64)
