"""Weight initializers and regularizers, under Keras' names."""

from typing import Annotated, Literal

from mnist_lab.config.spec import Item, NonNegative, OneOf, PositiveFloat


class Initializer(Item):
    """Initial values of a layer's kernel."""


class GlorotUniform(Initializer):
    """Uniform, scaled by fan in and fan out (Keras' default)."""

    key = "glorot_uniform"
    keras = "initializers.GlorotUniform"


class GlorotNormal(Initializer):
    """Truncated normal, scaled by fan in and fan out."""

    key = "glorot_normal"
    keras = "initializers.GlorotNormal"


class HeUniform(Initializer):
    """Uniform, scaled by fan in for ReLU."""

    key = "he_uniform"
    keras = "initializers.HeUniform"


class HeNormal(Initializer):
    """Truncated normal, scaled by fan in for ReLU."""

    key = "he_normal"
    keras = "initializers.HeNormal"


class LecunUniform(Initializer):
    """Uniform, scaled by fan in."""

    key = "lecun_uniform"
    keras = "initializers.LecunUniform"


class LecunNormal(Initializer):
    """Truncated normal, scaled by fan in."""

    key = "lecun_normal"
    keras = "initializers.LecunNormal"


class Zeros(Initializer):
    """All zero."""

    key = "zeros"
    keras = "initializers.Zeros"


class Ones(Initializer):
    """All one."""

    key = "ones"
    keras = "initializers.Ones"


class Orthogonal(Initializer):
    """A random orthogonal matrix times `gain`."""

    key = "orthogonal"
    keras = "initializers.Orthogonal"
    short = "gain"
    gain: float = 1.0


class RandomNormal(Initializer):
    """Normal with the given mean and standard deviation."""

    key = "random_normal"
    keras = "initializers.RandomNormal"
    mean: float = 0.0
    stddev: NonNegative = 0.05


class TruncatedNormal(Initializer):
    """Normal, redrawn beyond two standard deviations."""

    key = "truncated_normal"
    keras = "initializers.TruncatedNormal"
    mean: float = 0.0
    stddev: NonNegative = 0.05


class RandomUniform(Initializer):
    """Uniform between two values."""

    key = "random_uniform"
    keras = "initializers.RandomUniform"
    minval: float = -0.05
    maxval: float = 0.05


class VarianceScaling(Initializer):
    """General form of the scaled initializers. Torch's default is scale 1/3, fan_in, uniform."""

    key = "variance_scaling"
    keras = "initializers.VarianceScaling"
    scale: PositiveFloat = 1.0
    mode: Literal["fan_in", "fan_out", "fan_avg"] = "fan_in"
    distribution: Literal["truncated_normal", "untruncated_normal", "uniform"] = "truncated_normal"


INITIALIZERS = (
    GlorotUniform, GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal, Zeros, Ones, Orthogonal,
    RandomNormal, TruncatedNormal, RandomUniform, VarianceScaling,
)  # fmt: skip

AnyInitializer = Annotated[Initializer, OneOf(lambda: INITIALIZERS)]


class Regularizer(Item):
    """A penalty on a layer's kernel, added to the loss."""


class L1(Regularizer):
    """Factor times the sum of absolute values."""

    key = "l1"
    keras = "regularizers.L1"
    short = "l1"
    l1: NonNegative = 0.01


class L2(Regularizer):
    """Factor times the sum of squares."""

    key = "l2"
    keras = "regularizers.L2"
    short = "l2"
    l2: NonNegative = 0.01


class L1L2(Regularizer):
    """Both penalties."""

    key = "l1_l2"
    keras = "regularizers.L1L2"
    l1: NonNegative = 0.0
    l2: NonNegative = 0.0


REGULARIZERS = (L1, L2, L1L2)

AnyRegularizer = Annotated[Regularizer, OneOf(lambda: REGULARIZERS)]
