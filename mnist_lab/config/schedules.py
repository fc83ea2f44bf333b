"""Learning-rate schedules: the factor on the optimizer's learning rate in the course of training.

Several in one list are multiplied (`[{warmup: {epochs: 2}}, {cosine: {final: 0}}]`). Their formulas are in
`mnist_lab.training.schedules`.
"""

from typing import Annotated, Literal

from mnist_lab.config.spec import Item, NonNegative, OneOf, Positive, PositiveFloat, UnitInterval

Monitor = Literal["val_loss", "val_accuracy", "loss", "accuracy"]


class Schedule(Item):
    """One entry of `train.schedule`."""


class Step(Schedule):
    """Multiplies the learning rate by a factor every few epochs."""

    every: Positive
    """Epochs between two steps."""
    factor: PositiveFloat = 0.1
    """Factor of each step."""


class Exponential(Schedule):
    """Multiplies the learning rate by a factor after each epoch."""

    short = "factor"
    factor: PositiveFloat
    """Factor of each epoch."""


class Cosine(Schedule):
    """Cosine decay over the whole training."""

    short = "final"
    final: UnitInterval = 0.0
    """The learning rate at the end, as a fraction of the optimizer's."""


class OneCycle(Schedule):
    """Rises from the optimizer's learning rate to a peak, then falls to zero (Smith and Topin 2017)."""

    peak: PositiveFloat
    """The highest learning rate."""
    warmup: UnitInterval = 0.3
    """Fraction of the training in which the learning rate rises."""


class Warmup(Schedule):
    """Linear warm-up from zero to the optimizer's learning rate."""

    short = "epochs"
    epochs: PositiveFloat = 1.0
    """Length of the warm-up in epochs."""


class Plateau(Schedule):
    """Multiplies the learning rate by a factor when a monitored value stops improving; cannot be combined."""

    monitor: Monitor = "val_loss"
    """The value to watch."""
    factor: UnitInterval = 0.1
    """Factor on the learning rate."""
    patience: Positive = 10
    """Epochs without improvement before the learning rate falls."""
    min_delta: NonNegative = 1e-4
    """Smallest change that counts as an improvement."""


SCHEDULES = (Step, Exponential, Cosine, OneCycle, Warmup, Plateau)

AnySchedule = Annotated[Schedule, OneOf(lambda: SCHEDULES)]
