"""Successive halving: rungs, ranks, and expected epochs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab.search.promotion import best, furthest, point, promotable, ranked, rungs, target
from mnist_lab.search.record import Objective, Reached, Trial
from mnist_lab.search.tuner import expected_epochs

ACCURACY = (Objective(direction="maximize", measure="val_accuracy"),)
TRADEOFF = (*ACCURACY, Objective(direction="minimize", measure="parameters"))


def trial_of(number: int, *values: float | None, state="stopped", parameters=100) -> Trial:
    """A trial that has reached as many rungs (1, 3, 9) as it has values."""
    at = tuple(Reached(epoch=3**i, val_accuracy=value, val_loss=None, clock=0.0) for i, value in enumerate(values))
    epochs = at[-1].epoch if at else 0
    return Trial(number=number, values={}, state=state, reached=at, epochs=epochs, parameters=parameters)


@pytest.mark.parametrize(
    ("first", "factor", "epochs", "found"),
    [(2, 3, 20, (2, 6)), (1, 3, 10, (1, 3)), (1, 3, 9, (1, 3)), (3, 3, 9, (3,)), (4, 3, 9, ()), (1, 2, 8, (1, 2, 4))],
)
def test_rungs_grow_by_the_factor_as_long_as_one_more_step_is_within_the_epochs(first, factor, epochs, found):
    assert rungs(first, factor, epochs) == found


def test_a_trial_is_trained_up_to_its_next_rung():
    assert [target(trial_of(1, *values), (1, 3), 9) for values in ((), (0.1,), (0.1, 0.2))] == [1, 3, 9]


def test_the_best_of_three_trials_at_a_rung_goes_on_and_none_of_two():
    trials = [trial_of(1, 0.5), trial_of(2, 0.7), trial_of(3, 0.6)]
    assert promotable(trials[:2], (1, 3), 3, ACCURACY) is None
    assert promotable(trials, (1, 3), 3, ACCURACY) == trials[1]


def test_a_trial_that_has_gone_on_takes_its_place_among_the_best():
    trials = [trial_of(1, 0.5), trial_of(2, 0.7, 0.8), trial_of(3, 0.6)]
    assert promotable(trials, (1, 3), 3, ACCURACY) is None


def test_a_trial_at_a_higher_rung_goes_on_first():
    low = [trial_of(number, 0.1 * number) for number in range(1, 7)]
    high = [trial_of(number, 0.9, 0.01 * number) for number in range(7, 10)]
    assert promotable([*low, *high], (1, 3), 3, ACCURACY) == high[-1]


def test_a_value_that_is_not_finite_is_worse_than_any():
    trials = [trial_of(1, None), trial_of(2, 0.0), trial_of(3, 0.1)]
    assert [trial.number for trial in ranked([(one, one.reached[0]) for one in trials], ACCURACY)] == [3, 2, 1]


def test_the_smallest_network_is_not_on_the_front_with_a_value_that_is_not_finite():
    trials = [trial_of(1, None, parameters=10), trial_of(2, 0.5, parameters=20), trial_of(3, 0.6, parameters=30)]
    assert [trial.number for trial in best(trials, TRADEOFF)] == [3, 2]
    assert [trial.number for trial in ranked([(one, one.reached[0]) for one in trials], TRADEOFF)] == [3, 2, 1]


def test_what_failed_after_a_rung_is_not_the_best():
    failed = trial_of(1, 0.9, state="failed")
    assert best([failed, trial_of(2, 0.5)], ACCURACY) == [trial_of(2, 0.5)]
    assert best([failed], ACCURACY) == []


def test_the_earlier_of_equal_trials_is_better():
    trials = [trial_of(2, 0.5), trial_of(1, 0.5)]
    assert [trial.number for trial in best(trials, ACCURACY)] == [1, 2]


def test_the_best_are_among_those_that_were_trained_the_longest():
    trials = [trial_of(1, 0.9), trial_of(2, 0.5, 0.6), trial_of(3, 0.5, 0.7)]
    assert [trial.number for trial in best(trials, ACCURACY)] == [3, 2]
    assert furthest(trials, ACCURACY) == trials[2]
    ended = trial_of(4, 0.1, 0.2, 0.3, state="finished")
    assert best([*trials, ended], ACCURACY) == [ended]


def test_expected_epochs_are_those_of_all_segments():
    assert expected_epochs(27, 9, (1, 3), 3) == 27 * 1 + 9 * 2 + 3 * 6
    assert expected_epochs(5, 9, (), 1) == 45


points = st.tuples(st.none() | st.integers(0, 5).map(lambda n: n / 5), st.integers(1, 5))


@given(st.lists(points, min_size=1, max_size=12), st.booleans())
def test_with_two_objectives_each_trial_comes_before_all_that_it_beats_in_both(found, spread):
    trials = [trial_of(i, accuracy, parameters=size) for i, (accuracy, size) in enumerate(found, start=1)]
    order = ranked([(one, one.reached[0]) for one in trials], TRADEOFF, spread=spread)
    assert sorted(one.number for one in order) == [one.number for one in trials]
    for i, earlier in enumerate(order):
        for later in order[i + 1 :]:
            a, b = (point(one, one.reached[0], TRADEOFF) for one in (earlier, later))
            assert not (b[0] >= a[0] and b[1] >= a[1] and b != a)


FRONT = [trial_of(i, value, parameters=size) for i, (value, size) in enumerate([(0.5, 1), (0.9, 9), (0.6, 2)], start=1)]


def test_a_front_is_in_the_order_of_the_first_objective():
    order = ranked([(one, one.reached[0]) for one in FRONT], TRADEOFF)
    assert [one.number for one in order] == [2, 3, 1]


def test_the_ends_of_a_front_go_on_before_what_is_between_them():
    order = ranked([(one, one.reached[0]) for one in FRONT], TRADEOFF, spread=True)
    assert [one.number for one in order] == [2, 1, 3]
