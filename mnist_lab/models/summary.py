"""The layers of a model with their output shapes, parameter counts and multiplications."""

from dataclasses import asdict, dataclass
from math import prod
from typing import Any

import keras

from mnist_lab.text.tables import MINOR, Column


@dataclass(frozen=True)
class LayerRow:
    """One layer; `output_shape` begins with None for the batch."""

    name: str
    type: str
    output_shape: tuple[int | None, ...]
    parameters: int


@dataclass(frozen=True)
class Parameters:
    """Parameter counts; the non-trainable ones are BatchNorm's moving statistics."""

    trainable: int
    non_trainable: int
    total: int


@dataclass(frozen=True)
class Summary:
    """All layers of a model and its parameter counts."""

    layers: tuple[LayerRow, ...]
    parameters: Parameters
    multiply_adds: int
    """Multiply-accumulate operations of the forward pass of one image; training costs about three times as many."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"layers": [asdict(row) for row in self.layers], "parameters": asdict(self.parameters)} | {
            "multiply_adds": self.multiply_adds
        }

    def table(self) -> tuple[list[Column | str], list[tuple[str, ...]]]:
        """The layers with type, output shape and parameters: columns and rows for `mnist_lab.text.tables`."""
        rows = [
            (layer.name, layer.type, " x ".join(map(str, layer.output_shape[1:])), f"{layer.parameters:,}")
            for layer in self.layers
        ]
        return ["Layer", Column("Type", priority=MINOR), "Output shape", Column("Parameters", number=True)], rows


def summarize(model: keras.Model) -> Summary:
    """Summarize `model`."""
    rows = tuple(
        LayerRow(layer.name, type(layer).__name__, tuple(layer.output.shape), layer.count_params())
        for layer in model.layers
    )
    trainable, fixed = (
        sum(prod(weight.shape) for weight in weights)
        for weights in (model.trainable_weights, model.non_trainable_weights)
    )
    work = sum(_multiply_adds(layer) for layer in model.layers)
    return Summary(rows, Parameters(trainable, fixed, trainable + fixed), work)


def _multiply_adds(layer: Any) -> int:
    """Each value of a kernel is used once per position of the output; other layers are negligible."""
    places = prod(layer.output.shape[1:-1])
    return sum(places * prod(weight.shape) for weight in layer.weights if len(weight.shape) > 1)
