"""The layers of a network, and the two ways to declare one: `mlp` and `cnn`.

Names and defaults are Keras'. Adding a layer is adding a class here and its name to `LAYERS`.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from mnist_lab.config.initializers import AnyInitializer, AnyRegularizer, GlorotUniform
from mnist_lab.config.spec import (
    Argument,
    Item,
    OneOf,
    OneOfNamed,
    OneOrMore,
    Pair,
    Positive,
    PositiveFloat,
    Probability,
    Rate,
    Spec,
)

Activation = Literal[
    "celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
    "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu",
    "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus",
    "swish", "tanh", "tanh_shrink",
]  # fmt: skip
Padding = Literal["valid", "same"]


class Layer(Item):
    """One entry of `model.layers`."""

    convolves: ClassVar[bool] = False


class Conv(Layer):
    """Two-dimensional convolution."""

    key = "conv"
    convolves = True
    keras = "layers.Conv2D"
    short = "filters"
    filters: Positive
    kernel: Annotated[Pair, Argument("kernel_size")] = (3, 3)
    strides: Pair = (1, 1)
    padding: Padding = "valid"
    activation: Activation = "linear"
    bias: Annotated[bool, Argument("use_bias")] = True
    initializer: Annotated[AnyInitializer, Argument("kernel_initializer")] = GlorotUniform()
    regularizer: Annotated[AnyRegularizer | None, Argument("kernel_regularizer")] = None


class DepthwiseConv(Layer):
    """Convolution of each channel separately, with `depth_multiplier` output channels per input channel."""

    key = "depthwise_conv"
    convolves = True
    keras = "layers.DepthwiseConv2D"
    short = "kernel"
    kernel: Annotated[Pair, Argument("kernel_size")] = (3, 3)
    strides: Pair = (1, 1)
    padding: Padding = "valid"
    depth_multiplier: Positive = 1
    activation: Activation = "linear"
    bias: Annotated[bool, Argument("use_bias")] = True
    initializer: Annotated[AnyInitializer, Argument("depthwise_initializer")] = GlorotUniform()
    regularizer: Annotated[AnyRegularizer | None, Argument("depthwise_regularizer")] = None


class SeparableConv(Layer):
    """A depthwise convolution followed by a 1x1 convolution to `filters` channels."""

    key = "separable_conv"
    convolves = True
    keras = "layers.SeparableConv2D"
    short = "filters"
    filters: Positive
    kernel: Annotated[Pair, Argument("kernel_size")] = (3, 3)
    strides: Pair = (1, 1)
    padding: Padding = "valid"
    depth_multiplier: Positive = 1
    activation: Activation = "linear"
    bias: Annotated[bool, Argument("use_bias")] = True
    initializer: Annotated[AnyInitializer, Argument("pointwise_initializer")] = GlorotUniform()
    depthwise_initializer: AnyInitializer = GlorotUniform()
    regularizer: Annotated[AnyRegularizer | None, Argument("pointwise_regularizer")] = None


class Pool(Layer):
    """Base of windowed pooling; `strides` defaults to `size`."""

    short = "size"
    size: Annotated[Pair, Argument("pool_size")] = (2, 2)
    strides: Pair | None = None
    padding: Padding = "valid"


class MaxPool(Pool):
    """Maximum over each window."""

    key = "max_pool"
    keras = "layers.MaxPooling2D"


class AveragePool(Pool):
    """Mean over each window."""

    key = "average_pool"
    keras = "layers.AveragePooling2D"


class GlobalAveragePool(Layer):
    """Mean of each feature map."""

    key = "global_average_pool"
    keras = "layers.GlobalAveragePooling2D"


class GlobalMaxPool(Layer):
    """Maximum of each feature map."""

    key = "global_max_pool"
    keras = "layers.GlobalMaxPooling2D"


class ZeroPad(Layer):
    """Pads each feature map with zeros."""

    key = "zero_pad"
    keras = "layers.ZeroPadding2D"
    short = "size"
    size: Annotated[Pair, Argument("padding")] = (1, 1)


class BatchNorm(Layer):
    """Batch normalisation. Torch's defaults are Keras' momentum 0.9, epsilon 1e-5."""

    key = "batch_norm"
    keras = "layers.BatchNormalization"
    momentum: Probability = 0.99
    epsilon: PositiveFloat = 1e-3
    center: bool = True
    scale: bool = True


class LayerNorm(Layer):
    """Layer normalisation over the last axis."""

    key = "layer_norm"
    keras = "layers.LayerNormalization"
    epsilon: PositiveFloat = 1e-3
    center: bool = True
    scale: bool = True


class Dropout(Layer):
    """Drops individual values with probability `rate` during training."""

    key = "dropout"
    keras = "layers.Dropout"
    short = "rate"
    rate: Rate

    @property
    def handicaps_training(self) -> bool:
        """Unless it drops nothing."""
        return self.rate > 0


class SpatialDropout(Layer):
    """Drops whole channels with probability `rate` during training."""

    key = "spatial_dropout"
    keras = "layers.SpatialDropout2D"
    short = "rate"
    rate: Rate

    @property
    def handicaps_training(self) -> bool:
        """Unless it drops nothing."""
        return self.rate > 0


class ActivationLayer(Layer):
    """An activation function as a separate layer."""

    key = "activation"
    keras = "layers.Activation"
    short = "function"
    function: Annotated[Activation, Argument("activation")]


class Flatten(Layer):
    """Flattens each image to a vector."""

    key = "flatten"
    keras = "layers.Flatten"


class Rows(Layer):
    """Reshapes each image row to a vector of width x channels values, so that a dense layer works row by row."""

    key = "rows"
    keras = "layers.Reshape"


class Dense(Layer):
    """A fully connected layer on the last axis; `units: classes` means one unit per class."""

    key = "dense"
    keras = "layers.Dense"
    short = "units"
    units: Positive | Literal["classes"]
    activation: Activation = "linear"
    bias: Annotated[bool, Argument("use_bias")] = True
    initializer: Annotated[AnyInitializer, Argument("kernel_initializer")] = GlorotUniform()
    regularizer: Annotated[AnyRegularizer | None, Argument("kernel_regularizer")] = None


class Residual(Layer):
    """Adds the input of a block to its output; a 1x1 convolution matches the channels if they differ."""

    key = "residual"
    short = "layers"
    layers: Annotated[tuple["AnyLayer", ...], Field(min_length=1)]


LAYERS = (
    Conv, DepthwiseConv, SeparableConv, MaxPool, AveragePool, GlobalAveragePool, GlobalMaxPool, ZeroPad, BatchNorm,
    LayerNorm, Dropout, SpatialDropout, ActivationLayer, Flatten, Rows, Dense, Residual,
)  # fmt: skip

AnyLayer = Annotated[Layer, OneOf(lambda: LAYERS)]


def _with_inner(layers: Iterable[Layer]) -> Iterator[Layer]:
    for layer in layers:
        yield layer
        if isinstance(layer, Residual):
            yield from _with_inner(layer.layers)


class Cnn(Spec):
    """A network declared layer by layer; the last one must output the class probabilities."""

    kind: Literal["cnn"]
    layers: Annotated[tuple[AnyLayer, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ends_in_probabilities(self) -> Self:
        match self.layers[-1]:
            case Dense(activation="softmax") | ActivationLayer(function="softmax"):
                return self
        raise PydanticCustomError(
            "no_probabilities",
            "the last layer must give the class probabilities: expected {expected}, received '{last}'",
            {
                "expected": "'dense: {units: classes, activation: softmax}' or 'activation: softmax'",
                "last": self.layers[-1].key,
                "at": ("layers", len(self.layers) - 1),
            },
        )

    def every_layer(self) -> Iterator[Layer]:
        """All layers, including those inside blocks."""
        return _with_inner(self.layers)

    @property
    def convolves(self) -> bool:
        """Whether any layer is a convolution, which determines the fastest backend."""
        return any(layer.convolves for layer in self.every_layer())


class Mlp(Spec):
    """Fully connected layers of `nodes` on the flattened image; the softmax output layer is implied."""

    kind: Literal["mlp"]
    nodes: Annotated[tuple[Positive, ...], OneOrMore]
    """Nodes of each hidden layer; an empty list is a softmax regression."""
    activation: Activation = "relu"
    dropout: Annotated[tuple[Rate, ...], OneOrMore] = (0.0,)
    """Dropout after each hidden layer: one rate for all, or one per layer."""
    batch_norm: bool = False
    """Batch normalisation after each hidden layer's activation."""
    initializer: AnyInitializer = GlorotUniform()
    regularizer: AnyRegularizer | None = None

    @field_validator("dropout")
    @classmethod
    def _one_for_each(cls, rates: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
        """A single rate if all are equal, so that both notations are equal."""
        nodes = info.data.get("nodes", rates)
        if len(rates) not in (1, len(nodes)):
            raise PydanticCustomError(
                "dropout_count",
                "expected one dropout rate, or one for each of the {nodes} hidden layers, received {rates} rates",
                {"nodes": len(nodes), "rates": len(rates)},
            )
        return rates if len(set(rates)) > 1 else rates[:1]

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The same network layer by layer."""
        rates = self.dropout * len(self.nodes) if len(self.dropout) == 1 else self.dropout
        layers: list[Layer] = [Flatten()]
        for nodes, rate in zip(self.nodes, rates, strict=True):
            layers.append(
                Dense(
                    units=nodes,
                    activation=self.activation,
                    initializer=self.initializer,
                    regularizer=self.regularizer,
                )
            )
            if self.batch_norm:
                layers.append(BatchNorm())
            if rate:
                layers.append(Dropout(rate=rate))
        return (*layers, Dense(units="classes", activation="softmax"))

    def every_layer(self) -> Iterator[Layer]:
        """The same as `layers`: there are no blocks."""
        return iter(self.layers)

    @property
    def convolves(self) -> bool:
        """Never."""
        return False


Model = Annotated[Mlp | Cnn, OneOfNamed(lambda: (Mlp, Cnn), tag="kind")]
