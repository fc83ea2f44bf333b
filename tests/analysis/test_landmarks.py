"""Landmarks of a history: where overfitting begins, and from which epoch an accuracy is kept."""

from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab.analysis import overfitting_onset, stays_above
from tests.analysis.histories import EPOCHS_OVERFITTING, falling, history


@given(st.lists(st.floats(0, 1) | st.just(nan), max_size=30), st.floats(0, 1))
def test_stays_above_is_the_first_epoch_with_nothing_lower_after_it(values, target):
    first = stays_above(history([(0.0, 0.0, 0.0, value) for value in values]), target)
    if first is None:
        assert not values or not values[-1] >= target
    else:
        assert all(value >= target for value in values[first - 1 :])
        assert first == 1 or not values[first - 2] >= target


def test_overfitting_starts_at_the_lowest_validation_loss_with_the_accuracy_after_it():
    onset = overfitting_onset(history(EPOCHS_OVERFITTING))
    assert onset is not None
    assert onset.epoch == 4
    assert onset.rise == pytest.approx(0.1074 / 0.0820 - 1)
    assert onset.after == (0.9770, 0.9765, 0.9780, 0.9770, 0.9790, 0.9785)


def test_one_noisy_epoch_at_the_end_is_not_overfitting():
    assert overfitting_onset(falling(10, val_loss=[0.2, 0.15, 0.12, 0.11, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2])) is None
    assert overfitting_onset(falling(10, val_loss=[0.2, 0.15, 0.12, 0.1, 0.12, 0.12, 0.12, 0.12, 0.2, 0.1])) is None


def test_a_long_run_needs_a_tenth_of_its_epochs_after_the_minimum():
    losses = [1.0 - 0.005 * i for i in range(92)]
    assert overfitting_onset(falling(100, val_loss=[*losses, *[0.7] * 8])) is None
    assert overfitting_onset(falling(102, val_loss=[*losses, *[0.7] * 10])) is None
    onset = overfitting_onset(falling(103, val_loss=[*losses, *[0.7] * 11]))
    assert onset is not None
    assert onset.epoch == 92


def test_a_training_loss_that_rises_too_is_not_overfitting():
    run = history([(0.1, 0.9, 0.1, 0.9), (0.2, 0.9, 0.2, 0.9), (0.3, 0.9, 0.3, 0.9), (0.4, 0.9, 0.4, 0.9)])
    assert overfitting_onset(run) is None
