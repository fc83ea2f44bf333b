"""What a plan says in advance: whether the seeds can give verdicts, and where finished runs are."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab import load_config
from mnist_lab.analysis import family as statistics
from mnist_lab.sweeps import make_plan
from mnist_lab.sweeps.verdicts import too_few_seeds
from tests.run_folders import UCI, finished_run

BASE = {"experiment": "base", "data": {"dataset": "digits"}, "model": {"kind": "mlp", "nodes": [4]}}


def runs(arms, seeds, **changes):
    base = load_config(BASE)
    named = [base] + [
        load_config(base, {"experiment": f"arm{i}", "base": "base", "model.nodes": [5 + i], **changes})
        for i in range(arms)
    ]
    return [config.model_copy(update={"seed": seed}) for config in named for seed in seeds]


@pytest.mark.parametrize(
    ("arms", "seeds", "sentence"),
    [
        (12, 3, "Too few seeds to reach significance against base: 3 seeds, at least 9 needed (--seeds 1..9)."),
        (1, 1, "Too few seeds to reach significance against base: 1 seed, at least 6 needed (--seeds 1..6)."),
    ],
)
def test_seeds_that_cannot_give_a_verdict_are_reported_with_the_number_that_can(arms, seeds, sentence):
    assert too_few_seeds(runs(arms, range(seeds))) == [sentence]


def test_the_advice_names_the_setting_that_asks_for_more_seeds():
    [sentence] = too_few_seeds(runs(2, range(3)), "confirm.seeds: %d")
    assert sentence.endswith("3 seeds, at least 7 needed (confirm.seeds: 7).")


@given(st.integers(1, 20), st.integers(1, 12))
def test_the_warning_appears_exactly_if_the_verdicts_could_not_be_significant(arms, seeds):
    base, apart = dict.fromkeys(range(seeds), 0.5), {seed: 0.9 + seed / 1000 for seed in range(seeds)}
    verdicts = statistics.tested([(base, apart)] * arms)
    assert bool(too_few_seeds(runs(arms, range(seeds)))) == (not any(verdict.significant for verdict in verdicts))


def test_nothing_is_told_of_seeds_where_that_is_done_elsewhere(tmp_path):
    assert make_plan(runs(2, range(3)), tmp_path, more_seeds="").notes == ()
    assert make_plan(runs(2, range(3)), tmp_path).notes != ()


def test_with_the_number_of_seeds_it_names_the_warning_is_gone():
    [sentence] = too_few_seeds(runs(5, range(2)))
    least = int(re.findall(r"1\.\.(\d+)", sentence)[0])
    assert too_few_seeds(runs(5, range(least))) == []
    assert too_few_seeds(runs(5, range(least - 1))) != []


def test_experiments_that_share_fewer_seeds_with_the_base_are_counted():
    few = runs(2, range(8))
    lacking = [config for config in few if config.experiment != "arm1" or config.seed < 3]
    [sentence] = too_few_seeds(lacking)
    start = "Too few seeds to reach significance against base for 1 of 2 experiments: 3 seeds in common"
    assert sentence.startswith(start)


def test_what_is_not_compared_needs_no_seeds():
    assert too_few_seeds(runs(0, [1])) == []
    assert too_few_seeds(runs(2, [1], base="elsewhere")) == []
    assert too_few_seeds(runs(2, [1], **{"data.subset": 100})) == []


def test_a_plan_says_where_finished_runs_elsewhere_are(tmp_path):
    finished_run(tmp_path / "published", BASE, dataset=UCI, seed=1)
    finished_run(tmp_path / "published", BASE, dataset=UCI, seed=2)
    finished_run(tmp_path, BASE | {"experiment": "renamed"}, dataset=UCI, seed=3)
    finished_run(tmp_path, BASE, dataset=UCI, seed=4)
    plan = make_plan(
        [load_config(BASE | {"seed": seed, "runtime": {"backend": "jax"}}) for seed in range(1, 6)], tmp_path
    )
    assert [run.state for run in plan.runs] == [*["done"] * 4, "new"]
    assert plan.notes == (
        f"2 finished runs found in {tmp_path / 'published'}.",
        f"1 finished run found in {tmp_path / 'renamed'}.",
    )
