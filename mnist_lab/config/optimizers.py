"""All optimizers of Keras except wrappers, with their own arguments and Keras' defaults.

Adding one is adding a class here and its name to `OPTIMIZERS`.
"""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from mnist_lab.config.spec import NonNegative, OneOfNamed, Positive, PositiveFloat, Probability, Rate, Spec


class Optimizer(Spec):
    """Settings common to all optimizers."""

    keras: ClassVar[str]
    """The Keras class this stands for, below `keras`."""

    name: Any
    learning_rate: PositiveFloat = 0.001
    weight_decay: NonNegative | None = None
    clipnorm: PositiveFloat | None = None
    """Clips the gradient of each weight to this norm."""
    clipvalue: PositiveFloat | None = None
    """Clips each gradient value to this magnitude."""
    global_clipnorm: PositiveFloat | None = None
    """Clips the global norm of all gradients to this value."""
    use_ema: bool = False
    """Keeps an exponential moving average of the weights; validation, test and the saved model use it."""
    ema_momentum: Probability = 0.99
    ema_overwrite_frequency: Positive | None = None
    """Steps between replacements of the weights by their average."""
    gradient_accumulation_steps: Annotated[int, Field(ge=2)] | None = None

    @model_validator(mode="after")
    def _one_clipping(self) -> Self:
        given = [name for name in ("clipnorm", "clipvalue", "global_clipnorm") if getattr(self, name) is not None]
        if len(given) > 1:
            raise PydanticCustomError(
                "two_clippings", "expected at most one way to clip gradients, received {given}",
                {"given": " and ".join(given), "at": (given[1],)},
            )  # fmt: skip
        return self


class Adadelta(Optimizer):
    """Zeiler 2012."""

    keras = "optimizers.Adadelta"
    name: Literal["adadelta"]
    rho: Probability = 0.95
    epsilon: NonNegative = 1e-7


class Adafactor(Optimizer):
    """Shazeer and Stern 2018."""

    keras = "optimizers.Adafactor"
    name: Literal["adafactor"]
    beta_2_decay: float = -0.8
    epsilon_1: NonNegative = 1e-30
    epsilon_2: NonNegative = 1e-3
    clip_threshold: PositiveFloat = 1.0
    relative_step: bool = True


class Adagrad(Optimizer):
    """Duchi et al. 2011."""

    keras = "optimizers.Adagrad"
    name: Literal["adagrad"]
    initial_accumulator_value: NonNegative = 0.1
    epsilon: NonNegative = 1e-7


class Adam(Optimizer):
    """Kingma and Ba 2014."""

    keras = "optimizers.Adam"
    name: Literal["adam"]
    beta_1: Rate = 0.9
    beta_2: Rate = 0.999
    epsilon: NonNegative = 1e-7
    amsgrad: bool = False


class AdamW(Optimizer):
    """Loshchilov and Hutter 2019: Adam with decoupled weight decay."""

    keras = "optimizers.AdamW"
    name: Literal["adamw"]
    weight_decay: NonNegative = 0.004  # pyright: ignore[reportIncompatibleVariableOverride]  frozen, so sound
    beta_1: Rate = 0.9
    beta_2: Rate = 0.999
    epsilon: NonNegative = 1e-7
    amsgrad: bool = False


class Adamax(Optimizer):
    """Kingma and Ba 2014, with the infinity norm."""

    keras = "optimizers.Adamax"
    name: Literal["adamax"]
    beta_1: Rate = 0.9
    beta_2: Rate = 0.999
    epsilon: NonNegative = 1e-7


class Ftrl(Optimizer):
    """McMahan et al. 2013."""

    keras = "optimizers.Ftrl"
    name: Literal["ftrl"]
    learning_rate_power: Annotated[float, Field(le=0)] = -0.5
    initial_accumulator_value: NonNegative = 0.1
    l1_regularization_strength: NonNegative = 0.0
    l2_regularization_strength: NonNegative = 0.0
    l2_shrinkage_regularization_strength: NonNegative = 0.0
    beta: NonNegative = 0.0


class Lamb(Optimizer):
    """You et al. 2019."""

    keras = "optimizers.Lamb"
    name: Literal["lamb"]
    beta_1: Rate = 0.9
    beta_2: Rate = 0.999
    epsilon: NonNegative = 1e-7


class Lion(Optimizer):
    """Chen et al. 2023."""

    keras = "optimizers.Lion"
    name: Literal["lion"]
    beta_1: Annotated[float, Field(gt=0, le=1)] = 0.9
    beta_2: Rate = 0.99


class Muon(Optimizer):
    """Jordan 2024: orthogonalised momentum for matrices, Adam for everything else."""

    keras = "optimizers.Muon"
    name: Literal["muon"]
    weight_decay: NonNegative = 0.004  # pyright: ignore[reportIncompatibleVariableOverride]  frozen, so sound
    adam_beta_1: Rate = 0.9
    adam_beta_2: Rate = 0.999
    adam_weight_decay: NonNegative = 0.004
    adam_lr_ratio: PositiveFloat = 1.0
    epsilon: NonNegative = 1e-7
    momentum: Rate = 0.95
    nesterov: bool = True
    ns_steps: Positive = 5
    rms_rate: NonNegative = 0.2


class Nadam(Optimizer):
    """Dozat 2015: Adam with Nesterov momentum."""

    keras = "optimizers.Nadam"
    name: Literal["nadam"]
    beta_1: Rate = 0.9
    beta_2: Rate = 0.999
    epsilon: NonNegative = 1e-7


class RMSprop(Optimizer):
    """Hinton 2012."""

    keras = "optimizers.RMSprop"
    name: Literal["rmsprop"]
    rho: Probability = 0.9
    momentum: Rate = 0.0
    epsilon: NonNegative = 1e-7
    centered: bool = False


class SGD(Optimizer):
    """Stochastic gradient descent, optionally with momentum."""

    keras = "optimizers.SGD"
    name: Literal["sgd"]
    learning_rate: PositiveFloat = 0.01
    momentum: Rate = 0.0
    nesterov: bool = False


class ScheduleFreeAdamW(Optimizer):
    """Defazio et al. 2024: AdamW that needs no learning-rate schedule."""

    keras = "optimizers.ScheduleFreeAdamW"
    name: Literal["schedule_free_adamw"]
    learning_rate: PositiveFloat = 0.0025
    beta_1: Rate = 0.9
    beta_2: Rate = 0.999
    epsilon: NonNegative = 1e-8
    warmup_steps: Annotated[int, Field(ge=0)] = 0


OPTIMIZERS = (
    Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Ftrl, Lamb, Lion, Muon, Nadam, RMSprop, SGD, ScheduleFreeAdamW,
)  # fmt: skip


AnyOptimizer = Annotated[Optimizer, OneOfNamed(lambda: OPTIMIZERS, tag="name", short=True)]
