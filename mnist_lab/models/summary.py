"""The layers of a model with their output shapes, parameter counts and multiply-adds."""

from dataclasses import dataclass
from math import prod
from typing import Any

import keras

from mnist_lab.models.description import layers_in_order, output_shape
from mnist_lab.text.tables import MINOR, Column

_KERNELS = ("Dense", "Conv1D", "Conv2D", "DepthwiseConv", "SeparableConv")
"""Name prefixes of the Keras layers whose kernel is applied once per output position."""


@dataclass(frozen=True)
class LayerRow:
    """One layer; `output_shape` begins with None for the batch."""

    name: str
    type: str
    output_shape: tuple[int | None, ...]
    parameters: int


@dataclass(frozen=True)
class Parameters:
    """Parameter counts; non-trainable ones are BatchNorm's statistics or, in a custom network, frozen weights."""

    trainable: int
    non_trainable: int
    total: int


@dataclass(frozen=True)
class Summary:
    """All layers of a model and its parameter counts."""

    layers: tuple[LayerRow, ...]
    parameters: Parameters
    multiply_adds: int | None
    """Multiply-adds of the forward pass of one image; training costs about three times as many. None if unknown for a
    layer, which happens only in custom networks."""

    def training_flops(self, images: int) -> int | None:
        """Return the floating-point operations of training on this many images, over all epochs; None if unknown.

        Two per multiply-add; the backward pass costs twice the forward pass.
        """
        return None if self.multiply_adds is None else 3 * 2 * self.multiply_adds * images

    def table(self) -> tuple[list[Column | str], list[tuple[str, ...]]]:
        """Return the layers with type, output shape and parameters: columns and rows for `mnist_lab.text.tables`."""
        rows = [
            (layer.name, layer.type, " x ".join(map(str, layer.output_shape[1:])), f"{layer.parameters:,}")
            for layer in self.layers
        ]
        return ["Layer", Column("Type", priority=MINOR), "Output shape", Column("Parameters", number=True)], rows


def summarize(model: keras.Model) -> Summary:
    """Summarize `model`."""
    layers = list(layers_in_order(model))
    rows = tuple(
        LayerRow(layer.name, type(layer).__name__, output_shape(layer), layer.count_params()) for layer in layers
    )
    trainable, fixed = (
        sum(prod(weight.shape) for weight in weights)
        for weights in (model.trainable_weights, model.non_trainable_weights)
    )
    work = [_multiply_adds(layer) for layer in layers]
    known = [count for count in work if count is not None]
    parameters = Parameters(trainable, fixed, trainable + fixed)
    return Summary(rows, parameters, sum(known) if len(known) == len(work) else None)


def _multiply_adds(layer: Any) -> int | None:
    """Return the multiply-adds of a layer: each value of a kernel is used once per output position.

    Layers without kernels are negligible and have 0. None for a layer whose matrices are used in an unknown way, or
    that is used more than once.
    """
    places, kernels = output_shape(layer)[1:-1], [weight for weight in layer.weights if len(weight.shape) > 1]
    if not kernels:
        return 0
    if not type(layer).__name__.startswith(_KERNELS) or None in places or len(layer._inbound_nodes) > 1:
        return None
    return sum(prod(places) * prod(weight.shape) for weight in kernels)
