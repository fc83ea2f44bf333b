"""Weight initializers and regularizers, under Keras' names."""

from typing import Annotated, Any, Literal

from mnist_lab.config.spec import Item, NonNegative, OneOf, PositiveFloat


class Initializer(Item):
    """Initial values of a layer's weights; each class stands for the Keras class of the same name."""

    def __init_subclass__(cls, **_: Any) -> None:
        super().__init_subclass__()
        cls.keras = f"initializers.{cls.__name__}"


class GlorotUniform(Initializer):
    """Uniform, scaled by fan in and fan out (Keras' default)."""


class GlorotNormal(Initializer):
    """Truncated normal, scaled by fan in and fan out."""


class HeUniform(Initializer):
    """Uniform, scaled by fan in for ReLU."""


class HeNormal(Initializer):
    """Truncated normal, scaled by fan in for ReLU."""


class LecunUniform(Initializer):
    """Uniform, scaled by fan in."""


class LecunNormal(Initializer):
    """Truncated normal, scaled by fan in."""


class Zeros(Initializer):
    """All zeros."""


class Ones(Initializer):
    """All ones."""


class Orthogonal(Initializer):
    """A random orthogonal matrix."""

    short = "gain"
    gain: float = 1.0
    """Factor on the matrix."""


class RandomNormal(Initializer):
    """Normal."""

    mean: float = 0.0
    """Mean."""
    stddev: NonNegative = 0.05
    """Standard deviation."""


class TruncatedNormal(RandomNormal):
    """Normal; values beyond two standard deviations are redrawn."""


class RandomUniform(Initializer):
    """Uniform between two values."""

    minval: float = -0.05
    """Lower end."""
    maxval: float = 0.05
    """Upper end."""


class VarianceScaling(Initializer):
    """Scaled by the number of connections. PyTorch's default for layers is scale 1/3, fan_in, uniform."""

    scale: PositiveFloat = 1.0
    """Factor on the variance."""
    mode: Literal["fan_in", "fan_out", "fan_avg"] = "fan_in"
    """Number of connections that the variance is divided by."""
    distribution: Literal["truncated_normal", "untruncated_normal", "uniform"] = "truncated_normal"
    """Distribution to draw from."""


INITIALIZERS = (
    GlorotUniform, GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal, Zeros, Ones, Orthogonal,
    RandomNormal, TruncatedNormal, RandomUniform, VarianceScaling,
)  # fmt: skip

AnyInitializer = Annotated[Initializer, OneOf(lambda: INITIALIZERS)]


class Regularizer(Item):
    """A penalty on a layer's weights, added to the loss; each class stands for the Keras class of the same name."""

    def __init_subclass__(cls, **_: Any) -> None:
        super().__init_subclass__()
        cls.keras = f"regularizers.{cls.__name__}"


class L1(Regularizer):
    """Sum of absolute values."""

    short = "l1"
    l1: NonNegative = 0.01
    """Factor."""


class L2(Regularizer):
    """Sum of squares."""

    short = "l2"
    l2: NonNegative = 0.01
    """Factor."""


class L1L2(Regularizer):
    """Both penalties."""

    l1: NonNegative = 0.0
    """Factor of the sum of absolute values."""
    l2: NonNegative = 0.0
    """Factor of the sum of squares."""


REGULARIZERS = (L1, L2, L1L2)

AnyRegularizer = Annotated[Regularizer, OneOf(lambda: REGULARIZERS)]
