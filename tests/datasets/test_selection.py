import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab.datasets import fold, split, subset
from mnist_lab.errors import ConfigError

LABELS = st.lists(st.integers(0, 5), min_size=2, max_size=200).map(np.array)
SEEDS = st.integers(0, 2**32)


@given(LABELS, SEEDS, st.data())
def test_a_subset_has_every_class_and_its_share(labels, seed, data):
    counts = np.bincount(labels, minlength=6)
    classes = np.count_nonzero(counts)
    size = data.draw(st.integers(classes, len(labels)))
    rows = subset(labels, size, seed)
    assert len(rows) == size
    assert (np.diff(rows) > 0).all()
    drawn = np.bincount(labels[rows], minlength=6)
    assert (drawn[counts > 0] >= 1).all()
    exact = counts * size / len(labels)
    if (exact[counts > 0] >= 1).all():
        assert (np.abs(drawn - exact) < 1).all()


@given(LABELS, SEEDS)
def test_a_subset_is_a_function_of_its_seed(labels, seed):
    size = max(len(np.unique(labels)), len(labels) // 2)
    np.testing.assert_array_equal(subset(labels, size, seed), subset(labels, size, seed))


def test_another_seed_draws_other_rows():
    labels = np.arange(1000) % 10
    assert subset(labels, 100, 1).tolist() != subset(labels, 100, 2).tolist()


def test_rare_classes_are_in_a_small_subset():
    labels = np.array([0] * 10_000 + [1] * 3 + [2])
    assert set(labels[subset(labels, 3, 0)]) == {0, 1, 2}


def test_a_subset_larger_than_the_data_is_an_error():
    with pytest.raises(ConfigError, match=r"^data.subset: expected at most 10, the number .*, received 11\.$"):
        subset(np.arange(10), 11, 0)


def test_a_subset_smaller_than_the_classes_is_an_error():
    with pytest.raises(ConfigError, match=r"^data.test_subset: expected at least 10, one row per class, received 9\.$"):
        subset(np.arange(10), 9, 0, "data.test_subset")


@given(LABELS, st.sampled_from(["tail", "random", "stratified"]), st.floats(0.05, 0.95), SEEDS)
def test_the_two_parts_are_all_rows_and_share_none(labels, how, fraction, seed):
    try:
        training, validation = split(labels, how, fraction, seed)
    except ConfigError:
        return
    assert len(training) > 0 < len(validation)
    assert (np.diff(training) > 0).all()
    assert (np.diff(validation) > 0).all()
    np.testing.assert_array_equal(np.sort(np.concatenate([training, validation])), np.arange(len(labels)))


def test_the_tail_is_the_last_rows():
    training, validation = split(np.zeros(10), "tail", 0.2, 0)
    assert training.tolist() == list(range(8))
    assert validation.tolist() == [8, 9]


@pytest.mark.parametrize("how", ["tail", "random", "stratified"])
@pytest.mark.parametrize(
    ("rows", "fraction", "validation_rows"),
    [(60_000, 0.166, 9_960), (60_000, 0.16666, 10_000), (60_000, 0.15, 9_000), (60_000, 0.2, 12_000)],
)
def test_the_published_splits_have_the_published_sizes(how, rows, fraction, validation_rows):
    training, validation = split(np.arange(rows) % 10, how, fraction, 1)
    assert (len(training), len(validation)) == (rows - validation_rows, validation_rows)


def test_the_sizes_are_those_of_keras():
    from keras.src.trainers.data_adapters.array_slicing import train_validation_split

    for rows in (11, 20, 1_437, 54_000, 59_999):
        for fraction in (0.1, 0.15, 0.166, 0.16666, 0.2, 0.3, 1 / 3, 0.7, 0.9):
            (kept,), (held,) = train_validation_split((np.arange(rows),), fraction)
            training, validation = split(np.zeros(rows), "tail", fraction, 0)
            assert (len(training), len(validation)) == (len(kept), len(held))
            np.testing.assert_array_equal(validation, np.asarray(held))


def test_a_stratified_split_keeps_the_shares_of_both_parts():
    labels = np.repeat(np.arange(4), [100, 200, 300, 400])
    training, validation = split(labels, "stratified", 0.25, 3)
    assert np.bincount(labels[training]).tolist() == [75, 150, 225, 300]
    assert np.bincount(labels[validation]).tolist() == [25, 50, 75, 100]


@pytest.mark.parametrize("fraction", [0.0, 1e-20, 1.0, 0.999])
def test_a_part_without_rows_is_an_error(fraction):
    with pytest.raises(ConfigError, match=r"fraction: .* of 20 rows leaves no (training|validation) rows"):
        split(np.arange(20), "tail", fraction, 0)


def test_fewer_training_rows_than_classes_are_an_error():
    message = r"^data.validation.fraction: 0.95 leaves 1 training row for 10 classes; .*\nUse a smaller fraction"
    with pytest.raises(ConfigError, match=message):
        split(np.arange(20) % 10, "stratified", 0.95, 0)


@given(LABELS, st.integers(2, 7))
def test_folds_are_all_rows_once_with_the_same_share_of_each_class(labels, folds):
    parts = [fold(labels, folds, number) for number in range(1, folds + 1)]
    for training, validation in parts:
        np.testing.assert_array_equal(np.sort(np.concatenate([training, validation])), np.arange(len(labels)))
    held_out = [validation for _, validation in parts]
    np.testing.assert_array_equal(np.sort(np.concatenate(held_out)), np.arange(len(labels)))
    counts = np.array([np.bincount(labels[rows], minlength=6) for rows in held_out])
    assert (np.ptp(counts, axis=0) <= 1).all()
    assert np.ptp(counts.sum(axis=1)) <= 1


def test_folds_do_not_follow_the_order_of_the_rows():
    _, validation = fold(np.arange(1000) % 2, 2, 1)
    assert 100 < (validation < 500).sum() < 400


def test_an_unknown_way_to_split_is_an_error():
    with pytest.raises(ValueError, match=r"'odd': expected one of tail, random, stratified"):
        split(np.arange(20) % 2, "odd", 0.2, 0)
