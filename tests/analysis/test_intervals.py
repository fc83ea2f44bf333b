"""Confidence intervals of proportions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab.analysis import wilson


@pytest.mark.parametrize(
    ("correct", "total", "lower", "upper"),
    # Newcombe (1998), table I, method 3: the examples every implementation is checked with.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_newcombes_published_intervals(correct, total, lower, upper):
    assert wilson(correct, total) == pytest.approx((lower, upper), abs=5e-5)


counts = st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_wilson_stays_within_zero_and_one_and_contains_the_proportion(pair):
    correct, total = pair
    lower, upper = wilson(correct, total)
    assert 0 <= lower <= correct / total <= upper <= 1
    assert lower < upper


@given(counts)
def test_wilson_shrinks_with_more_trials(pair):
    correct, total = pair

    def width(correct, total):
        lower, upper = wilson(correct, total)
        return upper - lower

    assert width(4 * correct, 4 * total) < width(correct, total)


@given(counts)
def test_wilson_of_the_errors_mirrors_wilson_of_the_successes(pair):
    correct, total = pair
    lower, upper = wilson(correct, total)
    assert wilson(total - correct, total) == pytest.approx((1 - upper, 1 - lower), abs=1e-12)


@pytest.mark.parametrize(("correct", "total"), [(1, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_counts_that_make_no_sense(correct, total):
    with pytest.raises(ValueError, match="expected"):
        wilson(correct, total)
