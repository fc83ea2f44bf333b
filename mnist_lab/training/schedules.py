"""The learning rate as a function of the step, from the configured schedules."""

from collections.abc import Sequence
from math import pi
from typing import Any

import keras
from keras import ops

from mnist_lab.config.schedules import Cosine, Exponential, OneCycle, Schedule, Step, Warmup


class LearningRate(keras.optimizers.schedules.LearningRateSchedule):
    """The optimizer's learning rate times the factor of each schedule.

    Time t is measured in epochs from 0. The factors are

    - step: factor ** floor(t / every)
    - exponential: factor ** floor(t)
    - cosine: final + (1 - final) (1 + cos(pi t / epochs)) / 2 (Loshchilov and Hutter 2016, without restarts)
    - warmup: min(1, (t + one step) / warm-up epochs)
    - one_cycle: from 1 to peak / rate, then to 0, each along half a cosine (Smith and Topin 2017, as in PyTorch)
    """

    def __init__(self, rate: float, schedules: Sequence[Schedule], *, epochs: int, steps_per_epoch: int) -> None:
        self.rate = rate
        self.schedules = tuple(schedules)
        self.epochs = epochs
        self.steps_per_epoch = steps_per_epoch

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at `step`, counted from 0."""
        whole_epochs = ops.cast(ops.floor_divide(step, self.steps_per_epoch), "float32")
        time: Any = ops.cast(step, "float32")
        time = time / self.steps_per_epoch
        rate: Any = ops.convert_to_tensor(self.rate, "float32")
        for schedule in self.schedules:
            rate = rate * self._factor(schedule, whole_epochs, time)
        return rate

    def _factor(self, schedule: Schedule, whole_epochs: Any, time: Any) -> Any:
        match schedule:
            case Step(every=every, factor=factor):
                return ops.power(factor, ops.floor(whole_epochs / every))
            case Exponential(factor=factor):
                return ops.power(factor, whole_epochs)
            case Cosine(final=final):
                return final + (1 - final) * _falling(time / self.epochs)
            case Warmup(epochs=warmup):
                return ops.minimum(1.0, (time + 1 / self.steps_per_epoch) / warmup)
            case OneCycle(peak=peak, warmup=warmup):
                top = peak / self.rate
                turn = max(warmup * self.epochs, 1 / self.steps_per_epoch)
                rising = 1 + (top - 1) * (1 - _falling(ops.minimum(time / turn, 1.0)))
                rest = max(self.epochs - turn, 1 / self.steps_per_epoch)
                return ops.where(time < turn, rising, top * _falling(ops.clip((time - turn) / rest, 0.0, 1.0)))
        raise TypeError(f"{schedule.key} is not a function of the step")

    def get_config(self) -> dict[str, Any]:
        """Return the attributes, as Keras requires; unused, because models are saved without their optimizer."""
        return dict(vars(self))


def _falling(part: Any) -> Any:
    """Return half a cosine: 1 at 0, 0 at 1."""
    cosine: Any = ops.cos(pi * part)
    return (1 + cosine) / 2
