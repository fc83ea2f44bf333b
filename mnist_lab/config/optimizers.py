"""All optimizers of Keras except wrappers, with their own arguments and Keras' defaults.

To add one, add a class here and to `OPTIMIZERS`.
"""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from mnist_lab.config.spec import (
    FractionBelowOne,
    NonNegative,
    OneOfNamed,
    Positive,
    PositiveFloat,
    Spec,
    UnitInterval,
    invalid,
)

LearningRate = Annotated[PositiveFloat, Field(description="Learning rate; a schedule multiplies it.")]
Epsilon = Annotated[NonNegative, Field(description="Small constant for numerical stability.")]
Beta1 = Annotated[FractionBelowOne, Field(description="Decay rate of the first moment's average.")]
Beta2 = Annotated[FractionBelowOne, Field(description="Decay rate of the second moment's average.")]
Rho = Annotated[UnitInterval, Field(description="Decay rate of the squared gradients' average.")]
Momentum = Annotated[FractionBelowOne, Field(description="Momentum.")]
Nesterov = Annotated[bool, Field(description="Whether to use Nesterov momentum.")]
AmsGrad = Annotated[bool, Field(description="Whether to use AMSGrad, which keeps the largest second moment so far.")]
Accumulator = Annotated[NonNegative, Field(description="Initial value of the sum of squared gradients.")]


class Optimizer(Spec):
    """Settings common to all optimizers; each class stands for the Keras class of the same name."""

    keras: ClassVar[str]
    """The Keras class this stands for, below `keras`."""

    name: Any
    learning_rate: LearningRate = 0.001
    weight_decay: NonNegative | None = None
    """Decoupled weight decay."""
    clipnorm: PositiveFloat | None = None
    """Clips the gradient of each weight tensor to this norm."""
    clipvalue: PositiveFloat | None = None
    """Clips each component of the gradients to this absolute value."""
    global_clipnorm: PositiveFloat | None = None
    """Clips the gradients of all weights, taken together, to this norm."""
    use_ema: bool = False
    """Whether validation, test and the saved model use an exponential moving average of the weights."""
    ema_momentum: UnitInterval = 0.99
    """Momentum of that average."""
    ema_overwrite_frequency: Positive | None = None
    """Steps after which the weights themselves are replaced by their average; default: never."""
    gradient_accumulation_steps: Annotated[int, Field(ge=2)] | None = None
    """Batches whose gradients are averaged for one step."""

    def __init_subclass__(cls, **_: Any) -> None:
        cls.keras = f"optimizers.{cls.__name__}"

    @model_validator(mode="after")
    def _one_clipping(self) -> Self:
        given = [name for name in ("clipnorm", "clipvalue", "global_clipnorm") if getattr(self, name) is not None]
        if len(given) > 1:
            received = " and ".join(given)
            raise invalid(f"expected at most one way to clip gradients, received {received}", at=(given[1],))
        return self


class MomentEstimating(Optimizer):
    """Settings common to Adam and similar optimizers."""

    beta_1: Beta1 = 0.9
    beta_2: Beta2 = 0.999
    epsilon: Epsilon = 1e-7


class Adadelta(Optimizer):
    """Zeiler 2012."""

    name: Literal["adadelta"]
    rho: Rho = 0.95
    epsilon: Epsilon = 1e-7


class Adafactor(Optimizer):
    """Shazeer and Stern 2018."""

    name: Literal["adafactor"]
    beta_2_decay: float = -0.8
    """Exponent of the decay of the second moment's average."""
    epsilon_1: NonNegative = 1e-30
    """Added to the squared gradients."""
    epsilon_2: NonNegative = 1e-3
    """Lower bound of the root mean square of the weights, which scales the learning rate."""
    clip_threshold: PositiveFloat = 1.0
    """Largest root mean square of an update."""
    relative_step: bool = True
    """Whether the learning rate is at most the inverse square root of the step."""


class Adagrad(Optimizer):
    """Duchi et al. 2011."""

    name: Literal["adagrad"]
    initial_accumulator_value: Accumulator = 0.1
    epsilon: Epsilon = 1e-7


class Adam(MomentEstimating):
    """Kingma and Ba 2014."""

    name: Literal["adam"]
    amsgrad: AmsGrad = False


class AdamW(MomentEstimating):
    """Loshchilov and Hutter 2019: Adam with decoupled weight decay."""

    name: Literal["adamw"]
    weight_decay: NonNegative = 0.004  # pyright: ignore[reportIncompatibleVariableOverride]  frozen, so sound
    """Decoupled weight decay."""
    amsgrad: AmsGrad = False


class Adamax(MomentEstimating):
    """Kingma and Ba 2014, with the infinity norm."""

    name: Literal["adamax"]
    beta_2: FractionBelowOne = 0.999
    """Decay rate of the exponentially weighted infinity norm."""


class Ftrl(Optimizer):
    """McMahan et al. 2013."""

    name: Literal["ftrl"]
    learning_rate_power: Annotated[float, Field(le=0)] = -0.5
    """Exponent of the accumulator in the learning rate."""
    initial_accumulator_value: Accumulator = 0.1
    l1_regularization_strength: NonNegative = 0.0
    """Factor of the L1 penalty."""
    l2_regularization_strength: NonNegative = 0.0
    """Factor of the L2 penalty."""
    l2_shrinkage_regularization_strength: NonNegative = 0.0
    """Factor of an L2 penalty that is added to the gradient, but not to the accumulated squared gradients."""
    beta: NonNegative = 0.0
    """The paper's beta."""


class Lamb(MomentEstimating):
    """You et al. 2019."""

    name: Literal["lamb"]


class Lion(Optimizer):
    """Chen et al. 2023."""

    name: Literal["lion"]
    beta_1: Annotated[float, Field(gt=0, le=1)] = 0.9
    """Interpolation factor between the average of the gradients and the current gradient."""
    beta_2: FractionBelowOne = 0.99
    """Decay rate of the average of the gradients."""


class Muon(Optimizer):
    """Jordan 2024: orthogonalized momentum for matrices, Adam for everything else."""

    name: Literal["muon"]
    weight_decay: NonNegative = 0.004  # pyright: ignore[reportIncompatibleVariableOverride]  frozen, so sound
    """Decoupled weight decay."""
    adam_beta_1: Beta1 = 0.9
    adam_beta_2: Beta2 = 0.999
    adam_weight_decay: NonNegative = 0.004
    """Weight decay where Adam is used."""
    adam_lr_ratio: PositiveFloat = 1.0
    """Factor on the learning rate where Adam is used."""
    epsilon: Epsilon = 1e-7
    momentum: Momentum = 0.95
    nesterov: Nesterov = True
    ns_steps: Positive = 5
    """Newton-Schulz iterations."""
    rms_rate: NonNegative = 0.2
    """Scales the updates of a matrix to this root mean square."""


class Nadam(MomentEstimating):
    """Dozat 2015: Adam with Nesterov momentum."""

    name: Literal["nadam"]


class RMSprop(Optimizer):
    """Hinton 2012."""

    name: Literal["rmsprop"]
    rho: Rho = 0.9
    momentum: Momentum = 0.0
    epsilon: Epsilon = 1e-7
    centered: bool = False
    """Whether gradients are normalized by their variance instead of their second moment."""


class SGD(Optimizer):
    """Stochastic gradient descent, optionally with momentum."""

    name: Literal["sgd"]
    learning_rate: LearningRate = 0.01
    momentum: Momentum = 0.0
    nesterov: Nesterov = False


class ScheduleFreeAdamW(Optimizer):
    """Defazio et al. 2024: AdamW that needs no learning-rate schedule."""

    name: Literal["schedule_free_adamw"]
    learning_rate: LearningRate = 0.0025
    beta_1: FractionBelowOne = 0.9
    """Interpolation factor between the averaged weights and those that the gradient updates."""
    beta_2: Beta2 = 0.999
    epsilon: Epsilon = 1e-8
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    """Steps of linear warm-up."""


OPTIMIZERS = (
    Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Ftrl, Lamb, Lion, Muon, Nadam, RMSprop, SGD, ScheduleFreeAdamW,
)  # fmt: skip


AnyOptimizer = Annotated[Optimizer, OneOfNamed(lambda: OPTIMIZERS, tag="name", short=True)]
