"""Claims about intervals, landmarks of a history and observations by rule."""

from math import inf, isfinite, nan
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab.analysis import observe, overfitting_onset, stays_above, wilson
from mnist_lab.history import best_epoch
from mnist_lab.reports import wording

EPOCHS_OVERFITTING = [  # loss, accuracy, val_loss, val_accuracy
    (0.2500, 0.9250, 0.1200, 0.9630),
    (0.1000, 0.9690, 0.0900, 0.9720),
    (0.0650, 0.9800, 0.0850, 0.9740),
    (0.0480, 0.9845, 0.0820, 0.9760),
    (0.0360, 0.9880, 0.0880, 0.9770),
    (0.0280, 0.9905, 0.0910, 0.9765),
    (0.0240, 0.9920, 0.0980, 0.9780),
    (0.0200, 0.9932, 0.1010, 0.9770),
    (0.0180, 0.9940, 0.1030, 0.9790),
    (0.0160, 0.9947, 0.1074, 0.9785),
]


def history(rows):
    keys = ("loss", "accuracy", "val_loss", "val_accuracy")
    return [{"epoch": n, **dict(zip(keys, row, strict=False))} for n, row in enumerate(rows, start=1)]


def falling(epochs, *, val_loss=None, accuracy=None, val_accuracy=None):
    """A history in which training goes well; what is given replaces a column."""
    n = range(epochs)
    return history(
        zip(
            [0.5 / (1 + i) for i in n],
            accuracy or [0.99 - 0.1 / (1 + i) for i in n],
            val_loss or [0.2 for _ in n],
            val_accuracy or [0.985 - 0.1 / (1 + i) for i in n],
            strict=True,
        )
    )


class Said(NamedTuple):
    value: float | None
    text: str


def rules(*args, **kwargs):
    return {one.rule: Said(one.value, wording.observation(one)) for one in observe(*args, **kwargs)}


# Intervals


@pytest.mark.parametrize(
    ("correct", "total", "lower", "upper"),
    # Newcombe (1998), table I, method 3: the examples every implementation is checked with.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_newcombes_published_intervals(correct, total, lower, upper):
    assert wilson(correct, total) == pytest.approx((lower, upper), abs=5e-5)


counts = st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, st.floats(0.5, 0.999))
def test_wilson_stays_within_zero_and_one_and_contains_the_proportion(pair, confidence):
    correct, total = pair
    lower, upper = wilson(correct, total, confidence)
    assert 0 <= lower <= correct / total <= upper <= 1
    assert lower < upper


@given(counts)
def test_wilson_shrinks_with_more_trials_and_grows_with_confidence(pair):
    correct, total = pair

    def width(*args):
        lower, upper = wilson(*args)
        return upper - lower

    assert width(4 * correct, 4 * total) < width(correct, total) < width(correct, total, 0.99)


@given(counts)
def test_wilson_of_the_errors_mirrors_wilson_of_the_successes(pair):
    correct, total = pair
    lower, upper = wilson(correct, total)
    assert wilson(total - correct, total) == pytest.approx((1 - upper, 1 - lower), abs=1e-12)


@pytest.mark.parametrize("args", [(1, 0), (-1, 5), (6, 5), (1, 5, 0.0), (1, 5, 1.0)])
def test_wilson_refuses_counts_and_confidences_that_make_no_sense(args):
    with pytest.raises(ValueError, match="expected"):
        wilson(*args)


# Landmarks


def test_the_best_epoch_is_the_lowest_loss_or_the_highest_accuracy_and_the_first_of_equals():
    run = history(EPOCHS_OVERFITTING)
    assert best_epoch(run, "val_loss") == (4, 0.0820)
    assert best_epoch(run, "val_accuracy") == (9, 0.9790)
    assert best_epoch(history([(1, 0.5), (1, 0.5)]), "accuracy") == (1, 0.5)


def test_the_best_epoch_passes_over_values_that_are_not_finite():
    run = [{"epoch": 1, "val_loss": nan}, {"epoch": 2, "val_loss": 0.3}, {"epoch": 3, "val_loss": None}]
    assert best_epoch(run, "val_loss") == (2, 0.3)
    assert best_epoch(run, "val_accuracy") is None


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
    assert (onset.epoch, onset.lowest) == (4, 0.0820)
    assert onset.rise == pytest.approx(0.1074 / 0.0820 - 1)
    assert onset.mean == pytest.approx((0.9770 + 0.9765 + 0.9780 + 0.9770 + 0.9790 + 0.9785) / 6)
    assert onset.deviation == pytest.approx(0.000983, abs=1e-6)


def test_one_noisy_epoch_at_the_end_is_no_overfitting():
    assert overfitting_onset(falling(10, val_loss=[0.2, 0.15, 0.12, 0.11, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2])) is None
    assert overfitting_onset(falling(10, val_loss=[0.2, 0.15, 0.12, 0.1, 0.12, 0.12, 0.12, 0.12, 0.2, 0.1])) is None


def test_a_long_run_needs_a_tenth_of_its_epochs_after_the_minimum():
    losses = [1.0 - 0.005 * i for i in range(92)]
    assert overfitting_onset(falling(100, val_loss=[*losses, *[0.7] * 8])) is None
    assert overfitting_onset(falling(102, val_loss=[*losses, *[0.7] * 10])) is None
    onset = overfitting_onset(falling(103, val_loss=[*losses, *[0.7] * 11]))
    assert onset is not None
    assert onset.epoch == 92


def test_a_training_loss_that_rises_too_is_no_overfitting():
    run = history([(0.1, 0.9, 0.1, 0.9), (0.2, 0.9, 0.2, 0.9), (0.3, 0.9, 0.3, 0.9), (0.4, 0.9, 0.4, 0.9)])
    assert overfitting_onset(run) is None


# Observations


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


def test_a_gap_alone_overfits_and_so_does_a_turned_loss_alone():
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


def test_no_overfitting_says_so_and_warns_where_training_accuracy_is_understated():
    run = falling(10, accuracy=[0.9865] * 10, val_accuracy=[0.9896] * 10)
    plain = rules(run)["no_overfitting"].text
    assert plain == "No overfitting seen: training accuracy ends 0.31 pp below validation (0.9865 against 0.9896)."
    assert "lowers training accuracy" in rules(run, understated=True)["no_overfitting"].text


def test_underfitting_needs_both_accuracies_low():
    linear = falling(10, accuracy=[0.9114] * 10, val_accuracy=[0.9198] * 10)
    assert rules(linear)["underfits"].value == 0.9114
    augmented = falling(10, accuracy=[0.93] * 10, val_accuracy=[0.99] * 10)
    assert "underfits" not in rules(augmented)


def test_still_improving_is_seen_at_the_last_epoch_and_not_on_a_plateau():
    found = rules(falling(10, val_loss=[1 / (1 + i) for i in range(10)]))["still_improving"]
    assert found.text == (
        "Still improving at epoch 10: mean validation loss fell 21 % between the last two windows of 2 epochs, from "
        "0.1339 to 0.1056."
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


def test_accuracy_at_the_level_of_guessing_is_said():
    collapsed = history([(0.3, 0.9, 0.2, 0.93), (2.31, 0.0980, 2.31, 0.0974)])
    found = rules(collapsed, classes=10)
    assert "guessing gives 0.1000" in found["chance_level"].text
    assert "underfits" not in found
    assert "chance_level" not in rules(history([(0.6, 0.7)]), classes=2)


@pytest.mark.parametrize(
    ("ours", "published", "start"),
    [(0.9801, 0.9799, "Agrees with"), (0.9850, 0.9799, "Above"), (0.9750, 0.9799, "Below")],
)
def test_the_reference_is_held_against_our_interval_and_called_one_seed(ours, published, start):
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


def test_selection_on_the_test_set_is_said_with_best_and_last():
    run = history(EPOCHS_OVERFITTING)
    found = rules(run, validation_name="test", reference={"best_test_accuracy": 0.9795})
    assert "0.9790 (epoch 9) is optimistic; the last epoch's is 0.9785" in found["selected_on_test"].text
    assert "0.05 pp below" in found["reference_best"].text
    assert "test loss was lowest at epoch 4" in found["overfits"].text
    assert not {"selected_on_test", "reference_best"} & set(rules(run, reference={"best_test_accuracy": 0.9795}))


def test_the_best_epoch_is_named_by_its_monitor():
    run = history(EPOCHS_OVERFITTING)
    assert rules(run)["best_epoch"].text == "Best epoch by validation loss: 4 of 10 (0.0820; the last has 0.1074)."
    accuracy = rules(run, monitor="accuracy")["best_epoch"]
    assert accuracy.text == "Best epoch by training accuracy: 10 of 10 (0.9947; the last)."


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
def test_any_history_gives_observations_with_finite_numbers_and_exclusive_verdicts(rows, monitor, name):
    run = [{"epoch": n, **values} for n, values in enumerate(rows, start=1)]
    found = observe(run, test_accuracy=0.5, monitor=monitor, validation_name=name, validation_rows=100, classes=10)
    assert all(item.value is None or isfinite(item.value) for item in found)
    assert all("nan" not in text and text.endswith(".") for text in map(wording.observation, found))
    names = [item.rule for item in found]
    assert len(names) == len(set(names))
    assert len({"overfits", "underfits", "no_overfitting"} & set(names)) <= 1
