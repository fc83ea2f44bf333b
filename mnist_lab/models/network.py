"""Builds the network: raw pixels in, preprocessing, the configured layers, class probabilities out."""

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from mnist_lab.config.layers import (
    Conv,
    Custom,
    Dense,
    DepthwiseConv,
    Dropout,
    GlobalAveragePool,
    GlobalMaxPool,
    Layer,
    Pool,
    Residual,
    Rows,
    SeparableConv,
    SpatialDropout,
    ZeroPad,
)
from mnist_lab.config.schema import Config, Preprocess, Rescale, Standardize
from mnist_lab.config.spec import Argument, Item, Spec
from mnist_lab.errors import ConfigError, first_line
from mnist_lab.models.description import is_graph
from mnist_lab.models.memory import check_weights

Shape = tuple[int, ...]

_ON_IMAGES = (
    Conv, DepthwiseConv, SeparableConv, Pool, GlobalAveragePool, GlobalMaxPool, ZeroPad, SpatialDropout, Rows,
)  # fmt: skip
"""Layers whose input has height, width and channels."""


def from_config(config: Config, *, image_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Build the network of a configuration, from raw pixels (batch, *image_shape) to probabilities (batch, classes).

    The shape is height, width and channels, and pixels are in 0..255. All layers have the dtype policy
    `train.precision` except the last, which stays in float32. The initial weights follow from Keras' global seed.

    Raises:
        ConfigError: the layers do not fit the images or each other (names the layer and the shape there), or the
            network is custom.
        TooLargeError: a layer's weights do not fit into memory.
    """
    model = config.model
    if isinstance(model, Custom):
        raise ConfigError(
            "model: a custom network is built by a Python function, which a configuration does not contain.",
            "Give the function from Python: mnist_lab.run(config, network=build).",
        )

    def network(tensor: Any) -> Any:
        blocks = _Blocks(classes, config.train.precision)
        tensor = blocks.apply(model.layers, tensor, where="model.layers", last=True)
        if _shape(tensor) != (classes,):
            raise ConfigError(
                f"model.layers: expected one probability per class, an output of shape ({classes},); "
                f"received {_shape(tensor)}.",
                "Use `units: classes` in the last dense layer."
                if len(_shape(tensor)) == 1
                else "Add `flatten` or `global_average_pool` before the last layer.",
            )
        return tensor

    return after_preprocessing(network, config, image_shape=image_shape)


def after_preprocessing(
    network: Callable[[Any], Any], config: Config, *, image_shape: tuple[int, int, int]
) -> keras.Model:
    """Return the model that preprocesses raw pixels (batch, *image_shape) in 0..255 and applies `network`.

    `network` has one input and one output; `config` has the preprocessing, its precision and the model's name;
    `image_shape` is height, width and channels.

    Raises:
        ConfigError: the preprocessing does not fit the image.
        ValueError, TypeError: `network` does not fit the preprocessed image.
    """
    inputs = keras.Input(shape=image_shape, name="pixels")
    outputs = network(_preprocess(inputs, config.data.preprocess, config.train.precision))
    # TensorFlow allows no other characters in the name of a scope, and neither `_` nor `-` at its start.
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", str(config.name)).lstrip("_-") or "model"
    return keras.Model(inputs, outputs, name=name)


def for_training(model: keras.Model, augmentation: Sequence[keras.layers.Layer]) -> tuple[keras.Model, bool]:
    """Return the network to train (augmentation, then `model`, whose weights it shares), and whether it outputs logits.

    If `model` ends in a softmax, it outputs logits: their loss is exact where that of a saturated softmax is clipped,
    on JAX and PyTorch to a gradient of zero. It is a separate model even without augmentation, so compiling it adds no
    training state to `model`.
    """
    inputs = keras.Input(shape=model.input_shape[1:], name="images")
    tensor = inputs
    for layer in augmentation:
        tensor = layer(tensor)
    last: Any = model.layers[-1]
    if is_graph(last):  # a custom network after the preprocessing
        tensor = keras.Model(model.inputs, model.layers[-2].output, name=model.name)(tensor)
        model, last = last, last.layers[-1]
    if getattr(last, "activation", None) is not keras.activations.softmax or last.output is not model.outputs[0]:
        return keras.Model(inputs, model(tensor), name="training"), False
    tensor = keras.Model(model.inputs, last.input, name=model.name)(tensor)
    if isinstance(last, keras.layers.Dense):
        tensor = _WithoutActivation(last, name="logits")(tensor)
    return keras.Model(inputs, tensor, name="training"), True


class _WithoutActivation(keras.layers.Layer):
    """The affine map of a dense layer, sharing its weights."""

    def __init__(self, dense: keras.layers.Dense, *, name: str) -> None:
        super().__init__(dtype=dense.dtype_policy, name=name)
        self.dense: Any = dense

    def call(self, features: Any) -> Any:
        logits = keras.ops.matmul(features, self.dense.kernel)
        return logits + self.dense.bias if self.dense.use_bias else logits


def construct(spec: Spec, **given: Any) -> Any:
    """Construct the Keras object whose class `spec.keras` names.

    Each field becomes the argument of its name, or of the name its `Argument` gives; `given` adds arguments and
    overrides fields. The field `name` is the discriminator of the specification and not an argument.
    """
    arguments: dict[str, Any] = {}
    for name, field in type(spec).model_fields.items():
        if name != "name":
            renamed = next((extra.name for extra in field.metadata if isinstance(extra, Argument)), name)
            value = getattr(spec, name)
            arguments[renamed] = construct(value) if isinstance(value, Item) else value
    module, class_name = spec.keras.split(".")  # type: ignore[attr-defined]
    return getattr(getattr(keras, module), class_name)(**(arguments | given))


def _preprocess(pixels: Any, preprocess: Preprocess, precision: str) -> Any:
    match preprocess:
        case Rescale():
            return keras.layers.Rescaling(1 / 255, dtype=precision, name="rescale")(pixels)
        case Standardize(mean=mean, std=std):
            channels = pixels.shape[-1]
            for name, values in (("mean", mean), ("std", std)):
                if len(values) not in (1, channels):
                    each = f", or one for each of the {channels} channels" if channels > 1 else ""
                    raise ConfigError(
                        f"data.preprocess.standardize.{name}: expected one number{each}, received {len(values)}."
                    )
            scale = [1 / (255 * value) for value in std]
            offset = [-m / s for m, s in np.broadcast(mean, std)]
            scale, offset = (values[0] if len(values) == 1 else values for values in (scale, offset))
            return keras.layers.Rescaling(scale, offset, dtype=precision, name="standardize")(pixels)
        case _:
            return pixels


class _Blocks:
    """Applies layer specifications in sequence; names each layer by its key and a count."""

    def __init__(self, classes: int, precision: str) -> None:
        self.classes = classes
        self.precision = precision
        self.counts = Counter[str]()

    def apply(self, layers: Sequence[Layer], tensor: Any, *, where: str, last: bool = False) -> Any:
        for i, spec in enumerate(layers):
            precision = "float32" if last and i == len(layers) - 1 else self.precision
            here = f"{where}[{i}].{spec.key}"
            shape = _shape(tensor)
            _check_input(spec, shape, here)
            try:
                tensor = self._one(spec, tensor, here, precision)
            except (ValueError, TypeError) as error:
                raise ConfigError(f"{here}: does not fit here, where the shape is {shape}: {reason(error)}") from error
        return tensor

    def _one(self, spec: Layer, tensor: Any, where: str, precision: str) -> Any:
        self.counts[spec.key] += 1
        name = f"{spec.key}_{self.counts[spec.key]}"
        given: dict[str, Any] = {}
        match spec:
            case Residual(layers=layers):
                return self._residual(layers, tensor, where, name)
            case Rows():
                _, height, width, channels = tensor.shape
                given["target_shape"] = (height, width * channels)
            case Dense(units="classes"):
                given["units"] = self.classes
            case Dropout(rate=rate) if rate:
                # Keras would draw the same seed, but on PyTorch then use a generator that is not in the checkpoint.
                given["seed"] = random.randint(1, 10**9)
        layer = construct(spec, dtype=precision, name=name, **given)
        check_weights(layer, where)
        return layer(tensor)

    def _residual(self, layers: Sequence[Layer], tensor: Any, where: str, name: str) -> Any:
        inner = self.apply(layers, tensor, where=where)
        same_axes = len(inner.shape) == len(tensor.shape)
        added = tensor
        if same_axes and inner.shape[1:] != tensor.shape[1:]:
            added = self._projected(tensor, inner.shape, f"{name}_projection")
        if inner.shape[1:] != added.shape[1:]:
            raise ConfigError(
                f"{where}: the block turns {_shape(tensor)} into {_shape(inner)}, so its input cannot be added to its "
                "output.",
                "Use `padding: same` in its layers."
                if same_axes
                else "Use layers that change the dimensions, such as `flatten`, only after the block.",
            )
        return keras.layers.Add(dtype=self.precision, name=name)([inner, added])

    def _projected(self, tensor: Any, shape: Shape, name: str) -> Any:
        """Project the input of a block, as far as strides can, to the shape of its output.

        There is no bias (He et al. 2015, option B).
        """
        how: dict[str, Any] = {"use_bias": False, "dtype": self.precision, "name": name}
        if len(shape) == 2:
            layer = keras.layers.Dense(shape[-1], **how)
        else:
            strides = [-(-before // after) for before, after in zip(tensor.shape[1:3], shape[1:3], strict=True)]
            layer = keras.layers.Conv2D(shape[-1], 1, strides=strides, padding="same", **how)
        check_weights(layer, name)
        return layer(tensor)


def reason(error: Exception) -> str:
    """Return Keras' message: its bold part, if wrapped in a description of a call's arguments, else the first line."""
    bold = re.search(r"\x1b\[1m(.+?)\x1b\[0m", str(error), re.DOTALL)
    return bold[1].strip().partition("\n")[0] if bold else first_line(error)


def _check_input(spec: Layer, shape: Shape, where: str) -> None:
    """Raise a ConfigError for the commonest mistakes, which Keras reports in its own terms."""
    if isinstance(spec, _ON_IMAGES) and len(shape) != 3:
        raise ConfigError(
            f"{where}: expected an input of height, width and channels, received shape {shape}.",
            "Put it before layers that change the dimensions, such as `flatten`.",
        )
    match spec:
        case (
            Conv(kernel=window, padding="valid")
            | DepthwiseConv(kernel=window, padding="valid")
            | SeparableConv(kernel=window, padding="valid")
        ):
            what = "kernel"
        case Pool(size=window, padding="valid"):
            what = "window"
        case _:
            return
    height, width, _ = shape
    if window[0] > height or window[1] > width:
        raise ConfigError(
            f"{where}: the {what}, {window[0]} x {window[1]}, is larger than its input, {height} x {width}.",
            f"Use a smaller {what}, `padding: same`, or fewer pooling layers.",
        )


def _shape(tensor: Any) -> Shape:
    return tuple(tensor.shape[1:])
