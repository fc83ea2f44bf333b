"""The layers of a network, and the two ways to declare one: `mlp` and `cnn`; `custom` stands for one built in Python.

Names and defaults are Keras'. To add a layer, add a class here and to `LAYERS`.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from mnist_lab.config.initializers import AnyInitializer, AnyRegularizer, GlorotUniform
from mnist_lab.config.spec import (
    Argument,
    FractionBelowOne,
    Item,
    OneOf,
    OneOfNamed,
    OneOrMore,
    Pair,
    Positive,
    PositiveFloat,
    Spec,
    UnitInterval,
    invalid,
)

Activation = Literal[
    "celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
    "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu",
    "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus",
    "swish", "tanh", "tanh_shrink",
]  # fmt: skip
Function = Annotated[Activation, Field(description="Activation function.")]
Kernel = Annotated[Pair, Field(description="Size of the window: `[height, width]`, or one number for both.")]
Strides = Annotated[Pair, Field(description="Step of the window: `[height, width]`, or one number for both.")]
Padding = Annotated[
    Literal["valid", "same"],
    Field(description="`valid`: none. `same`: zeros at the border, so that a stride of 1 keeps height and width."),
]
Filters = Annotated[Positive, Field(description="Number of output channels.")]
DepthMultiplier = Annotated[
    Positive, Field(description="Output channels of the depthwise convolution for each input channel.")
]
Bias = Annotated[bool, Argument("use_bias"), Field(description="Whether a constant is learned for each output.")]
Epsilon = Annotated[PositiveFloat, Field(description="Added to the variance before the division.")]
Center = Annotated[bool, Field(description="Whether an offset is learned.")]
Scale = Annotated[bool, Field(description="Whether a factor is learned.")]
Initial = Annotated[AnyInitializer, Field(description="Initial weights.")]
Penalty = Annotated[AnyRegularizer | None, Field(description="Penalty on the weights, added to the loss.")]


class Layer(Item):
    """One entry of `model.layers`."""


class Conv(Layer):
    """Two-dimensional convolution."""

    keras = "layers.Conv2D"
    short = "filters"
    filters: Filters
    kernel: Annotated[Kernel, Argument("kernel_size")] = (3, 3)
    strides: Strides = (1, 1)
    padding: Padding = "valid"
    activation: Function = "linear"
    bias: Bias = True
    initializer: Annotated[Initial, Argument("kernel_initializer")] = GlorotUniform()
    regularizer: Annotated[Penalty, Argument("kernel_regularizer")] = None


class DepthwiseConv(Layer):
    """A separate convolution for each input channel."""

    keras = "layers.DepthwiseConv2D"
    short = "kernel"
    kernel: Annotated[Kernel, Argument("kernel_size")] = (3, 3)
    strides: Strides = (1, 1)
    padding: Padding = "valid"
    depth_multiplier: DepthMultiplier = 1
    activation: Function = "linear"
    bias: Bias = True
    initializer: Annotated[Initial, Argument("depthwise_initializer")] = GlorotUniform()
    regularizer: Annotated[Penalty, Argument("depthwise_regularizer")] = None


class SeparableConv(Layer):
    """A depthwise convolution followed by a 1x1 convolution to `filters` channels."""

    keras = "layers.SeparableConv2D"
    short = "filters"
    filters: Filters
    kernel: Annotated[Kernel, Argument("kernel_size")] = (3, 3)
    strides: Strides = (1, 1)
    padding: Padding = "valid"
    depth_multiplier: DepthMultiplier = 1
    activation: Function = "linear"
    bias: Bias = True
    initializer: Annotated[Initial, Argument("pointwise_initializer")] = GlorotUniform()
    depthwise_initializer: AnyInitializer = GlorotUniform()
    """Initial weights of the depthwise convolution; `initializer` is that of the 1x1 convolution."""
    regularizer: Annotated[Penalty, Argument("pointwise_regularizer")] = None


class Pool(Layer):
    """Base class of the two windowed pooling layers."""

    short = "size"
    size: Annotated[Kernel, Argument("pool_size")] = (2, 2)
    strides: Pair | None = None
    """Step of the window; default: its size."""
    padding: Padding = "valid"


class MaxPool(Pool):
    """Maximum over each window."""

    keras = "layers.MaxPooling2D"


class AveragePool(Pool):
    """Mean over each window."""

    keras = "layers.AveragePooling2D"


class GlobalAveragePool(Layer):
    """Mean of each feature map."""

    keras = "layers.GlobalAveragePooling2D"


class GlobalMaxPool(Layer):
    """Maximum of each feature map."""

    keras = "layers.GlobalMaxPooling2D"


class ZeroPad(Layer):
    """Pads each feature map with zeros."""

    keras = "layers.ZeroPadding2D"
    short = "size"
    size: Annotated[Pair, Argument("padding")] = (1, 1)
    """Width of the border: `[top and bottom, left and right]`, or one number for both."""


class BatchNorm(Layer):
    """Batch normalization. PyTorch's defaults correspond to momentum 0.9 and epsilon 1e-5."""

    keras = "layers.BatchNormalization"
    momentum: UnitInterval = 0.99
    """Share of its value that a moving average keeps with each batch."""
    epsilon: Epsilon = 1e-3
    center: Center = True
    scale: Scale = True


class LayerNorm(Layer):
    """Layer normalization over the last axis."""

    keras = "layers.LayerNormalization"
    epsilon: Epsilon = 1e-3
    center: Center = True
    scale: Scale = True


class Dropout(Layer):
    """Sets random values to zero during training."""

    keras = "layers.Dropout"
    short = "rate"
    rate: FractionBelowOne
    """Fraction that is set to zero."""

    @property
    def handicaps_training(self) -> bool:
        """Whether it drops anything."""
        return self.rate > 0


class SpatialDropout(Dropout):
    """Sets random channels to zero during training."""

    keras = "layers.SpatialDropout2D"


class ActivationLayer(Layer):
    """An activation function as a separate layer."""

    key = "activation"
    keras = "layers.Activation"
    short = "function"
    function: Annotated[Function, Argument("activation")]


class Flatten(Layer):
    """Reshapes the image to one vector."""

    keras = "layers.Flatten"


class Rows(Layer):
    """Reshapes each image row to one vector of width x channels values: a dense layer then works row by row."""

    keras = "layers.Reshape"


class Dense(Layer):
    """A fully connected layer on the last axis."""

    keras = "layers.Dense"
    short = "units"
    units: Positive | Literal["classes"]
    """Number of outputs; `classes`: one for each class of the data set."""
    activation: Function = "linear"
    bias: Bias = True
    initializer: Annotated[Initial, Argument("kernel_initializer")] = GlorotUniform()
    regularizer: Annotated[Penalty, Argument("kernel_regularizer")] = None


class Residual(Layer):
    """Adds the input of a block of layers to its output; a 1x1 convolution adapts the channels if they differ."""

    short = "layers"
    layers: Annotated[tuple["AnyLayer", ...], Field(min_length=1)]
    """The layers of the block; they must keep height and width."""


LAYERS = (
    Conv, DepthwiseConv, SeparableConv, MaxPool, AveragePool, GlobalAveragePool, GlobalMaxPool, ZeroPad, BatchNorm,
    LayerNorm, Dropout, SpatialDropout, ActivationLayer, Flatten, Rows, Dense, Residual,
)  # fmt: skip

AnyLayer = Annotated[Layer, OneOf(lambda: LAYERS)]


def every_layer(layers: Iterable[Layer]) -> Iterator[Layer]:
    """All layers, including those inside blocks."""
    for layer in layers:
        yield layer
        if isinstance(layer, Residual):
            yield from every_layer(layer.layers)


class Cnn(Spec):
    """A network written layer by layer."""

    kind: Literal["cnn"]
    """A network written layer by layer."""
    layers: Annotated[tuple[AnyLayer, ...], Field(min_length=1)]
    """The layers in order; the last one must give the class probabilities."""

    @model_validator(mode="after")
    def _ends_in_probabilities(self) -> Self:
        match self.layers[-1]:
            case Dense(activation="softmax") | ActivationLayer(function="softmax"):
                return self
        raise invalid(
            "the last layer must give the class probabilities: expected 'dense: {units: classes, activation: softmax}' "
            f"or 'activation: softmax', received '{self.layers[-1].key}'",
            at=("layers", len(self.layers) - 1),
        )

    @property
    def convolves(self) -> bool:
        """Whether any layer is a convolution, which determines the fastest backend."""
        # Every convolution of Keras has "Conv" in its name, and no other layer does.
        return any("Conv" in layer.keras for layer in every_layer(self.layers))


class Mlp(Spec):
    """Fully connected layers on the flattened image; the softmax output layer is implied."""

    convolves: ClassVar[bool] = False
    kind: Literal["mlp"]
    """Fully connected layers on the flattened image; the softmax output layer is implied."""
    nodes: Annotated[tuple[Positive, ...], OneOrMore]
    """Units of each hidden layer; an empty list makes a softmax regression."""
    activation: Function = "relu"
    dropout: Annotated[tuple[FractionBelowOne, ...], OneOrMore] = (0.0,)
    """Dropout rate after each hidden layer: one for all, or a list with one for each."""
    batch_norm: bool = False
    """Batch normalization after each hidden layer's activation."""
    initializer: Initial = GlorotUniform()
    regularizer: Penalty = None

    @field_validator("dropout")
    @classmethod
    def _one_for_each(cls, rates: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
        """Return a single rate if all are equal, so that both notations compare equal."""
        nodes = info.data.get("nodes", rates)
        if len(rates) not in (1, len(nodes)):
            raise invalid(
                f"expected one dropout rate, or one for each of the {len(nodes)} hidden layers, "
                f"received {len(rates)} rates"
            )
        return rates if len(set(rates)) > 1 else rates[:1]

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The network, layer by layer."""
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


class Custom(Spec):
    """A network that a Python function builds: `mnist_lab.run(config, network=build)`."""

    by_hand = False
    kind: Literal["custom"]
    """A network that a Python function builds: `mnist_lab.run(config, network=build)`."""
    layers: tuple[str, ...] = ()
    """The Keras classes of its layers; filled in by mnist-lab."""
    sha256: str | None = None
    """Hash of everything that describes it, such as Keras' configuration of its layers; filled in by mnist-lab."""

    @property
    def convolves(self) -> bool:
        """Whether any layer is a convolution, which determines the fastest backend."""
        return any("Conv" in name for name in self.layers)

    @property
    def handicaps_training(self) -> bool:
        """Whether a layer acts in training only, as dropout does."""
        return any(word in name for name in self.layers for word in ("Dropout", "Noise", "Random"))


Model = Annotated[Mlp | Cnn | Custom, OneOfNamed(lambda: (Mlp, Cnn, Custom), tag="kind")]
