"""Claims about verdicts: when one is given, when it is refused, and how it is worded."""

import re
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_lab.analysis.holm import holm
from mnist_lab.analysis.power import least_seeds
from mnist_lab.analysis.verdicts import Kind, Scores, verdicts
from mnist_lab.reports.wording import p_value
from mnist_lab.reports.wording import verdict as told

SEEDS = range(1, 11)


def scores(difference=0.0, seeds=SEEDS, *, noise=0.0005, stream=0):
    """Accuracies around .98 with an effect of the seed that they share."""
    random = Random(stream)
    return Scores({seed: 0.98 + 0.001 * Random(seed).random() + difference + random.gauss(0, noise) for seed in seeds})


BASE = scores(noise=0)


def judged(base, arms):
    return verdicts([(base, arm) for arm in arms])


def test_an_arm_that_is_better_with_every_seed_is_better():
    [verdict] = judged(BASE, [scores(0.003)])
    assert verdict.kind == Kind.BETTER == "better"
    assert verdict.seeds == tuple(SEEDS)
    assert verdict.p == verdict.paired.p == 2 / 2**10
    assert re.fullmatch(
        r"Better: \+0\.\d\d pp \(95 % confidence interval \+0\.\d\d to \+0\.\d\d, p = \.002; the "
        r"only comparison in its family, so uncorrected\) over 10 shared seeds\.",
        told(verdict),
    )


def test_an_arm_that_is_worse_with_every_seed_is_worse():
    [verdict] = judged(BASE, [scores(-0.003)])
    assert verdict.kind is Kind.WORSE
    assert told(verdict).startswith("Worse: -0.")


def test_an_arm_like_its_base_is_not_significantly_different_and_the_number_of_seeds_needed_is_given():
    [verdict, *_] = judged(BASE, [scores(0.0006, stream=1), *(scores(stream=i) for i in range(2, 12))])
    assert verdict.kind is Kind.NOT_SIGNIFICANT
    assert told(verdict).startswith("Not significant: ")
    assert told(verdict).endswith(f" would take about {verdict.more_seeds} more seeds.")
    [alike] = judged(BASE, [scores(0.00005, stream=1)])
    assert (alike.kind, alike.more_seeds) == (Kind.NOT_SIGNIFICANT, 0)
    assert "more seed" not in told(alike)


@pytest.mark.parametrize(("arms", "n", "least"), [(1, 5, 6), (12, 8, 9)])
def test_too_few_seeds_allow_no_verdict_however_large_the_difference(arms, n, least):
    found = judged(BASE, [scores(-0.5, range(1, n + 1)) for _ in range(arms)])
    assert {verdict.kind for verdict in found} == {Kind.IMPOSSIBLE}
    assert told(found[0]).startswith("Too few seeds: -50.")
    enough = judged(BASE, [scores(-0.5, range(1, least + 1)) for _ in range(arms)])
    assert {verdict.kind for verdict in enough} == {Kind.WORSE}


def test_the_more_arms_there_are_the_more_evidence_each_needs():
    many = judged(BASE, [scores(0.0006, stream=1), *(scores(stream=i) for i in range(2, 12))])
    [alone] = judged(BASE, [scores(0.0006, stream=1)])
    assert (alone.kind, many[0].kind) == (Kind.BETTER, Kind.NOT_SIGNIFICANT)
    assert f"{p_value(many[0].p)}; corrected for 11 comparisons)" in told(many[0])
    assert [verdict.p for verdict in many] == holm([verdict.paired.p for verdict in many])


def test_an_arm_with_fewer_seeds_can_be_significant_if_the_others_are():
    few = scores(0.01, range(1, 8))
    assert least_seeds(3) == 7
    assert judged(BASE, [few, scores(stream=1), scores(stream=2), scores(stream=3)])[0].kind is Kind.IMPOSSIBLE
    assert judged(BASE, [few, scores(0.01), scores(0.02), scores(0.03)])[0].kind is Kind.BETTER


def test_the_fewest_seeds_are_those_with_which_an_arm_can_be_significant_given_the_other_arms():
    few, strong = scores(0.5, range(1, 6)), [scores(0.01 * i) for i in range(1, 12)]
    [verdict, *others] = judged(BASE, [few, *strong])
    assert {other.kind for other in others} == {Kind.BETTER}
    assert (verdict.kind, verdict.arms, verdict.remaining, verdict.least) == (Kind.IMPOSSIBLE, 12, 1, 6)
    assert "at least 6 needed" in told(verdict)
    assert judged(BASE, [scores(0.5, range(1, 7)), *strong])[0].kind is Kind.BETTER


def test_the_verdict_says_if_only_one_of_the_two_was_selected_on_the_test_images():
    plain, chosen = scores(0.003), replace(scores(0.003), chosen_on_test=True)
    [arm], [base] = judged(BASE, [chosen]), judged(replace(BASE, chosen_on_test=True), [plain])
    assert told(arm).startswith("Better: ")
    assert "Only this experiment's weights were chosen on the test images" in told(arm)
    assert told(arm).endswith("its accuracy is optimistic and the difference biased in its favour.")
    assert "Only the base's weights were chosen on the test images" in told(base)
    [neither], [both] = judged(BASE, [plain]), judged(replace(BASE, chosen_on_test=True), [chosen])
    assert told(neither) == told(both)
    assert "chosen" not in told(both)


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0004, "p < .001"), (0.03125, "p = .031"), (0.0498, "p = .050"), (0.05, "p = .050"), (0.0502, "p = .0502"),
     (0.05004, "p = .05004"), (0.0506, "p = .051"), (0.123, "p = .12"), (0.9999, "p = 1")],
)  # fmt: skip
def test_a_p_has_enough_digits_to_show_on_which_side_of_alpha_it_is(p, text):
    assert p_value(p) == text


def test_only_seeds_that_both_have_count():
    [verdict] = judged(scores(0, range(1, 9)), [scores(0.01, range(3, 20))])
    assert verdict.seeds == (3, 4, 5, 6, 7, 8)
    assert "over 6 shared seeds" in told(verdict)


def test_without_a_shared_seed_there_is_nothing_to_compare_but_the_family_stays_as_large():
    apart, other = judged(BASE, [scores(0.01, range(50, 60)), scores(0.01)])
    assert (apart.kind, apart.seeds, apart.paired, apart.p) == (Kind.IMPOSSIBLE, (), None, None)
    assert told(apart) == "Too few seeds: no seed in common with the base; at least 6 needed."
    assert other.p == 2 * other.paired.p


def test_single_runs_are_compared_as_models_and_not_as_experiments():
    base = Scores({1: 0.99}, {1: range(100)})
    better, unlike = judged(base, [Scores({1: 0.995}, {1: range(50)}), Scores({1: 0.99}, {1: range(50, 150)})])
    assert better.kind is unlike.kind is Kind.IMPOSSIBLE
    assert (better.models.only_a_wrong, better.models.only_b_wrong) == (50, 0)
    assert told(better) == (
        "Too few seeds: +0.50 pp with 1 shared seed; at least 7 needed for a verdict. "
        "For these two models (not the experiments): 0 test images misclassified only by this one, 50 only by the "
        "base's (McNemar's exact test, p < .001; corrected for 2 comparisons of single models)."
    )
    assert (unlike.models.p, unlike.models.p_corrected) == (1, 1)


def test_without_stored_mistakes_or_with_several_seeds_models_are_not_compared():
    [unknown] = judged(Scores({1: 0.99}, {1: [1]}), [Scores({1: 0.98})])
    assert unknown.models is None
    assert told(unknown) == ("Too few seeds: -1.00 pp with 1 shared seed; at least 6 needed for a verdict.")
    mistakes = {1: [1], 2: [2]}
    [several] = judged(Scores({1: 0.99, 2: 0.99}, mistakes), [Scores({1: 0.98, 2: 0.98}, mistakes)])
    assert several.models is None


def test_a_base_without_arms_has_no_verdicts():
    assert verdicts([]) == []


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 10), st.integers(0, 99)), min_size=1, max_size=6), st.data()
)
def test_verdicts_do_not_depend_on_the_order_of_the_arms(arms, data):
    made = [scores(size / 1000, range(1, n + 1), stream=stream) for size, n, stream in arms]
    order = data.draw(st.permutations(range(len(made))))
    straight, shuffled = judged(BASE, made), judged(BASE, [made[i] for i in order])
    assert [straight[i] for i in order] == shuffled


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(1, 10)), min_size=1, max_size=6))
def test_a_verdict_is_given_exactly_if_the_corrected_p_is_small_enough_and_refused_if_it_never_could_be(arms):
    for verdict in judged(BASE, [scores(size / 1000, range(1, n + 1), stream=n) for size, n in arms]):
        assert (verdict.kind in (Kind.BETTER, Kind.WORSE)) == (verdict.p <= 0.05)
        assert (len(verdict.seeds) < verdict.least) == (verdict.kind is Kind.IMPOSSIBLE)
        if len(verdict.seeds) < least_seeds(1):
            assert verdict.kind is Kind.IMPOSSIBLE


def test_without_any_difference_one_is_claimed_in_at_most_one_family_of_twenty():
    random = Random(9)
    claims = 0
    for _ in range(60):
        base, *arms = (Scores({seed: random.gauss(0.98, 0.001) for seed in range(9)}) for _ in range(5))
        claims += any(verdict.kind in (Kind.BETTER, Kind.WORSE) for verdict in judged(base, arms))
    assert claims <= 9  # more than 9 of 60 at .05 come up once in a thousand times
