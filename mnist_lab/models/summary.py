"""The layer table of a model: types, output shapes and parameter counts."""

from dataclasses import asdict, dataclass
from math import prod
from typing import Any

import keras


@dataclass(frozen=True)
class LayerRow:
    """One layer; `output_shape` begins with None for the batch."""

    name: str
    type: str
    output_shape: tuple[int | None, ...]
    parameters: int


@dataclass(frozen=True)
class Parameters:
    """How many numbers the model holds; the non-trainable ones are BatchNorm's moving statistics."""

    trainable: int
    non_trainable: int
    total: int


@dataclass(frozen=True)
class Summary:
    """All layers of a model and its parameter counts."""

    layers: tuple[LayerRow, ...]
    parameters: Parameters

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"layers": [asdict(row) for row in self.layers], "parameters": asdict(self.parameters)}


def summarize(model: keras.Model) -> Summary:
    """The layer table of `model`."""
    rows = tuple(
        LayerRow(layer.name, type(layer).__name__, tuple(layer.output.shape), layer.count_params())
        for layer in model.layers
    )
    trainable, fixed = (
        sum(prod(weight.shape) for weight in weights)
        for weights in (model.trainable_weights, model.non_trainable_weights)
    )
    return Summary(rows, Parameters(trainable, fixed, trainable + fixed))
