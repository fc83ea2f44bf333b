"""How durations, sizes and numbers of things are written."""

import pytest

from mnist_lab.text.quantities import count, data_set, duration, estimate, file_size, megabytes, parameters, percent


@pytest.mark.parametrize(("number", "text"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (10_000, "10,000 runs")])
def test_one_thing_is_singular(number, text):
    assert count(number, "run") == text


@pytest.mark.parametrize(
    ("seconds", "measured", "estimated"),
    [
        (0.04, "0.04 s", "0 s"),
        (0.994, "0.99 s", "1 s"),
        (0.996, "1.0 s", "1 s"),
        (45.25, "45.2 s", "45 s"),
        (59.94, "59.9 s", "60 s"),
        (59.96, "1 min 00 s", "60 s"),
        (60, "1 min 00 s", "60 s"),
        (89, "1 min 29 s", "89 s"),
        (725, "12 min 05 s", "12 min"),
        (3599.6, "1 h 00 min", "60 min"),
        (12_000, "3 h 20 min", "3 h 20 min"),
    ],
)
def test_an_estimate_claims_less_precision_than_a_measurement(seconds, measured, estimated):
    assert (duration(seconds), estimate(seconds)) == (measured, estimated)


def test_a_subset_is_told_from_the_numbers_of_images_that_are_used():
    assert data_set("MNIST", None) == "MNIST"
    assert data_set("MNIST", 2000) == "MNIST (subset of 2,000)"
    assert data_set("UCI digits (not MNIST)", 100) == "UCI digits (not MNIST, subset of 100)"


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0.0 MB"), (400_000, "0.4 MB"), (15.2e6, "15 MB"), (1.25e9, "1,250 MB")]
)
def test_small_sizes_have_a_decimal(size, text):
    assert megabytes(size) == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "1 kB"), (12_400, "12 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"), (15.2e6, "15 MB")]
)
def test_files_may_be_small(size, text):
    assert file_size(size) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0.0 %"), (0.8984, "89.8 %"), (0.9994, "99.9 %"), (0.9996, "> 99.9 %"), (1, "100.0 %")],
)
def test_a_share_that_is_not_all_is_not_called_100_percent(share, text):
    assert percent(share) == text


def test_trainable_parameters_are_given_if_they_are_not_all():
    assert parameters(10, 10) == "10 parameters"
    assert parameters(7_770, 7_852) == "7,852 parameters (7,770 trainable)"
