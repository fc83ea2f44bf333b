"""The learning rate at every step."""

from math import cos, pi

import numpy as np
import pytest

from mnist_lab.config.schedules import Cosine, Exponential, OneCycle, Step, Warmup
from mnist_lab.training.schedules import LearningRate

STEPS, EPOCHS, RATE = 7, 20, 0.1


def rates(*schedules):
    schedule = LearningRate(RATE, schedules, epochs=EPOCHS, steps_per_epoch=STEPS)
    return np.array([float(schedule(step)) for step in range(STEPS * EPOCHS)])


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=2e-5, atol=1e-8)


def test_a_step_schedule_falls_at_the_epoch_and_not_a_step_sooner():
    measured = rates(Step(every=10, factor=0.1))
    close(measured[: 10 * STEPS], RATE)
    close(measured[10 * STEPS :], RATE * 0.1)


def test_an_exponential_schedule_multiplies_by_its_factor_after_every_epoch():
    close(rates(Exponential(factor=0.9)), RATE * 0.9 ** (np.arange(STEPS * EPOCHS) // STEPS))


@pytest.mark.parametrize("final", [0.0, 0.1])
def test_a_cosine_falls_to_its_final_fraction(final):
    time = np.arange(STEPS * EPOCHS) / STEPS
    close(rates(Cosine(final=final)), [RATE * (final + (1 - final) * (1 + cos(pi * t / EPOCHS)) / 2) for t in time])


def test_a_warm_up_rises_linearly_and_ends_at_the_full_rate():
    measured = rates(Warmup(epochs=2))
    close(measured[: 2 * STEPS], RATE * np.arange(1, 2 * STEPS + 1) / (2 * STEPS))
    close(measured[2 * STEPS :], RATE)


def test_one_cycle_rises_from_the_rate_to_its_peak_and_falls_to_almost_nothing():
    measured = rates(OneCycle(peak=1.0, warmup=0.25))
    top = round(0.25 * EPOCHS * STEPS)
    close(measured[0], RATE)
    close(measured[top], 1.0)
    assert np.all(np.diff(measured[: top + 1]) > 0)
    assert np.all(np.diff(measured[top:]) < 0)
    assert measured[-1] < 1e-3


def test_schedules_in_one_list_multiply():
    close(rates(Warmup(epochs=2), Cosine(final=0.0)), rates(Warmup(epochs=2)) * rates(Cosine(final=0.0)) / RATE)
