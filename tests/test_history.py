"""The best epoch of a history."""

from math import nan

from mnist_lab.history import best_epoch
from tests.analysis.histories import EPOCHS_OVERFITTING, history


def test_the_best_epoch_is_the_lowest_loss_or_the_highest_accuracy_and_the_first_of_equals():
    run = history(EPOCHS_OVERFITTING)
    assert best_epoch(run, "val_loss") == (4, 0.0820)
    assert best_epoch(run, "val_accuracy") == (9, 0.9790)
    assert best_epoch(history([(1, 0.5), (1, 0.5)]), "accuracy") == (1, 0.5)


def test_the_best_epoch_passes_over_values_that_are_not_finite():
    run = [{"epoch": 1, "val_loss": nan}, {"epoch": 2, "val_loss": 0.3}, {"epoch": 3, "val_loss": None}]
    assert best_epoch(run, "val_loss") == (2, 0.3)
    assert best_epoch(run, "val_accuracy") is None
