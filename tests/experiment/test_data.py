"""Every class is learned from and validated on: splits that would leave one out of a part are corrected or refused."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_lab import datasets, load_config
from mnist_lab.datasets.assembly import assemble
from mnist_lab.datasets.dataset import ROLES, Raw
from mnist_lab.errors import ConfigError, InputError
from mnist_lab.experiment.data import prepare_data, resolve_split
from mnist_lab.experiment.identity import identify


def dataset_of(labels, classes=None):
    """A data set whose training part has these labels, and whose images encode the row."""
    labels = np.asarray(labels)
    images = np.full((len(labels), 2, 2, 1), 255, np.uint8)
    images[:, 0, 0, 0] = np.arange(len(labels)) % 256
    every = np.unique(labels)
    arrays = {"x_train": images, "y_train": labels, "x_test": images[: len(every)], "y_test": every}
    return assemble(
        Raw(arrays, dict.fromkeys(ROLES, "here"), (), "here", dict(enumerate(classes)) if classes else None),
        None,
        "mine",
    )


def config_of(seed=1, **data):
    return load_config({
        "data": {"dataset": "digits", **data}, "model": {"kind": "mlp", "nodes": [4]}, "seed": seed,
        "runtime": {"backend": "jax"}, "experiment": "mine",
    })  # fmt: skip


def settled(config, dataset):
    data, notes = resolve_split(config.data, dataset)
    return config.model_copy(update={"data": data}), notes


def counts(part, classes):
    return np.bincount(part.labels, minlength=classes).tolist()


SORTED = {
    "sorted": np.repeat(np.arange(10), 50),
    "sorted downwards": np.repeat(np.arange(10), 50)[::-1],
    "two classes": np.repeat([0, 1], [900, 100]),
    "two classes, the large one last": np.repeat([0, 1], [100, 900]),
    "sorted in two halves": np.concatenate([np.repeat(np.arange(5), 50), np.repeat(np.arange(5, 10), 50)]),
    "only the last class apart": np.concatenate([np.arange(400) % 9, np.full(100, 9)]),
    "sorted but for a stray row of each class at either end": np.concatenate(
        [np.arange(10), np.repeat(np.arange(10), 200), np.arange(10)]
    ),
}


@pytest.mark.parametrize("name", SORTED)
@pytest.mark.parametrize("fraction", [0.15, 0.2, 0.5])
def test_rows_sorted_by_class_are_split_stratified_with_a_note(name, fraction):
    dataset = dataset_of(SORTED[name])
    classes = len(dataset.classes)
    config, notes = settled(config_of(validation={"split": "tail", "fraction": fraction}), dataset)
    assert config.data.validation.split == "stratified"
    [note] = notes
    assert note.startswith(
        "data.validation: the split is stratified, not tail, because the order of the rows would leave few or no"
    )
    splits = prepare_data(config, dataset)
    assert splits.validation
    expected = np.bincount(SORTED[name]) * fraction
    np.testing.assert_allclose(counts(splits.validation, classes), expected, atol=1)
    assert min(counts(splits.train, classes)) > 0


def test_the_note_names_the_classes_that_would_be_missing():
    _, [note] = settled(config_of(), dataset_of(np.repeat(np.arange(10), 50)))
    assert note.endswith("few or no training images of classes 8, 9.")
    _, [note] = settled(config_of(), dataset_of(np.repeat([0, 1], [100, 900]), ("cat", "dog")))
    assert note.endswith("few or no validation images of class cat.")


ORDERLY = {
    "shuffled": np.random.default_rng(0).permutation(np.repeat(np.arange(10), 50)),
    "in turn": np.arange(500) % 10,
    "writer by writer, each sorted": np.tile(np.repeat(np.arange(10), 5), 10),
    "a rare class": np.concatenate([np.arange(2000) % 2, [2], np.arange(1000) % 2, [2], np.arange(500) % 2, [2]]),
    "uneven": np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [900, 60, 40])),
}


@pytest.mark.parametrize("name", ORDERLY)
def test_a_tail_that_has_every_class_stays_the_tail(name):
    dataset = dataset_of(ORDERLY[name])
    config, notes = settled(config_of(), dataset)
    assert notes == ()
    splits = prepare_data(config, dataset)
    rows = len(ORDERLY[name])
    assert splits.validation
    assert splits.validation.rows.tolist() == list(range(rows - len(splits.validation), rows))


@pytest.mark.parametrize("split", ["random", "stratified", "test", "none"])
def test_sorted_rows_do_not_change_a_split_that_does_not_go_by_position(split):
    config = config_of(validation={"split": split})
    assert settled(config, dataset_of(np.repeat(np.arange(10), 100))) == (config, ())


def with_validation(labels):
    """A data set with a validation part of its own, of ten images."""
    dataset = dataset_of(labels)
    return dataclasses.replace(dataset, x_val=dataset.x_train[:10], y_val=dataset.y_train[:10])


@pytest.mark.parametrize("split", ["tail", "random", "stratified"])
def test_a_validation_part_of_the_data_set_is_used_as_such_with_a_note(split):
    dataset = with_validation(np.arange(100) % 10)
    config, notes = settled(config_of(validation={"split": split, "fraction": 0.3}), dataset)
    assert notes == (f"data.validation: the 10 validation images of mine instead of a {split} split.",)
    assert (config.data.validation.split, config.data.validation.fraction) == ("provided", 0.2)
    splits = prepare_data(config, dataset)
    assert (len(splits.train), len(splits.validation or ()), splits.selected_on_test) == (100, 10, False)
    assert settled(config, dataset) == (config, ())


@pytest.mark.parametrize("split", ["folds", "test", "none"])
def test_a_choice_other_than_the_data_sets_validation_part_is_honoured_with_a_note(split):
    dataset = with_validation(np.arange(100) % 10)
    config = config_of(validation={"split": split})
    expected = f"data.validation: {split}, so the 10 validation images of mine are not used."
    assert settled(config, dataset) == (config, (expected,))


def test_a_validation_part_that_the_data_set_lacks_is_refused():
    with pytest.raises(InputError, match=r"data.validation: provided, but mine has no validation part"):
        prepare_data(config_of(validation={"split": "provided"}), dataset_of(np.arange(100) % 10))


def test_resizing_is_part_of_the_fingerprint_only_if_it_is_asked_for(tmp_path):
    dataset = dataset_of(np.arange(500) % 10)
    plain, stated, grey, small = (
        identify(config_of(**data), dataset, tmp_path).fingerprint
        for data in ({}, {"grey": False}, {"grey": True}, {"resize": 2})
    )
    assert plain == stated
    assert len({plain, grey, small}) == 3


def test_the_bundled_digits_and_what_ships_for_them_stay_as_they_are():
    dataset = datasets.load("digits")
    for validation in ({}, {"split": "random"}, {"split": "stratified", "fraction": 0.15}):
        config = config_of(validation=validation)
        assert settled(config, dataset) == (config, ())


def test_a_range_of_sorted_rows_is_judged_by_itself():
    labels = np.concatenate([np.arange(200) % 10, np.repeat(np.arange(10), 20)])
    assert settled(config_of(rows=[0, 200]), dataset_of(labels))[1] == ()
    assert settled(config_of(rows=[200, 400]), dataset_of(labels))[1] != ()


@pytest.mark.parametrize("split", ["tail", "random", "stratified", "test", "none"])
def test_rows_without_a_class_are_refused_whatever_the_split(split):
    dataset = dataset_of(np.repeat(np.arange(10), 50))
    config, _ = settled(config_of(rows=[0, 425], validation={"split": split}), dataset)
    with pytest.raises(InputError, match=r"data.rows: there are no images of class 9 among these 425 training images"):
        prepare_data(config, dataset)


def test_a_published_set_by_name_without_one_of_its_classes_is_refused():
    dataset = dataset_of(np.arange(90) % 9, classes=tuple("0123456789"))
    with pytest.raises(InputError, match="here: there are no training images of class 9"):
        prepare_data(config_of(), dataset)


@pytest.mark.parametrize(
    ("data", "labels", "mended"),
    [
        ({"subset": 100}, np.arange(1000) % 10, True),
        ({"subset": 1000}, np.arange(2000) % 10, False),
        ({"subset": 300, "validation": {"split": "random"}}, np.arange(1000) % 10, True),
        ({"validation": {"split": "random"}}, np.arange(300) % 10, True),
        ({"validation": {"split": "random", "fraction": 0.9}}, np.arange(300) % 10, True),
        ({"validation": {"split": "random"}}, np.arange(1000) % 10, False),
        ({"validation": {"split": "random"}}, np.concatenate([np.zeros(5000, int), np.ones(9, int)]), True),
        ({"subset": 100, "validation": {"split": "stratified"}}, np.arange(1000) % 10, False),
        ({"subset": 100, "validation": {"split": "none"}}, np.arange(1000) % 10, False),
    ],
)
def test_a_split_of_so_few_images_that_chance_might_keep_a_class_from_a_part_is_stratified(data, labels, mended):
    dataset = dataset_of(labels)
    marks = set()
    for seed in range(6):
        config, notes = settled(config_of(seed, **data), dataset)
        assert bool(notes) == mended
        assert not notes or ("the split is stratified, not" in notes[0] and "a part could get none" in notes[0])
        splits = prepare_data(config, dataset)
        assert min(counts(splits.train, len(dataset.classes))) > 0
        assert not splits.validation or min(counts(splits.validation, len(dataset.classes))) > 0
        marks.add(identify(config_of(seed, **data), dataset, Path("results")).fingerprint)
    assert len(marks) == 1, "runs that differ in their seed alone are one group"


def test_what_is_mended_has_the_fingerprint_of_what_it_is_mended_to(tmp_path):
    dataset = dataset_of(np.repeat(np.arange(10), 50))
    mended, asked, shuffled = (
        identify(config_of(validation={"split": split}), each, tmp_path)
        for split, each in (("tail", dataset), ("stratified", dataset), ("tail", dataset_of(np.arange(500) % 10)))
    )
    assert mended.fingerprint == asked.fingerprint
    assert mended.config.data.validation.split == "stratified"
    assert (len(mended.notes), asked.notes, shuffled.notes) == (1, (), ())
    assert shuffled.config.data.validation.split == "tail"


@pytest.mark.parametrize("split", ["tail", "random", "stratified"])
def test_a_class_of_one_image_cannot_be_split_and_is_refused(split):
    dataset = dataset_of(np.concatenate([np.arange(500) % 5, [5]]))
    config, _ = settled(config_of(validation={"split": split}), dataset)
    with pytest.raises(InputError, match=r"a stratified split with .* \d+ validation images, none of class 5;"):
        prepare_data(config, dataset)


@pytest.mark.parametrize(("rows", "fraction"), [(40, 0.2), (500, 0.001), (500, 0.01), (12, 0.9), (11, 0.5)])
def test_a_part_with_fewer_rows_than_classes_is_refused(rows, fraction):
    dataset = dataset_of(np.arange(rows) % 10)
    config, _ = settled(config_of(validation={"split": "tail", "fraction": fraction}), dataset)
    with pytest.raises(InputError, match=r"leaves no|none of class|at least one for each"):
        prepare_data(config, dataset)


@settings(max_examples=3 * settings.default.max_examples)
@given(
    st.lists(st.integers(0, 4), min_size=2, max_size=120),
    st.sampled_from(["tail", "random", "stratified"]),
    st.floats(0.05, 0.95),
    st.integers(0, 100),
)
def test_after_any_split_every_class_has_training_and_validation_images_or_it_is_refused(labels, split, fraction, seed):
    labels = np.unique(labels, return_inverse=True)[1]
    if labels.max() == 0:
        return
    dataset = dataset_of(labels)
    config = config_of(seed, validation={"split": split, "fraction": fraction})
    try:
        config, _ = settled(config, dataset)
        splits = prepare_data(config, dataset)
    except InputError:
        training = int(np.floor(len(labels) * (1 - fraction)))
        few = min(training, len(labels) - training) < len(dataset.classes)
        assert few or np.bincount(labels).min() == 1, "there was a split to be had"
        return
    assert splits.validation
    for part in (splits.train, splits.validation):
        assert min(counts(part, len(dataset.classes))) > 0
    assert sorted([*splits.train.rows, *splits.validation.rows]) == list(range(len(labels)))


# Folds


@pytest.mark.parametrize("subset", [None, 300])
def test_the_folds_of_all_seeds_are_the_same(subset):
    dataset = dataset_of(np.arange(1000) % 10)
    parts = [
        prepare_data(config_of(seed, subset=subset, validation={"split": "folds", "folds": 4, "fold": 3}), dataset)
        for seed in (1, 2)
    ]
    for part in ("train", "validation"):
        one, other = (getattr(splits, part).rows for splits in parts)
        np.testing.assert_array_equal(one, other)
    assert len(parts[0].validation) == (subset or 1000) // 4


def test_the_folds_together_are_all_rows_and_the_test_images_stay_apart():
    dataset = dataset_of(np.arange(100) % 10)
    every = [prepare_data(config_of(validation={"split": "folds", "fold": fold}), dataset) for fold in range(1, 6)]
    rows = np.concatenate([splits.validation.rows for splits in every])
    np.testing.assert_array_equal(np.sort(rows), np.arange(100))
    assert {splits.selected_on_test for splits in every} == {False}


def test_more_folds_than_images_of_a_class_are_refused():
    dataset = dataset_of(np.repeat([0, 1], [50, 3]), ("common", "rare"))
    config = config_of(validation={"split": "folds", "folds": 4})
    message = "expected at most 3, the number of images of class rare among these 53 training images, received 4"
    with pytest.raises(InputError, match=message):
        prepare_data(config, dataset)


def test_the_folds_of_a_run_have_their_own_fingerprints_and_one_in_common(tmp_path):
    dataset = datasets.load("digits")
    one, other, more = (
        identify(config_of(validation={"split": "folds", "folds": folds, "fold": fold}), dataset, tmp_path)
        for folds, fold in ((5, 1), (5, 2), (6, 2))
    )
    assert one.fingerprint != other.fingerprint
    assert one.group == other.group == one.fingerprint
    assert more.group != one.group
    assert identify(config_of(), dataset, tmp_path).group is None


@pytest.mark.parametrize(("key", "rows"), [("subset", 40), ("test_subset", 4)])
def test_a_subset_larger_than_the_data_is_an_error(key, rows):
    dataset = dataset_of(np.arange(40) % 4)
    prepare_data(config_of(**{key: rows}), dataset)
    with pytest.raises(InputError, match=f"data.{key}: expected at most {rows}, the number of images available"):
        prepare_data(config_of(**{key: rows + 1}), dataset)


def test_a_subset_smaller_than_the_classes_is_an_error_without_a_note_on_its_split():
    dataset = dataset_of(np.arange(1000) % 10)
    _, notes = settled(config_of(subset=5), dataset)
    assert notes == ()
    with pytest.raises(ConfigError, match=r"^data.subset: expected at least 10, one row per class, received 5\.$"):
        prepare_data(config_of(subset=5), dataset)
    _, [note] = settled(config_of(subset=10), dataset_of(np.arange(1000) % 10))
    assert note.endswith("with only 1 image of class 0, a part could get none.")


def test_rows_beyond_the_end_are_refused_with_the_end_that_there_is():
    message = r"^data.rows: expected an end of at most 40, the number of training images, received 5,000\.$"
    with pytest.raises(ConfigError, match=message):
        prepare_data(config_of(rows=(0, 5000)), dataset_of(np.arange(40) % 4))
