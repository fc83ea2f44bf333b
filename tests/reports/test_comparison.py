"""Chosen runs compared: which runs an argument stands for, what belongs together, what is said and what is refused."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mnist_lab.analysis import mean_interval, wilson
from mnist_lab.analysis.holm import holm
from mnist_lab.analysis.mcnemar import accuracy_difference, mcnemar
from mnist_lab.analysis.paired import paired
from mnist_lab.analysis.verdicts import Kind
from mnist_lab.errors import InputError
from mnist_lab.reports import collect, compare, groups, study, wording
from mnist_lab.reports.facts import as_json, of_comparison
from mnist_lab.reports.sides import find_sides
from mnist_lab.reports.write import folder_name
from tests.run_folders import MNIST, finished_run, give_mistakes


def wrong(folder, *indices, label=4, predicted=9, confidence=0.9):
    """Set which test images a run gets wrong."""
    made = [{"index": i, "label": label, "predicted": predicted, "confidence": confidence} for i in indices]
    give_mistakes(folder, made)
    return folder


def compared(results, *references):
    return compare([str(reference) for reference in references], results)


def metric(arm, name):
    return next(row for row in arm.rows if row.metric.name == name)


@pytest.fixture
def single(tmp_path):
    """A base and an arm with one run each: the base alone gets 3 images wrong, the arm alone 12, both 1."""
    wrong(finished_run(tmp_path, test=0.9996), *range(4))
    wrong(finished_run(tmp_path, "ablation/nodes_1024", test=0.9987, parameters=1_863_690), 0, *range(100, 112))
    return tmp_path


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    """A base and an arm with seeds 1 to 8, and one more each that the other lacks; the arm is always better."""
    results = tmp_path_factory.mktemp("seeds")
    for seed in range(1, 10):
        wrong(finished_run(results, seed=seed, test=0.97 + 0.001 * (seed % 3)), 1, 2)
    for seed in (*range(1, 9), 12):
        arm = finished_run(
            results, "ablation/nodes_1024", seed=seed, test=0.975 + 0.001 * (seed % 3) + 0.0001 * seed, train=0.995
        )
        wrong(arm, *([2, 3] if seed < 4 else [2]))
    return results


@pytest.fixture
def seeds_to_change(seeds, tmp_path):
    return Path(shutil.copytree(seeds, tmp_path / "results"))


class TestSides:
    @pytest.mark.parametrize("how", ["name", "end of the name", "folder", "id", "fingerprint", "run's folder"])
    def test_an_experiment_is_named_in_many_ways(self, how, single):
        [folder] = (single / "ablation/nodes_1024").iterdir()
        reference = {
            "name": "ablation/nodes_1024", "end of the name": "nodes_1024", "folder": f"{folder.parent}/",
            "id": folder.name, "fingerprint": folder.name.rpartition("-")[2], "run's folder": str(folder),
        }[how]  # fmt: skip
        [side], _ = find_sides([reference], single)
        assert (side.experiment, side.seeds) == ("ablation/nodes_1024", (1,))

    def test_an_experiment_stands_for_all_its_seeds_and_a_run_for_itself(self, seeds):
        run = next((seeds / "mlp_512").glob("seed3-*"))
        sides, _ = find_sides(["ablation/nodes_1024", run.name], seeds)
        assert [side.seeds for side in sides] == [(*range(1, 9), 12), (3,)]

    def test_an_experiment_with_several_configurations_asks_for_a_fingerprint(self, single):
        other = finished_run(single, train__epochs=5)
        with pytest.raises(InputError, match="2 configurations") as error:
            find_sides(["mlp_512"], single)
        mark = other.id.rpartition("-")[2]
        assert mark in str(error.value)
        assert find_sides([mark], single)[0][0].runs[0].folder.id == other.id

    def test_a_folder_of_several_experiments_is_not_a_side(self, single):
        with pytest.raises(InputError, match=r"2 experiments have runs there.*\n.*mlp_512"):
            find_sides([str(single)], single)

    def test_a_name_that_two_experiments_have_is_ambiguous(self, single):
        for below in ("one", "other"):
            finished_run(single / below, "ablation/no_relu")
        with pytest.raises(InputError, match="2 experiments have runs of this name") as error:
            find_sides(["no_relu"], single)
        assert str(single / "one/ablation/no_relu") in str(error.value)

    @pytest.mark.parametrize("again", ["mlp_512", "its folder", "through a link"])
    def test_the_same_run_twice_is_refused(self, again, single):
        [folder] = (single / "mlp_512").iterdir()
        (single / "link").symlink_to(folder)
        reference = {"its folder": folder, "through a link": single / "link"}.get(again, again)
        with pytest.raises(InputError, match="a comparison needs different runs"):
            find_sides(["mlp_512", str(reference)], single)

    def test_a_damaged_seed_is_left_out_and_named_and_if_none_is_left_that_is_an_error(self, seeds_to_change):
        damaged = next((seeds_to_change / "mlp_512").glob("seed2-*"))
        (damaged / "metrics.json").write_text("{")
        [side], problems = find_sides(["mlp_512"], seeds_to_change)
        assert 2 not in side.seeds
        assert str(damaged) in problems[0]
        for run in (seeds_to_change / "mlp_512").iterdir():
            (run / "metrics.json").write_text("{")
        with pytest.raises(InputError, match="damaged"):
            find_sides(["mlp_512"], seeds_to_change)

    def test_runs_of_one_experiment_are_told_apart_by_seed_or_fingerprint(self, seeds_to_change):
        runs = [next((seeds_to_change / "mlp_512").glob(f"seed{seed}-*")).name for seed in (1, 2)]
        assert [side.name for side in find_sides(runs, seeds_to_change)[0]] == ["mlp_512 (seed 1)", "mlp_512 (seed 2)"]
        other = finished_run(seeds_to_change, train__epochs=5)
        marks = [name.rpartition("-")[2] for name in (runs[0], other.id)]
        assert [side.name for side in find_sides(marks, seeds_to_change)[0]] == [f"mlp_512 ({mark})" for mark in marks]

    def test_fingerprints_that_begin_alike_do_not_name_two_sides_alike(self, seeds_to_change):
        mark = next((seeds_to_change / "mlp_512").glob("seed1-*")).name.rpartition("-")[2]
        other = finished_run(seeds_to_change, train__epochs=5)
        metrics = json.loads((other.path / "metrics.json").read_text())
        metrics["run"]["fingerprint"] = f"{mark}{'0' * 56}"
        (other.path / "metrics.json").write_text(json.dumps(metrics))
        sides, _ = find_sides([mark, str(other.path)], seeds_to_change)
        assert [side.name for side in sides] == [str(seeds_to_change / "mlp_512"), str(other.path)]


class TestSingleModels:
    def test_they_are_compared_image_by_image(self, single):
        comparison = compared(single, "mlp_512", "nodes_1024")
        [arm] = comparison.arms
        assert arm.group.changed == "nodes 512, 512 -> 1024, 1024"
        assert [len(some) for some in (arm.disputed.base_errs, arm.disputed.this_errs)] == [3, 12]
        assert arm.disputed.equally_often == 1
        assert arm.verdict.models.p_corrected == pytest.approx(mcnemar(3, 12))
        test = metric(arm, "test_accuracy")
        assert test.difference == pytest.approx(-0.0009)
        assert test.interval == accuracy_difference(3, 12, 10_000)
        assert test.interval[0] < test.difference < test.interval[1]

    def test_with_one_seed_nothing_is_claimed_about_the_experiments(self, single):
        comparison = compared(single, "mlp_512", "nodes_1024")
        assert comparison.arms[0].verdict.kind is Kind.IMPOSSIBLE
        verdict = wording.comparison.findings(comparison, comparison.arms[0])[0]
        assert "The model of mlp_512 is better on these test images (McNemar's exact test, p = .035" in verdict
        assert "at least 6 are needed" in verdict
        assert verdict.endswith("Name experiments instead of single runs to compare all their seeds.")
        assert comparison.overview[1][-1] == "worse (model only)"

    def test_of_two_experiments_with_one_seed_in_common_nobody_is_told_to_name_experiments(self, seeds):
        run = next((seeds / "ablation/nodes_1024").glob("seed5-*"))
        comparison = compared(seeds, "mlp_512", run)
        said = wording.comparison.findings(comparison, comparison.arms[0])[0]
        assert "One seed allows no verdict" in said
        assert "Name experiments" not in said

    def test_runs_of_one_configuration_with_other_seeds_are_two_models_too(self, seeds_to_change):
        first, second = (next((seeds_to_change / "mlp_512").glob(f"seed{seed}-*")) for seed in (1, 2))
        wrong(find_sides([str(second)], seeds_to_change)[0][0].runs[0].folder, 2, *range(50, 60))
        comparison = compared(seeds_to_change, first, second)
        [arm] = comparison.arms
        assert (arm.group.changed, arm.pairs) == ("seed 1 -> 2", 1)
        assert (len(arm.disputed.base_errs), len(arm.disputed.this_errs)) == (1, 10)
        said = wording.comparison.findings(comparison, arm)[0]
        assert said.endswith("Both have the same configuration; only the seed differs.")
        assert wording.comparison.runs_compared(comparison, arm) == "one run each, seeds 1 and 2"
        assert json.loads(as_json(of_comparison(comparison, [])))["arms"][0]["verdict"]["shared_seeds"] == []

    def test_p_is_corrected_for_the_number_of_arms(self, single):
        wrong(finished_run(single, "ablation/no_relu", test=0.9), *range(200, 212))
        arms = compared(single, "mlp_512", "nodes_1024", "no_relu").arms
        ps = [arm.verdict.models.p for arm in arms]
        assert ps == pytest.approx([mcnemar(3, 12), mcnemar(4, 12)])
        assert [arm.verdict.models.p_corrected for arm in arms] == holm(ps) != ps

    def test_without_mistakes_the_rest_is_compared_with_a_note(self, single):
        next((single / "mlp_512").iterdir()).joinpath("mistakes.json").write_text("[1")
        comparison = compared(single, "mlp_512", "nodes_1024")
        [arm] = comparison.arms
        assert arm.disputed is None
        assert metric(arm, "test_accuracy").interval is None
        assert [text.partition(" (")[0].rpartition("/")[2] for text in comparison.problems] == [
            "mistakes.json: damaged"
        ]
        assert "Too few seeds: -0.09 pp with 1 shared seed;" in wording.comparison.findings(comparison, arm)[0]

    def test_two_seeds_whose_mistakes_are_unknown_are_not_called_shared(self, tmp_path):
        runs = [finished_run(tmp_path, seed=seed).path for seed in (1, 2)]
        comparison = compared(tmp_path, *runs)
        said = wording.comparison.findings(comparison, comparison.arms[0])[0]
        assert said == "Too few seeds: 0.00 pp with 1 seed; at least 6 needed for a verdict."

    def test_with_a_damaged_history_the_rest_is_compared_with_a_note(self, single):
        history = next((single / "mlp_512").iterdir()) / "history.jsonl"
        history.write_text("[1]\n")
        [problem] = compared(single, "mlp_512", "nodes_1024").problems
        assert problem.startswith(str(history))
        assert "damaged (" in problem

    def test_without_a_history_the_rest_is_compared_with_a_note(self, single):
        (next((single / "mlp_512").iterdir()) / "history.jsonl").unlink()
        problems = compared(single, "mlp_512", "nodes_1024").problems
        assert problems == ("mlp_512: history.jsonl is missing; its curves are not drawn.",)


class TestSeveralSeeds:
    def test_the_seeds_that_both_have_are_compared_pair_by_pair(self, seeds):
        [arm] = compared(seeds, "mlp_512", "nodes_1024").arms
        shared = range(1, 9)
        base = [round(0.97 + 0.001 * (seed % 3), 4) for seed in shared]
        other = [round(0.975 + 0.001 * (seed % 3) + 0.0001 * seed, 4) for seed in shared]
        expected = paired(base, other)
        test = metric(arm, "test_accuracy")
        assert arm.pairs == 8
        assert test.difference == pytest.approx(expected.mean)
        assert test.interval == pytest.approx(expected.interval)
        assert (arm.verdict.kind, arm.verdict.p) == (Kind.BETTER, pytest.approx(2 / 2**8))

    def test_the_numbers_are_of_the_shared_seeds_and_the_others_are_named(self, seeds):
        comparison = compared(seeds, "mlp_512", "nodes_1024")
        [arm] = comparison.arms
        assert len(metric(arm, "test_accuracy").base.values) == 8
        said = wording.comparison.runs_compared(comparison, arm)
        assert said == "seeds 1 to 8 of each; mlp_512 also has seed 9; nodes_1024 also has seed 12"

    def test_images_are_ranked_by_how_many_models_differ_on_them(self, seeds):
        [arm] = compared(seeds, "mlp_512", "nodes_1024").arms
        found = [(one.index, one.base_wrong, one.this_wrong) for one in arm.disputed.base_errs]
        assert found == [(1, 8, 0)]
        assert [(one.index, one.this_wrong) for one in arm.disputed.this_errs] == [(3, 3)]
        assert arm.disputed.equally_often == 1

    def test_observations_name_the_side_that_they_are_about(self, seeds):
        comparison = compared(seeds, "mlp_512", "nodes_1024")
        [arm] = comparison.arms
        assert len(arm.observations) > 0
        assert wording.comparison.findings(comparison, arm)[2:] == wording.comparison.observed(arm)
        assert all(text.startswith("nodes_1024: ") and text[12].islower() for text in wording.comparison.observed(arm))

    def test_a_run_is_compared_with_the_run_of_the_same_seed(self, seeds):
        run = next((seeds / "ablation/nodes_1024").glob("seed5-*"))
        [arm] = compared(seeds, "mlp_512", run).arms
        assert arm.pairs == 1
        assert metric(arm, "test_accuracy").base.values == (pytest.approx(0.972),)

    def test_without_a_common_seed_only_the_difference_of_the_means_is_reported(self, seeds):
        run = next((seeds / "ablation/nodes_1024").glob("seed12-*"))
        comparison = compared(seeds, "mlp_512", run)
        [arm] = comparison.arms
        assert (arm.pairs, arm.disputed, metric(arm, "test_accuracy").interval) == (0, None, None)
        assert "no seed in common" in wording.comparison.findings(comparison, arm)[0]

    def test_each_side_has_the_interval_of_its_own_accuracy(self, seeds):
        def own(comparison):
            cells = comparison.arms[0].cells
            return next(cells[i + 1][1] for i, row in enumerate(cells) if row[0] == "Test")

        values = [round(0.97 + 0.001 * (seed % 3), 4) for seed in range(1, 9)]
        assert own(compared(seeds, "mlp_512", "nodes_1024")) == "{:.4f} to {:.4f}".format(*mean_interval(values))
        run = next((seeds / "mlp_512").glob("seed1-*"))
        other = next((seeds / "ablation/nodes_1024").glob("seed1-*"))
        assert own(compared(seeds, run, other)) == "{:.4f} to {:.4f}".format(*wilson(9710, 10_000))


class TestNumbers:
    def test_costs_are_given_as_multiples(self, single):
        [arm] = compared(single, "mlp_512", "nodes_1024").arms
        assert metric(arm, "parameters").cells[3] == "x 2.78"
        assert metric(arm, "flops").cells[3] == "same"

    @pytest.mark.parametrize(
        ("ratio", "text"), [(1.0, "same"), (296.13, "x 296.13"), (0.1, "x 0.10"), (0.00338, "x 0.0034")]
    )
    def test_a_small_multiple_is_not_rounded_to_nothing(self, ratio, text):
        assert wording.multiple(ratio) == text

    def test_costs_of_one_kind_are_in_one_notation(self):
        assert [wording.amount(flops, "FLOPs") for flops in (837_625_536, 2.48e11)] == ["8.38e+08", "2.48e+11"]
        assert wording.amount(1_669_706) == "1,669,706"

    def test_differences_have_the_thousands_separators_of_the_numbers(self):
        assert [wording.signed(5510.1, 1), wording.signed(-1052, 0)] == ["+5,510.1", "-1,052"]
        assert [wording.signed(-0.001), wording.signed(0, 0), wording.signed(-10, 0)] == ["0.00", "0", "-10"]

    def test_only_accuracy_and_not_the_wrong_images_has_the_interval_of_the_verdict(self, seeds):
        [arm] = compared(seeds, "mlp_512", "nodes_1024").arms
        assert metric(arm, "test_accuracy").interval is not None
        assert metric(arm, "test_wrong").interval is None
        assert metric(arm, "test_wrong").difference < 0

    def test_times_on_different_machines_are_not_compared(self, single):
        finished_run(single, "ablation/no_relu", backend="torch")
        comparison = compared(single, "mlp_512", "no_relu")
        row = metric(comparison.arms[0], "training_seconds")
        assert (row.cells[3], row.ratio) == ("", None)
        assert any("times are not comparable" in text for text in wording.comparison.notes(comparison))
        assert "backend jax -> torch" in comparison.arms[0].group.changed

    def test_what_one_side_lacks_has_no_difference(self, single):
        finished_run(
            single, "ablation/no_relu", validation=None, data__validation={"split": "none"}, train__restore_best=None
        )
        row = metric(compared(single, "mlp_512", "no_relu").arms[0], "validation_accuracy")
        assert row.cells == ("Validation", "0.9800", "", "", "")

    def test_runs_that_were_selected_on_the_test_images_are_named(self, single):
        finished_run(single, "ablation/no_relu", selected_on_test=True)
        assert any("optimistic" in text for text in wording.comparison.notes(compared(single, "mlp_512", "no_relu")))


class TestCrossValidation:
    @pytest.fixture
    def folds(self, tmp_path):
        def fold(k):
            return {"data__validation": {"split": "folds", "folds": 3, "fold": k}}

        for k in (1, 2, 3):
            finished_run(tmp_path, validation=0.97 + k / 1000, test=0.98, **fold(k))
            finished_run(tmp_path, "ablation/no_relu", validation=0.96 + k / 1000, test=0.91, **fold(k))
        finished_run(tmp_path, "ablation/nodes_1024", validation=0.95, test=0.99, **fold(1))
        return tmp_path

    def test_folds_are_judged_and_shown_by_validation_accuracy(self, folds):
        comparison = compared(folds, "mlp_512", "no_relu", "nodes_1024")
        assert comparison.metric.label == "Validation"
        accuracies = [(row[2], row[3]) for row in comparison.overview]
        assert accuracies == [("0.9720 ± 0.0010", ""), ("0.9620 ± 0.0010", "-1.00 pp"), ("0.9500", "-2.10 pp")]

    def test_single_folds_are_two_models_judged_and_shown_by_test_accuracy(self, folds):
        comparison = compared(folds, next((folds / "mlp_512").iterdir()), "nodes_1024")
        assert comparison.metric.label == "Test"
        assert [(row[2], row[3]) for row in comparison.overview] == [("0.9800", ""), ("0.9900", "+1.00 pp")]


class TestCautions:
    def test_if_only_one_side_was_selected_on_the_test_images_the_test_of_the_models_says_so(self, single):
        wrong(finished_run(single, "ablation/no_relu", selected_on_test=True), 5)
        comparison = compared(single, "mlp_512", "no_relu", "nodes_1024")
        chosen, other = (wording.comparison.findings(comparison, arm)[0] for arm in comparison.arms)
        assert "McNemar's" in chosen
        assert "Only this experiment's weights were chosen on the test images" in chosen
        assert "chosen" not in other

    def test_images_that_each_seed_drew_for_itself_are_reported(self, seeds, tmp_path):
        said = "Each seed was tested on its own subset of the test images"
        comparison = compared(seeds, "mlp_512", "nodes_1024")
        assert said not in " ".join(wording.comparison.findings(comparison, comparison.arms[0]))
        for seed in (1, 2):
            for name in ("mlp_512", "ablation/nodes_1024"):
                wrong(finished_run(tmp_path / "drawn", name, seed=seed, total=500, data__test_subset=500), seed)
        comparison = compared(tmp_path / "drawn", "mlp_512", "nodes_1024")
        assert said in " ".join(wording.comparison.findings(comparison, comparison.arms[0]))

    def test_what_an_interval_over_seeds_does_not_cover_is_stated_as_in_a_report(self, seeds):
        several = wording.comparison.notes(compared(seeds, "mlp_512", "nodes_1024"))
        assert {wording.INTERVAL, wording.SCOPE, wording.PLANNED} <= set(several)


class TestRefused:
    def test_different_data_sets_are_named(self, single):
        other = MNIST | {"name": "fashion_mnist", "title": "Fashion-MNIST", "sha256": "f" * 64}
        finished_run(single, "ablation/no_relu", dataset=other)
        with pytest.raises(InputError, match="different images") as error:
            compared(single, "mlp_512", "no_relu")
        assert "mlp_512: MNIST, 10,000 test images" in str(error.value)
        assert "no_relu: Fashion-MNIST, 10,000 test images" in str(error.value)
        assert error.value.exit_code == 2

    def test_data_sets_of_the_same_name_are_told_apart_by_their_hash(self, single):
        finished_run(single, "ablation/no_relu", dataset=MNIST | {"sha256": "f" * 64})
        with pytest.raises(InputError, match=r"no_relu: .*\(SHA-256 ffffffff\)"):
            compared(single, "mlp_512", "no_relu")

    def test_test_images_that_were_drawn_by_other_seeds_are_different_ones(self, tmp_path):
        folders = [finished_run(tmp_path, seed=seed, total=500, data__test_subset=500).path for seed in (1, 2)]
        with pytest.raises(InputError, match="drawn by its seed"):
            compared(tmp_path, *folders)

    def test_another_number_of_training_rows_is_a_change_like_any_other(self, single):
        less = finished_run(single, data__subset=1000)
        [base] = [run for run in (single / "mlp_512").iterdir() if run.name != less.id]
        assert compared(single, base, less.path).arms[0].group.changed == "subset all -> 1000"


def test_a_folder_is_named_by_what_is_compared_and_stays_short(seeds):
    run = next((seeds / "mlp_512").glob("seed1-*"))
    comparison = compared(seeds, run, "ablation/nodes_1024")
    assert folder_name(comparison) == "mlp_512-seed1-vs-ablation-nodes_1024"
    many = replace(comparison.section, entries=comparison.section.entries * 40)
    assert len(folder_name(replace(comparison, sections=(many,)))) < 120


def test_a_title_names_three_runs_and_counts_more(seeds):
    runs = sorted((seeds / "mlp_512").iterdir())
    assert (
        compared(seeds, *runs[:4]).title
        == "mlp_512 (seed 2), mlp_512 (seed 3) and mlp_512 (seed 4) against mlp_512 (seed 1)"
    )
    assert compared(seeds, *runs[:5]).title == "4 others against mlp_512 (seed 1)"


def test_all_facts_are_json(seeds):
    known = json.loads(as_json(of_comparison(compared(seeds, "mlp_512", "nodes_1024"), ["curves.png"])))
    [arm] = known["arms"]
    assert arm["changes"] == [{"path": "model.nodes", "text": "nodes 512, 512 -> 1024, 1024"}]
    assert arm["metrics"]["test_accuracy"]["difference"] == pytest.approx(0.00545)
    assert arm["verdict"]["shared_seeds"] == list(range(1, 9))
    assert len(arm["folders"]) == 9


@pytest.fixture(scope="module")
def ablation(tmp_path_factory):
    """A base and four arms with eight seeds each: one is worse, and one only without the correction for four arms."""
    results = tmp_path_factory.mktemp("ablation")
    steps = {"nodes_256": 0.0, "nodes_1024": -0.0012, "batch_64": -0.02, "batch_256": 0.0003}
    for seed in range(1, 9):
        finished_run(results, seed=seed, test=0.98 + 0.0001 * seed, train=0.99)
        for i, (name, step) in enumerate(steps.items()):
            noise = 0.0001 * ((7 * seed + 3 * i) % 11 - 5)
            wobble = 0.0012 * (seed == 8) if name == "nodes_1024" else 0
            finished_run(
                results, f"ablation/{name}", seed=seed, test=0.98 + 0.0001 * seed + step + noise + 1.8 * wobble,
                train=0.99 + noise,
            )  # fmt: skip
    return results


class TestTheFamily:
    """Choosing a few of the arms of a base does not correct for fewer comparisons."""

    def test_a_verdict_is_that_of_a_report_of_the_same_results_however_the_arm_is_named(self, ablation):
        [section] = study("all", groups(collect([ablation]).runs)).sections
        for (name, verdict), by in zip(
            section.verdicts.items(), ("name", "folder", "fingerprint", "name"), strict=True
        ):
            arm_folder = next((ablation / name).iterdir())
            reference = {
                "name": name, "folder": ablation / name, "fingerprint": arm_folder.name.rpartition("-")[2]
            }[by]  # fmt: skip
            base = ablation / "mlp_512" if by == "folder" else "mlp_512"
            [arm] = compared(ablation, base, reference).arms
            assert arm.verdict == verdict
            assert "corrected for 4 comparisons" in wording.verdict(verdict)
            assert metric(arm, "test_accuracy").interval == verdict.paired.interval

    def test_the_gap_too_is_described_as_in_a_report(self, ablation):
        [section] = study("all", groups(collect([ablation]).runs)).sections
        for entry in section.entries[1:]:
            [arm] = compared(ablation, "mlp_512", entry.group.name).arms
            ours, theirs = (
                {one.rule: one.text for one in some}["gap_against_base"]
                for some in (arm.observations, entry.observations)
            )
            assert ours == theirs

    def test_several_at_once_are_corrected_for_no_fewer_and_no_more(self, ablation):
        both = compared(ablation, "mlp_512", "nodes_256", "nodes_1024")
        [alone] = compared(ablation, "mlp_512", "nodes_1024").arms
        assert both.arms[1].verdict == alone.verdict
        assert alone.verdict.arms == 4

    def test_what_would_be_significant_alone_is_not_among_four(self, ablation, tmp_path):
        for name in ("mlp_512", "ablation/nodes_1024"):
            shutil.copytree(ablation / name, tmp_path / name)
        [alone] = compared(tmp_path, "mlp_512", "nodes_1024").arms
        [among] = compared(ablation, "mlp_512", "nodes_1024").arms
        assert (alone.verdict.kind, among.verdict.kind) == (Kind.WORSE, Kind.NOT_SIGNIFICANT)
        assert "single comparison, so uncorrected" in wording.verdict(alone.verdict)

    def test_what_has_another_base_is_a_family_of_its_own_and_says_so(self, ablation):
        [arm] = compared(ablation, "nodes_256", "nodes_1024").arms
        assert arm.verdict.arms == 1
        assert "single comparison, so uncorrected" in wording.verdict(arm.verdict)

    def test_single_runs_are_corrected_for_the_single_runs_that_a_report_compares(self, single):
        wrong(finished_run(single, "ablation/nodes_256", test=0.9990), *range(50, 60))
        [section] = study("all", groups(collect([single]).runs)).sections
        comparison = compared(single, "mlp_512", "nodes_1024")
        [arm] = comparison.arms
        verdict = section.verdicts["ablation/nodes_1024"]
        assert (arm.verdict.models.p_corrected, arm.verdict.models.compared) == (
            verdict.models.p_corrected,
            2,
        )
        low, high = metric(arm, "test_accuracy").interval
        assert (low > 0 or high < 0) == (verdict.models.p_corrected <= 0.05)
        assert "corrected for 2 comparisons" in wording.comparison.findings(comparison, arm)[0]
