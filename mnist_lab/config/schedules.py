"""Learning-rate schedules: factors applied to the optimizer's learning rate during training.

Several in one list multiply (`[{warmup: {epochs: 2}}, {cosine: {final: 0}}]`). Their formulas are in
`mnist_lab.training.schedules`.
"""

from typing import Annotated, Literal

from mnist_lab.config.spec import Item, NonNegative, OneOf, Positive, PositiveFloat, Probability

Monitor = Literal["val_loss", "val_accuracy", "loss", "accuracy"]


class Schedule(Item):
    """One entry of `train.schedule`."""


class Step(Schedule):
    """Multiplied by `factor` once per `every` epochs."""

    key = "step"
    every: Positive
    factor: PositiveFloat = 0.1


class Exponential(Schedule):
    """Multiplied by `factor` after each epoch."""

    key = "exponential"
    short = "factor"
    factor: PositiveFloat


class Cosine(Schedule):
    """Half a cosine, from the full rate down to `final` times it."""

    key = "cosine"
    short = "final"
    final: Probability = 0.0


class OneCycle(Schedule):
    """Rises along a cosine from the optimizer's rate to `peak` in the first part of training, then falls to zero.

    `peak` is a learning rate; `warmup` the fraction of all epochs spent rising (Smith and Topin 2017).
    """

    key = "one_cycle"
    peak: PositiveFloat
    warmup: Probability = 0.3


class Warmup(Schedule):
    """Linear rise from zero to the full rate over the first epochs."""

    key = "warmup"
    short = "epochs"
    epochs: PositiveFloat = 1.0


class Plateau(Schedule):
    """Multiplied by `factor` whenever `monitor` has not improved for `patience` epochs; not combinable."""

    key = "plateau"
    monitor: Monitor = "val_loss"
    factor: Probability = 0.1
    patience: Positive = 10
    min_delta: NonNegative = 1e-4


SCHEDULES = (Step, Exponential, Cosine, OneCycle, Warmup, Plateau)

AnySchedule = Annotated[Schedule, OneOf(lambda: SCHEDULES)]
