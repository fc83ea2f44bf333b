"""The rules that look back, compared with the Keras callbacks that they replay."""

from math import inf, nan

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_lab.config.schedules import Plateau
from mnist_lab.config.schema import EarlyStopping
from mnist_lab.training.rules import plateau_scale, should_stop

VALUES = st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.30005, 0.5, 0.9]), min_size=1, max_size=25)
MONITORS = st.sampled_from(["val_loss", "val_accuracy", "loss", "accuracy"])


def history(values, monitor="val_loss"):
    return [{"epoch": i, monitor: value} for i, value in enumerate(values, 1)]


def mode(monitor):
    return "max" if monitor.endswith("accuracy") else "min"


def tiny_model(learning_rate=0.5):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(learning_rate), "mse")
    return model


@settings(max_examples=25, deadline=None)
@given(VALUES, MONITORS, st.integers(1, 4), st.sampled_from([0.0, 0.05]))
def test_training_stops_after_the_epoch_at_which_keras_would_stop(values, monitor, patience, min_delta):
    callback = keras.callbacks.EarlyStopping(monitor, patience=patience, min_delta=min_delta, mode=mode(monitor))
    callback.set_model(tiny_model())
    callback.on_train_begin()
    rule = EarlyStopping(monitor=monitor, patience=patience, min_delta=min_delta)
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {monitor: value})
        ours = should_stop(history(values[: epoch + 1], monitor), rule)
        assert ours == callback.model.stop_training
        if ours:
            break


@settings(max_examples=25, deadline=None)
@given(VALUES, MONITORS, st.integers(1, 4))
def test_a_plateau_lowers_the_rate_where_keras_would(values, monitor, patience):
    callback = keras.callbacks.ReduceLROnPlateau(
        monitor, factor=0.5, patience=patience, min_delta=1e-4, mode=mode(monitor)
    )
    callback.set_model(tiny_model(learning_rate=0.5))
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {monitor: value})
    rule = Plateau(monitor=monitor, factor=0.5, patience=patience)
    scale = plateau_scale(history(values, monitor), rule)
    np.testing.assert_allclose(0.5 * scale, float(callback.model.optimizer.learning_rate), rtol=1e-6)


@pytest.mark.parametrize("value", [nan, inf])
def test_an_epoch_that_is_not_finite_is_not_an_improvement(value):
    rule = EarlyStopping(monitor="val_loss", patience=2)
    assert should_stop(history([0.5, value, value]), rule)
