"""Claims about groups: seeds become one, each configuration finds its base, different data are never mixed."""

from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab.errors import InputError
from mnist_lab.reports import Spread, collect, groups, study
from mnist_lab.runs import load_run
from tests.run_folders import MNIST, edit_metrics, finished_run

FASHION = {"name": "fashion_mnist", "title": "Fashion-MNIST", "sha256": "f" * 64, "genuine": True}
SMALL = {"name": "small", "data": {"dataset": "mnist"}, "model": {"kind": "mlp", "nodes": [16]}}


def compared(*folders):
    return groups([load_run(folder.path) for folder in folders])


def changes(found):
    return {group.name: (group.base, group.changed) for group in found}


def test_runs_that_differ_in_seed_only_are_one_group_with_mean_and_sample_deviation(tmp_path):
    tests = {3: 0.9812, 1: 0.9800, 2: 0.9821}
    [group] = compared(*(finished_run(tmp_path, seed=seed, test=test) for seed, test in tests.items()))
    assert group.seeds == (1, 2, 3)
    assert group.test.values == (0.98, 0.9821, 0.9812)
    assert group.test.mean == pytest.approx(0.9811)
    assert group.test.deviation == pytest.approx(((0.0011**2 + 0.001**2 + 0.0001**2) / 2) ** 0.5)


def test_one_seed_has_no_deviation(tmp_path):
    [group] = compared(finished_run(tmp_path, test=0.975))
    assert (group.n, group.test.mean, group.test.deviation) == (1, 0.975, None)


def test_the_gap_is_training_minus_validation_accuracy_seed_by_seed(tmp_path):
    runs = [
        finished_run(tmp_path, seed=1, train=0.99, validation=0.98),
        finished_run(tmp_path, seed=2, train=0.96, validation=0.97),
    ]
    [group] = compared(*runs)
    assert group.gap is not None
    assert group.gap.values == pytest.approx((0.01, -0.01))


def test_without_validation_there_is_no_validation_accuracy_and_no_gap(tmp_path):
    [group] = compared(finished_run(tmp_path, validation=None))
    assert group.validation is None
    assert group.gap is None


def test_an_arm_says_what_it_changes_against_its_base_and_the_base_nothing(tmp_path):
    found = compared(
        finished_run(tmp_path, "ablation/nodes_256"),
        finished_run(tmp_path, "mlp_512"),
        finished_run(tmp_path, "ablation/no_relu"),
    )
    assert changes(found) == {
        "mlp_512": (None, ""),
        "ablation/no_relu": ("mlp_512", "activation relu -> linear"),
        "ablation/nodes_256": ("mlp_512", "nodes 512, 512 -> 256, 256"),
    }
    assert [group.is_base for group in found] == [True, False, False]


def test_an_arm_whose_base_is_not_among_them_says_so(tmp_path):
    assert changes(compared(finished_run(tmp_path, "ablation/no_relu"))) == {
        "ablation/no_relu": ("mlp_512", "base not in this report")
    }


def test_an_arm_is_compared_with_the_run_of_its_base_that_it_has_most_in_common_with(tmp_path):
    short = {"train__epochs": 2}
    found = compared(
        finished_run(tmp_path, "mlp_512"),
        base := finished_run(tmp_path, "mlp_512", **short),
        finished_run(tmp_path, "ablation/no_relu", **short),
    )
    [arm] = [group for group in found if group.experiment == "ablation/no_relu"]
    assert arm.changed == "activation relu -> linear"
    assert arm.base == f"mlp_512 ({base.id[-8:]})"


def test_configurations_of_one_experiment_are_told_apart_and_compared_with_the_published_one(tmp_path):
    plain, short = finished_run(tmp_path), finished_run(tmp_path, train__epochs=2)
    found = compared(short, plain)
    assert changes(found) == {
        f"mlp_512 ({plain.id[-8:]})": (None, ""),
        f"mlp_512 ({short.id[-8:]})": (f"mlp_512 ({plain.id[-8:]})", "epochs 10 -> 2"),
    }
    assert found[0].fingerprint.startswith(plain.id[-8:])


def test_the_backend_is_a_change(tmp_path):
    tensorflow, jax = (finished_run(tmp_path, SMALL, seed=1, backend=name) for name in ("tensorflow", "jax"))
    more = finished_run(tmp_path, SMALL, seed=2, backend="tensorflow")
    assert [group.changed for group in compared(jax, tensorflow, more)] == ["", "backend tensorflow -> jax"]


def test_bases_come_before_their_arms_and_numbers_in_names_count_as_numbers(tmp_path):
    names = ("ablation/nodes_1024", "two_models/mlp_5x30", "ablation/nodes_256", "mlp_512", "ablation/no_relu")
    found = compared(*(finished_run(tmp_path, name) for name in names))
    assert [group.name for group in found] == [
        "mlp_512",
        "ablation/no_relu",
        "ablation/nodes_256",
        "ablation/nodes_1024",
        "two_models/mlp_5x30",
    ]


def test_in_a_chain_of_bases_each_step_is_compared_with_the_one_before(tmp_path):
    steps = ("step6_learning_rate", "step7_augmentation", "step5_add_layers")
    found = compared(*(finished_run(tmp_path, f"seven_steps/{name}") for name in steps))
    assert [(group.name, group.base) for group in found] == [
        ("seven_steps/step5_add_layers", "seven_steps/step4_dropout"),
        ("seven_steps/step6_learning_rate", "seven_steps/step5_add_layers"),
        ("seven_steps/step7_augmentation", "seven_steps/step6_learning_rate"),
    ]
    assert [group.is_base for group in found] == [True, False, False]
    assert "rotation" in found[2].changed


def test_experiments_that_name_each_other_as_base_are_all_there(tmp_path):
    configs = [SMALL | {"name": name, "base": base} for name, base in (("a", "b"), ("b", "c"), ("c", "a"))]
    found = compared(*(finished_run(tmp_path, config) for config in configs))
    assert sorted(group.name for group in found) == ["a", "b", "c"]


@pytest.mark.parametrize("order", [1, -1])
def test_groups_do_not_depend_on_the_order_of_the_runs(tmp_path, order):
    names = ("mlp_512", "ablation/no_relu", "ablation/nodes_256")
    runs = [finished_run(tmp_path, name, seed=seed, test=0.97 + seed / 1000) for name in names for seed in (2, 1)]
    assert [(group.name, group.seeds, group.test.mean) for group in compared(*runs[::order])] == [
        ("mlp_512", (1, 2), pytest.approx(0.9715)),
        ("ablation/no_relu", (1, 2), pytest.approx(0.9715)),
        ("ablation/nodes_256", (1, 2), pytest.approx(0.9715)),
    ]


def test_published_numbers_count_only_for_runs_of_the_published_recipe(tmp_path):
    plain, short = compared(finished_run(tmp_path), finished_run(tmp_path, train__epochs=2))
    assert plain.first.published.test_accuracy == 0.9799
    assert short.first.published.test_accuracy is None


def test_what_a_newer_version_says_of_a_reference_is_left_alone(tmp_path):
    folder = finished_run(tmp_path)
    edit_metrics(folder, reference={"test_accuracy": 0.97, "seeds": 5, "departures": []})
    [group] = compared(folder)
    assert group.first.published.test_accuracy == 0.97


@pytest.mark.parametrize("reference", [{"test_accuracy": "high"}, {"test_accuracy": 97.0}, {"departures": 1}])
def test_a_run_with_an_invalid_reference_is_damaged(tmp_path, reference):
    folder = finished_run(tmp_path)
    edit_metrics(folder, reference=reference)
    with pytest.raises(InputError, match=rf"metrics\.json: damaged \(reference\.{next(iter(reference))}: "):
        compared(folder)


def test_different_data_sets_and_subsets_are_set_apart_each_under_its_own_heading(tmp_path):
    found = compared(
        finished_run(tmp_path, data__subset=500),
        finished_run(tmp_path),
        finished_run(tmp_path, data__dataset="fashion_mnist", dataset=FASHION),
        finished_run(tmp_path, "ablation/no_relu"),
        finished_run(tmp_path, data__test_subset=100, total=100),
    )
    assert [(section.heading, len(section.groups)) for section in study("all", found).sections] == [
        ("Fashion-MNIST, 10,000 test images", 1),
        ("MNIST, 10,000 test images", 2),
        ("MNIST, 100 test images", 1),
        ("MNIST (subset of 500), 10,000 test images", 1),
    ]


def test_two_data_sets_of_one_name_are_set_apart_by_their_content(tmp_path):
    other = MNIST | {"sha256": "e" * 64}
    found = study("all", compared(finished_run(tmp_path), finished_run(tmp_path, dataset=other))).sections
    assert [section.heading.split("(")[1] for section in found] == ["SHA-256 01234567)", "SHA-256 eeeeeeee)"]


def test_mnist_that_is_not_the_published_files_is_labelled_as_such(tmp_path):
    [group] = compared(finished_run(tmp_path, dataset=MNIST | {"genuine": False}))
    assert group.data.heading.startswith("MNIST (not the published files)")


def test_a_seed_counts_once_however_often_it_was_run(tmp_path):
    runs = [finished_run(tmp_path / place, test=test) for place, test in (("here", 0.98), ("there", 0.97))]
    [group] = compared(*runs)
    assert (group.n, group.test.values) == (1, (0.98,))


def test_a_run_whose_configuration_cannot_be_read_keeps_its_numbers(tmp_path):
    folder = finished_run(tmp_path, "ablation/no_relu", test=0.92)
    (folder.path / "config.yaml").write_text("model: [")
    [group] = compared(folder)
    assert (group.changed, group.test.mean) == ("config.yaml cannot be read", 0.92)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_spread_is_the_mean_and_the_sample_standard_deviation(values):
    spread = Spread.of([None, *values])
    assert spread is not None
    assert (spread.mean, spread.deviation) == (fmean(values), stdev(values))


# Finding runs


def test_collect_takes_every_finished_run_below_the_paths_once(tmp_path):
    first = finished_run(tmp_path, seed=1)
    finished_run(tmp_path, "ablation/no_relu")
    (tmp_path / "mlp_512" / "unfinished").mkdir()
    found = collect([tmp_path / "mlp_512", tmp_path, first.path])
    assert len(found.runs) == 2
    assert found.problems == ()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("{", "damaged"),
        ("", "damaged"),
        ("[]", "not the metrics of a run"),
        ('{"format": 1}', "run is missing"),
    ],
    ids=["half-written", "empty", "a list", "without numbers"],
)
def test_a_damaged_run_is_a_problem_that_names_the_file_and_hides_no_other(tmp_path, content, named):
    bad, good = finished_run(tmp_path, seed=1), finished_run(tmp_path, seed=2)
    (bad.path / "metrics.json").write_text(content)
    found = collect([tmp_path])
    assert [run.folder for run in found.runs] == [good]
    [problem] = found.problems
    assert str(bad.path / "metrics.json") in problem
    assert named in problem


def test_an_accuracy_that_is_not_a_number_is_a_problem_that_names_its_key(tmp_path):
    folder = finished_run(tmp_path)
    edit_metrics(folder, test={"accuracy": "high", "correct": 1, "total": 2, "ci95": [0, 1]})
    assert "test.accuracy" in collect([tmp_path]).problems[0]


def test_a_copy_of_a_run_is_a_problem_and_not_another_seed(tmp_path):
    first, second = (finished_run(tmp_path / place) for place in ("a", "b"))
    found = collect([tmp_path])
    assert [run.folder for run in found.runs] == [first]
    assert found.problems == (f"{second.path}: the same run as {first.path}, which counts.",)
