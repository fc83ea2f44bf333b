"""Claims about tests and intervals: published examples, SciPy's answers, and rules that hold for all data."""

import subprocess
import sys
from itertools import pairwise, product
from math import comb, inf, nan, sqrt
from statistics import fmean, stdev

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from mnist_lab.analysis import family
from mnist_lab.analysis.holm import ALPHA, holm, open_tests
from mnist_lab.analysis.intervals import mean_accuracy_interval, mean_interval
from mnist_lab.analysis.mcnemar import accuracy_difference, disagreement, mcnemar
from mnist_lab.analysis.paired import paired, smallest_p
from mnist_lab.analysis.power import least_seeds, one_digit, seeds_to_settle
from mnist_lab.analysis.resampled import resampled

DARWIN = (49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48)
"""Crossed less self-fertilised maize, in eighths of an inch: Fisher, The Design of Experiments (1935), section 17."""
SLEEP = (1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4)
"""Hours of sleep gained: Student, "The probable error of a mean", Biometrika 6 (1908); `sleep` in R."""

differences = st.lists(st.integers(-30, 30).map(lambda wrong: wrong / 10_000), min_size=1, max_size=8)
accuracies = st.lists(
    st.tuples(*2 * [st.integers(9_700, 9_900).map(lambda correct: correct / 10_000)]), min_size=1, max_size=8
)


def against_zero(values):
    return paired([0.0] * len(values), values)


# The sign-flip test


def test_the_sign_flip_test_gives_fishers_p_for_darwins_maize():
    # Section 21: 863 of the 32,768 choices of signs total 314 or more, so 1,726 are as far from 0: 5.267 %.
    found = against_zero(DARWIN)
    assert found.p == 1_726 / 32_768
    assert found.mean == pytest.approx(314 / 15)
    assert found.smallest_p == 2 / 32_768


@given(differences)
def test_the_sign_flip_test_tries_every_choice_of_signs_and_recognizes_ties(values):
    in_images = [round(value * 10_000) for value in values]
    totals = [
        abs(sum(s * v for s, v in zip(signs, in_images, strict=True))) for signs in product((1, -1), repeat=len(values))
    ]
    share = sum(total >= abs(sum(in_images)) for total in totals) / len(totals)
    assert against_zero(values).p == pytest.approx(share, abs=1e-12)


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=7, unique=True), st.randoms(use_true_random=False))
def test_the_sign_flip_test_agrees_with_scipy(sizes, random):
    values = [random.choice((1.0, -1.0)) * size for size in sizes]
    assume(sum(values) != 0)
    found = stats.permutation_test((np.array(values),), np.mean, permutation_type="samples", n_resamples=inf)
    assert against_zero(values).p == pytest.approx(min(1.0, found.pvalue))


@settings(max_examples=25)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=6))
def test_if_nothing_differs_the_sign_flip_p_is_at_most_alpha_with_probability_at_most_alpha(sizes):
    # Without a difference all choices of signs are equally likely, whatever the sizes: this is the whole distribution.
    ps = [
        against_zero([s * v for s, v in zip(signs, sizes, strict=True)]).p
        for signs in product((1, -1), repeat=len(sizes))
    ]
    for alpha in ps:
        assert sum(p <= alpha for p in ps) / len(ps) <= alpha + 1e-12


@pytest.mark.parametrize("n", range(1, 17))
def test_pairs_that_all_point_one_way_give_the_smallest_possible_p(n):
    found = against_zero([0.001 + 0.0001 * i for i in range(n)])
    assert found.p == found.smallest_p == smallest_p(n) == 2 / 2**n


def test_beyond_sixteen_pairs_random_flips_estimate_what_all_of_them_give():
    rng = np.random.default_rng(1)
    values = list(rng.normal(0.4, 1, 17))
    signs = 1 - 2 * ((np.arange(2**17)[:, None] >> np.arange(17)) & 1)
    exact = float(np.mean(np.abs(signs @ values) >= abs(sum(values)) - 1e-9))
    found = against_zero(values).p
    assert found == pytest.approx(exact, abs=4 * sqrt(exact * (1 - exact) / 10_000))
    assert 0.001 < found < 0.5
    assert against_zero([0.0] * 17).p == 1
    assert against_zero([1.0] * 40).p <= 2 / 10_000


def test_p_values_over_many_seeds_are_uniform_if_nothing_differs():
    rng = np.random.default_rng(2)
    ps = [against_zero(list(rng.normal(0, 1, 12))).p for _ in range(400)]
    assert stats.kstest(ps, "uniform").pvalue > 0.001


# Pairs


@given(accuracies, st.randoms(use_true_random=False))
def test_the_order_of_the_pairs_does_not_matter(pairs, random):
    shuffled = random.sample(pairs, len(pairs))
    assert paired(*zip(*pairs, strict=True)) == paired(*zip(*shuffled, strict=True))


@given(accuracies)
def test_swapping_the_two_sides_mirrors_everything(pairs):
    a, b = zip(*pairs, strict=True)
    there, back = paired(a, b), paired(b, a)
    assume(there.mean != 0)
    assert (back.mean, back.p, back.sd) == (-there.mean, there.p, there.sd)
    assert back.interval == (there.interval and (-there.interval[1], -there.interval[0]))


def test_mean_and_deviation_are_those_of_the_differences():
    found = paired([0.98, 0.97, 0.99], [0.985, 0.974, 0.99])
    assert (found.n, found.mean, found.sd) == (3, pytest.approx(0.003), pytest.approx(stdev([0.005, 0.004, 0.0])))


@pytest.mark.parametrize(("a", "b"), [([], []), ([1.0], [1.0, 2.0]), ([nan], [1.0]), ([1.0], [inf])])
def test_invalid_pairs_are_refused(a, b):
    with pytest.raises(ValueError, match="expected"):
        paired(a, b)


# The interval that inverts it

exact = st.lists(st.integers(-30, 30).map(lambda wrong: wrong / 10_000), min_size=1, max_size=10)


def test_the_interval_of_darwins_maize_ends_at_the_819th_mean_of_a_subset_from_either_side():
    # .05 of 2^15 choices of signs are 1,638, half of them on either side: p for a difference just below the lower end
    # counts the 819 subsets whose means are at most that, the empty one among them.
    signs = np.array(list(product((False, True), repeat=len(DARWIN))))[1:]
    means = np.sort(signs @ np.array(DARWIN) / signs.sum(axis=1))
    assert against_zero(DARWIN).interval == pytest.approx((means[818], means[-819]))


@given(exact, st.integers(1, 12))
def test_the_interval_excludes_zero_exactly_if_the_test_rejects(values, tests):
    found = paired([0.0] * len(values), values, tests=tests)
    rejects = tests * found.p <= ALPHA
    assert (found.interval is None) == (tests * found.smallest_p > ALPHA)
    if found.interval:
        assert (found.interval[0] > 0 or found.interval[1] < 0) == rejects
        assert found.interval[0] <= found.mean + 1e-12
        assert found.mean <= found.interval[1] + 1e-12
    else:
        assert not rejects


@given(exact.filter(lambda values: len(values) >= 6), st.integers(1, 3), st.integers(-60, 60))
def test_the_interval_holds_exactly_the_differences_that_the_test_does_not_reject(values, tests, shift):
    low, high = paired([0.0] * len(values), values, tests=tests).interval or (-inf, inf)
    shift /= 10_000
    assume(min(abs(shift - low), abs(shift - high)) > 1e-9)
    rejected = tests * paired([shift] * len(values), values, tests=tests).p <= ALPHA
    assert rejected == (not low <= shift <= high)


@given(exact.filter(lambda values: len(values) >= 6))
def test_the_interval_grows_with_the_number_of_comparisons_and_stays_within_the_differences(values):
    ends = [paired([0.0] * len(values), values, tests=tests).interval for tests in (1, 2, 5)]
    for narrow, wide in pairwise(filter(None, ends)):
        assert min(values) - 1e-12 <= wide[0] <= narrow[0] <= narrow[1] <= wide[1] <= max(values) + 1e-12


@pytest.mark.parametrize("n", [6, 10, 20])
def test_the_interval_covers_at_least_as_often_as_it_says(n):
    rng = np.random.default_rng(3)
    intervals = [against_zero(list(rng.normal(0.001, 0.002, n))).interval for _ in range(200)]
    assert fmean(low <= 0.001 <= high for low, high in intervals) >= 0.95 - 3 * sqrt(0.95 * 0.05 / 200)


def test_beyond_sixteen_pairs_the_interval_still_agrees_with_the_test():
    rng = np.random.default_rng(8)
    for shift in (0.0, 0.3, 0.45, 0.5, 0.55, 0.8):
        found = against_zero(list(rng.normal(shift, 1, 18)))
        assert (found.interval[0] > 0 or found.interval[1] < 0) == (found.p <= ALPHA)


@given(
    st.lists(st.tuples(*2 * [st.lists(st.integers(0, 9), min_size=8, max_size=8)]), min_size=1, max_size=5),
)
def test_in_a_family_a_difference_is_significant_exactly_if_its_interval_excludes_zero(arms):
    comparisons = [tuple(dict(enumerate(side)) for side in arm) for arm in arms]
    for test in family.tested(comparisons):
        assert (test.paired.interval is None) == test.too_few
        low, high = test.paired.interval or (0, 0)
        assert test.significant == (low > 0 or high < 0)


# The interval of a mean


def test_the_interval_of_the_mean_is_that_of_students_sleep_data():
    # R: t.test(extra ~ group, data = sleep, paired = TRUE) prints the interval 0.7001142 to 2.4598858.
    assert mean_interval(SLEEP) == pytest.approx((0.7001142, 2.4598858), abs=5e-8)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20).filter(lambda v: stdev(v) > 1e-6), st.floats(0.5, 0.999))
def test_the_interval_of_the_mean_is_scipys(values, confidence):
    expected = stats.t.interval(confidence, len(values) - 1, fmean(values), stats.sem(values))
    assert mean_interval(values, confidence) == pytest.approx(expected)


def test_one_value_has_no_interval_of_the_mean():
    assert mean_interval([0.98]) is None


def test_the_interval_of_a_mean_accuracy_is_kept_within_0_and_1():
    assert mean_accuracy_interval([0.1, 0.9, 0.8]) == (0.0, 1.0)
    assert mean_accuracy_interval([0.97, 0.98]) == (pytest.approx(mean_interval([0.97, 0.98])[0]), 1.0)
    assert mean_accuracy_interval([0.98]) is None


def test_the_interval_of_the_mean_covers_the_mean_95_times_of_100():
    draws = np.random.default_rng(4).normal(0.98, 0.001, (4_000, 5))
    covered = [low <= 0.98 <= high for low, high in (mean_interval(list(values)) for values in draws)]
    assert fmean(covered) == pytest.approx(0.95, abs=4 * sqrt(0.95 * 0.05 / 4_000))


# McNemar


def test_mcnemars_exact_p_for_the_approval_ratings_in_agresti():
    # Categorical Data Analysis, table 10.1: 150 turned from approval to disapproval and 86 the other way;
    # R: exact2x2::mcnemar.exact prints p = 3.716e-05.
    assert mcnemar(86, 150) == pytest.approx(3.716e-05, abs=5e-9)


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemars_p_is_scipys_binomial_test_and_the_same_either_way(a, b):
    expected = stats.binomtest(a, a + b).pvalue if a + b else 1.0
    assert mcnemar(a, b) == mcnemar(b, a) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("n", [1, 6, 25, 80])
def test_if_two_models_err_equally_often_mcnemars_p_is_at_most_alpha_with_probability_at_most_alpha(n):
    ps = [mcnemar(k, n - k) for k in range(n + 1)]
    for alpha in ps:
        assert sum(comb(n, k) for k, p in enumerate(ps) if p <= alpha) / 2**n <= alpha * (1 + 1e-12)


def test_models_that_get_everything_wrong_are_compared_quickly():
    assert mcnemar(9_000, 9_500) == pytest.approx(stats.binomtest(9_000, 18_500).pvalue)


@pytest.mark.parametrize(("total", "only_a", "only_b"), [(10_000, 0.001, 0.001), (300, 0.02, 0.05)])
def test_the_interval_of_two_models_covers_their_true_difference_at_least_95_times_of_100(total, only_a, only_b):
    draws = np.random.default_rng(7).multinomial(total, [only_a, only_b, 1 - only_a - only_b], 60)
    intervals = [accuracy_difference(int(a), int(b), total) for a, b, _ in draws]
    assert fmean(low <= only_a - only_b <= high for low, high in intervals) >= 0.95 - 2 * sqrt(0.95 * 0.05 / 60)


@settings(max_examples=25)
@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 10_000), st.integers(1, 12))
def test_the_interval_of_two_models_excludes_zero_exactly_if_mcnemars_test_rejects(a, b, more, tests):
    low, high = accuracy_difference(a, b, a + b + more, tests=tests)
    assert (low > 0 or high < 0) == (tests * mcnemar(a, b) <= ALPHA)
    assert (low, high) == pytest.approx([-end for end in accuracy_difference(b, a, a + b + more, tests=tests)][::-1])
    assert -1 <= low <= high <= 1
    if a + b + more > 0:
        assert low <= (a - b) / (a + b + more) <= high


def test_mistakes_are_compared_image_by_image():
    found = disagreement([1, 2, 3, 4], {4, 5})
    assert (found.only_a_wrong, found.only_b_wrong, found.both_wrong) == (3, 1, 1)
    assert found.p == mcnemar(3, 1) == pytest.approx(0.625)


def test_negative_counts_are_refused():
    with pytest.raises(ValueError, match="expected counts"):
        mcnemar(-1, 3)


# Holm

families = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def test_holm_corrects_a_worked_example():
    # R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") prints 0.03 0.06 0.06 0.02.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(families)
def test_holm_keeps_the_order_lowers_nothing_and_asks_no_more_than_bonferroni(ps):
    adjusted = holm(ps)
    assert all(p <= q <= min(1.0, len(ps) * p) + 1e-12 for p, q in zip(ps, adjusted, strict=True))
    ranked = sorted(range(len(ps)), key=ps.__getitem__)
    assert all(adjusted[i] <= adjusted[j] for i, j in pairwise(ranked))


@given(families, st.floats(0.001, 0.5))
def test_holm_rejects_step_by_step_until_the_first_that_is_too_large(ps, alpha):
    # The procedure as Holm states it.
    rejected = set()
    for rank, i in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        if ps[i] * (len(ps) - rank) > alpha:
            break
        rejected.add(i)
    assert {i for i, p in enumerate(holm(ps)) if p <= alpha} == rejected


def test_holm_makes_at_most_one_false_claim_in_twenty_families():
    draws = np.random.default_rng(5).uniform(size=(4_000, 12))
    assert fmean(min(holm(list(ps))) <= 0.05 for ps in draws) <= 0.05 + 4 * sqrt(0.05 * 0.95 / 4_000)


@given(families, st.data())
def test_a_p_stays_significant_multiplied_by_its_number_of_open_tests(ps, data):
    i = data.draw(st.integers(0, len(ps) - 1))
    factor = open_tests(ps)[i]
    p = data.draw(st.floats(0, 1).filter(lambda p: abs(factor * p - ALPHA) > 1e-9))
    assert (holm([*ps[:i], p, *ps[i + 1 :]])[i] <= ALPHA) == (factor * p <= ALPHA)


def test_holm_returns_nothing_for_nothing_and_refuses_an_invalid_p():
    assert holm([]) == []
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([0.5, nan])


# How many seeds


def test_six_seeds_for_one_arm_and_nine_for_twelve():
    assert [least_seeds(arms) for arms in (1, 2, 12, 100)] == [6, 7, 9, 12]


@given(st.integers(1, 200))
def test_with_the_fewest_seeds_the_best_arm_can_be_significant_and_with_one_fewer_it_cannot(arms):
    n = least_seeds(arms)
    assert holm([smallest_p(n), *[1.0] * (arms - 1)])[0] <= ALPHA
    assert holm([smallest_p(n - 1), *[1.0] * (arms - 1)])[0] > ALPHA


@pytest.mark.parametrize(("effect", "pairs"), [(0.2, 199), (0.5, 34), (0.8, 15)])
def test_small_medium_and_large_effects_take_the_published_numbers_of_pairs(effect, pairs):
    # Cohen's effects, paired t-test, two-sided, alpha .05, power .80: the numbers that G*Power prints.
    assert seeds_to_settle(effect, 1.0) == pairs


def test_the_power_is_that_of_a_simulated_sign_flip_test():
    n = seeds_to_settle(0.9, 1.0)
    draws = np.random.default_rng(6).normal(0.9, 1.0, (400, n))
    found = fmean(against_zero(list(values)).p <= 0.05 for values in draws)
    assert found == pytest.approx(0.8, abs=0.08)


@given(st.floats(0.05, 50), st.integers(1, 20))
def test_seeds_to_settle_are_never_too_few_to_be_significant_and_no_fewer_for_more_arms(effect, arms):
    few, many = seeds_to_settle(effect, 1.0, arms=arms), seeds_to_settle(effect, 1.0, arms=arms + 1)
    assert few is None or few >= least_seeds(arms)
    assert many is None or (few is not None and few <= many)


@pytest.mark.parametrize(("difference", "sd"), [(0.0, 1.0), (0.1, 0.0), (nan, 1.0), (0.001, 1.0)])
def test_no_number_of_seeds_is_given_without_a_difference_or_deviation_or_if_it_is_unreasonable(difference, sd):
    assert seeds_to_settle(difference, sd) is None


@pytest.mark.parametrize(("number", "told"), [(0, 0), (1, 1), (9, 9), (12, 10), (37, 40), (134, 100), (996, 1_000)])
def test_a_number_of_seeds_is_given_with_one_digit(number, told):
    assert one_digit(number) == told


def test_more_seeds_are_suggested_only_if_their_order_of_magnitude_can_be_estimated():
    def more(values):
        [test] = family.tested([(dict.fromkeys(range(len(values)), 0.0), dict(enumerate(values)))])
        return test.more_seeds, test.significant

    assert more([0.2, 0.1, 0.15, 0.12, 0.18]) == (0, False)  # so few that none can be significant
    assert more([1.0, -0.9, 0.8, -0.7, 0.6, -0.5, 0.4, -0.3, 0.2, 0.1]) == (0, False)  # the mean may well be 0
    assert more([0.3, 0.2, 0.1, 0.4, 0.2, -0.3, 0.2, -0.05, 0.2]) == (10, False)
    assert more([0.3, 0.2, 0.1, 0.4, 0.2, 0.3, 0.2, 0.1]) == (0, True)


@pytest.mark.parametrize("effect", [5, 50, 300, 1e14])
def test_an_effect_beyond_all_doubt_needs_no_more_than_the_fewest_seeds(effect):
    assert seeds_to_settle(effect, 1.0) == least_seeds(1) == 6
    assert seeds_to_settle(-effect, 1.0, arms=12) == least_seeds(12) == 9


def test_statistics_import_scipy_only_when_they_compute():
    program = (
        "import sys\n"
        "import mnist_lab.analysis, mnist_lab.analysis.verdicts\n"
        "from mnist_lab.analysis.verdicts import Scores, verdicts\n"
        "verdicts([(Scores({1: .98}, {1: [1]}), Scores({1: .97}, {1: [2]}))])\n"
        "print(sys.modules.keys() & {'numpy', 'scipy'})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


# Cross-validation: the corrected resampled t-test


FOLDS = (0.970, 0.972, 0.968, 0.971, 0.969), (0.980, 0.992, 0.998, 0.991, 0.989)
"""Differences .01, .02, .03, .02 and .02: mean .02, standard deviation .00707."""


def test_the_corrected_test_of_five_folds_is_that_of_the_formula():
    found = resampled(*FOLDS, share=1 / 4)
    error = found.sd * np.sqrt(1 / 5 + 1 / 4)
    assert found.mean == pytest.approx(0.02)
    assert found.sd == pytest.approx(0.0070711, abs=1e-7)
    assert found.mean / error == pytest.approx(4.21637, abs=1e-5)  # 2 sqrt(2) sqrt(5) / 1.5
    assert found.p == pytest.approx(2 * stats.t.sf(4.21637, 4), rel=1e-5)
    assert found.interval == pytest.approx(stats.t.interval(0.95, 4, loc=0.02, scale=error))


def test_without_overlap_it_is_the_paired_t_test():
    found = resampled(*FOLDS, share=1e-12)
    assert found.p == pytest.approx(stats.ttest_rel(*FOLDS).pvalue)


def test_its_false_positives_stay_near_its_level_where_those_of_the_paired_t_test_do_not():
    generator = np.random.default_rng(0)
    shared = generator.normal(size=(2000, 1)) * np.sqrt(1 / 5)  # correlation 1/k, as Nadeau and Bengio assume
    folds = shared + generator.normal(size=(2000, 5)) * np.sqrt(4 / 5)
    found = np.mean([resampled([0.0] * 5, row, share=1 / 4).p <= 0.05 for row in folds.tolist()])
    assert 0.03 < found < 0.07
    assert np.mean(stats.ttest_1samp(folds, 0, axis=1).pvalue <= 0.05) > 0.1


@given(
    st.lists(st.tuples(*[st.floats(-1, 1).map(lambda x: round(x, 4))] * 2), min_size=2, max_size=12),
    st.integers(1, 20),
)
def test_its_interval_excludes_0_exactly_if_it_rejects(pairs, tests):
    found = resampled(*zip(*pairs, strict=True), share=0.25, tests=tests)
    assume(abs(tests * found.p - 0.05) > 1e-9)
    assert (found.interval[0] > 0 or found.interval[1] < 0) == (tests * found.p <= 0.05)


def test_a_single_fold_decides_nothing():
    found = resampled([0.9], [0.99], share=0.25)
    assert (found.p, found.interval, found.sd) == (1, None, None)


@pytest.mark.parametrize(
    ("a", "b", "share"), [([], [], 0.25), ([1], [1, 2], 0.25), ([1], [np.nan], 0.25), ([1], [1], 0)]
)
def test_invalid_pairs_of_folds_are_refused(a, b, share):
    with pytest.raises(ValueError, match="expected"):
        resampled(a, b, share=share)
