"""Observations about one run, rule by rule, and how they are worded."""

from math import inf, isfinite, nan
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab.analysis import wilson
from mnist_lab.reports.observations import Evidence, observe
from tests.analysis.histories import EPOCHS_OVERFITTING, falling, history


class Said(NamedTuple):
    value: float | None
    text: str


def rules(*args, **kwargs):
    return {one.rule: Said(one.value, one.text) for one in observe(Evidence(*args, **kwargs))}


def test_overfitting_is_reported_with_the_gap_and_the_epoch_where_the_loss_turned():
    found = rules(history(EPOCHS_OVERFITTING), classes=10)
    assert found["overfits"].text == (
        "Overfits: training accuracy ends 1.62 pp above validation (0.9947 against 0.9785); "
        "validation loss was lowest at epoch 4 and rose 31 % by epoch 10."
    )
    assert found["overfits"].value == pytest.approx(0.0162)
    assert found["overfitting_onset"].value == 4
    assert "0.9777 ± 0.0010" in found["overfitting_onset"].text
    assert not {"underfits", "no_overfitting", "still_improving", "diverged", "chance_level"} & set(found)


def test_a_gap_alone_is_overfitting_and_so_is_a_turned_loss_alone():
    gap = rules(falling(10, accuracy=[0.999] * 10, val_accuracy=[0.98] * 10))["overfits"]
    assert gap.text == "Overfits: training accuracy ends 1.90 pp above validation (0.9990 against 0.9800)."
    turned = rules(falling(10, val_loss=[0.1] * 5 + [0.2] * 5, accuracy=[0.98] * 10))["overfits"]
    assert turned.text == "Overfits: validation loss was lowest at epoch 1 and rose 100 % by epoch 10."


def test_a_gap_that_few_validation_rows_cannot_show_is_not_called_overfitting():
    run = falling(10, accuracy=[0.988] * 10, val_accuracy=[0.975] * 10)
    assert "overfits" in rules(run, validation_rows=12_000)
    few = rules(run, validation_rows=200)
    assert "overfits" not in few
    assert "200 validation images" in few["no_overfitting"].text


def test_without_validation_training_is_compared_with_the_test():
    run = history([(0.5, 0.9), (0.1, 0.999)])
    assert "1.90 pp above test" in rules(run, test_accuracy=0.98)["overfits"].text
    assert not {"overfits", "no_overfitting", "underfits"} & set(rules(run))


def test_no_overfitting_is_reported_with_a_warning_if_training_accuracy_is_understated():
    run = falling(10, accuracy=[0.9865] * 10, val_accuracy=[0.9896] * 10)
    plain = rules(run)["no_overfitting"].text
    assert plain == "No sign of overfitting: training accuracy ends 0.31 pp below validation (0.9865 against 0.9896)."
    assert "lowers training accuracy" in rules(run, understated=True)["no_overfitting"].text


def test_underfitting_needs_both_accuracies_low():
    linear = falling(10, accuracy=[0.9114] * 10, val_accuracy=[0.9198] * 10)
    assert rules(linear)["underfits"].value == 0.9114
    augmented = falling(10, accuracy=[0.93] * 10, val_accuracy=[0.99] * 10)
    assert "underfits" not in rules(augmented)


def test_still_improving_is_seen_at_the_last_epoch_and_not_on_a_plateau():
    found = rules(falling(10, val_loss=[1 / (1 + i) for i in range(10)]))["still_improving"]
    assert found.text == (
        "Still improving at epoch 10: mean validation loss of the last 2 epochs is 21 % below that of the 2 before "
        "(0.1056 against 0.1339)."
    )
    assert "still_improving" not in rules(falling(10, val_loss=[0.3, 0.2, *[0.1 - 1e-5 * i for i in range(8)]]))
    assert "still_improving" in rules(falling(2, val_loss=[0.4, 0.2]))
    assert "still_improving" not in rules(falling(1))


@pytest.mark.parametrize("bad", [nan, inf, None])
@pytest.mark.parametrize("key", ["loss", "val_loss"])
def test_a_loss_that_is_not_finite_is_divergence_and_nothing_else_is_concluded(bad, key):
    run = history(EPOCHS_OVERFITTING)
    run[6][key] = bad
    found = rules(run, classes=10)
    assert found["diverged"].value == 7
    assert "epoch 7" in found["diverged"].text
    assert not {"overfits", "underfits", "no_overfitting", "still_improving"} & set(found)


def test_an_exploding_loss_is_divergence_and_an_overfitting_one_is_not():
    explosion = history([(0.5, 0.9, 0.5, 0.9), (300.0, 0.3, 400.0, 0.3)])
    assert rules(explosion, classes=10)["diverged"].value == 300.0
    assert "diverged" not in rules(history([(0.5, 0.9), (0.001, 1.0), (0.02, 1.0)]), classes=10)


def test_accuracy_at_the_level_of_guessing_is_reported():
    collapsed = history([(0.3, 0.9, 0.2, 0.93), (2.31, 0.0980, 2.31, 0.0974)])
    found = rules(collapsed, classes=10)
    assert "guessing gives 0.1000" in found["chance_level"].text
    assert "underfits" not in found
    assert "chance_level" not in rules(history([(0.6, 0.7)]), classes=2)


@pytest.mark.parametrize(
    ("ours", "published", "start"),
    [(0.9801, 0.9799, "Consistent with"), (0.9850, 0.9799, "Above"), (0.9750, 0.9799, "Below")],
)
def test_the_reference_is_compared_with_our_interval_and_called_one_seed(ours, published, start):
    interval = wilson(round(ours * 10_000), 10_000)
    found = rules(
        history(EPOCHS_OVERFITTING),
        test_accuracy=ours,
        test_interval=interval,
        reference={"test_accuracy": published},
    )["reference"]
    assert found.text.startswith(start)
    assert "one seed" in found.text
    assert found.value == pytest.approx(ours - published)


def test_selection_on_the_test_set_is_reported_with_best_and_last():
    run = history(EPOCHS_OVERFITTING)
    found = rules(run, validation_name="test", reference={"best_test_accuracy": 0.9795})
    assert "0.9790 (epoch 9) is optimistic; the last epoch's is 0.9785" in found["selected_on_test"].text
    assert rules(run[:9], validation_name="test")["selected_on_test"].text.endswith("0.9790 (epoch 9) is optimistic.")
    assert "0.05 pp below" in found["reference_best"].text
    assert "test loss was lowest at epoch 4" in found["overfits"].text
    assert not {"selected_on_test", "reference_best"} & set(rules(run, reference={"best_test_accuracy": 0.9795}))


def test_the_best_epoch_is_named_by_its_monitor():
    run = history(EPOCHS_OVERFITTING)
    assert rules(run)["best_epoch"].text == "Best epoch by validation loss: 4 of 10 (0.0820; last epoch 0.1074)."
    accuracy = rules(run, monitor="accuracy")["best_epoch"]
    assert accuracy.text == "Best epoch by training accuracy: 10 of 10 (0.9947)."


def test_the_highest_level_that_is_kept_is_named_with_its_first_epoch():
    found = rules(history(EPOCHS_OVERFITTING))["stays_above"]
    assert found.text == "Validation accuracy stays at or above 0.97 from epoch 2 on."
    assert found.value == 2


number = st.floats(0, 1e6) | st.sampled_from([nan, inf, None])
row = st.fixed_dictionaries(
    {"loss": number, "accuracy": st.floats(0, 1)}, optional={"val_loss": number, "val_accuracy": st.floats(0, 1)}
)


@given(
    st.lists(row, max_size=12),
    st.sampled_from(["val_loss", "val_accuracy", "loss"]),
    st.sampled_from(["validation", "test"]),
)
def test_any_history_yields_observations_with_finite_numbers_and_exclusive_verdicts(rows, monitor, name):
    run = [{"epoch": n, **values} for n, values in enumerate(rows, start=1)]
    found = observe(
        Evidence(run, test_accuracy=0.5, monitor=monitor, validation_name=name, validation_rows=100, classes=10)
    )
    assert all(item.value is None or isfinite(item.value) for item in found)
    assert all("nan" not in item.text and item.text.endswith(".") for item in found)
    names = [item.rule for item in found]
    assert len(names) == len(set(names))
    assert len({"overfits", "underfits", "no_overfitting"} & set(names)) <= 1
