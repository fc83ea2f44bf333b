"""Claims about a study: what is compared with what, what is observed across experiments, and what report.md says."""

import json
import re
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab.analysis.pareto import front
from mnist_lab.analysis.verdicts import Kind
from mnist_lab.reports import collect, comparison_of, groups, study, wording, write_report
from mnist_lab.reports.write import document
from mnist_lab.runs import RunFolder
from tests.run_folders import MNIST, edit_metrics, finished_run, give_mistakes

FASHION = {"name": "fashion_mnist", "title": "Fashion-MNIST", "sha256": "f" * 64, "genuine": True}


class Said(NamedTuple):
    rule: str
    value: float | None
    text: str


def studied(results, title="study"):
    found = collect([results])
    return study(title, groups(found.runs), found.problems)


def entry(results, name):
    return next(one for section in studied(results).sections for one in section.entries if one.group.name == name)


def observed(results, name):
    found = entry(results, name).observations
    return {one.rule: Said(one.rule, one.value, one.text) for one in found}


def seeds(results, config="mlp_512", *, n=6, test=0.98, step=0.0001, **more):
    return [finished_run(results, config, seed=seed, test=test + step * seed, **more) for seed in range(1, n + 1)]


def wrong(folder: RunFolder, **predicted: int):
    """Store mistakes, as `wrong(folder, _7=1)`: image 7, a 0, predicted as a 1."""
    rows = [
        {"index": int(index[1:]), "label": 0, "predicted": digit, "confidence": 0.9}
        for index, digit in predicted.items()
    ]
    give_mistakes(folder, rows)


def write_history(folder: RunFolder, **columns):
    n = len(next(iter(columns.values())))
    folder.write_history([{"epoch": i + 1, **{key: values[i] for key, values in columns.items()}} for i in range(n)])
    edit_metrics(folder, epochs=n)


# Verdicts


def test_each_arm_has_a_verdict_against_its_base_and_the_base_has_none(tmp_path):
    seeds(tmp_path)
    seeds(tmp_path, "ablation/no_relu", test=0.91, step=0.0002)
    seeds(tmp_path, "seven_steps/step6_learning_rate", test=0.97)
    assert entry(tmp_path, "mlp_512").verdict is None
    assert entry(tmp_path, "seven_steps/step6_learning_rate").verdict is None
    arm = entry(tmp_path, "ablation/no_relu")
    assert (arm.base.name, arm.verdict.kind, arm.verdict.arms) == ("mlp_512", Kind.WORSE, 1)
    assert arm.verdict.paired.mean == pytest.approx(-0.07 + 0.00035)


def test_the_arms_of_one_base_are_one_family_and_those_of_another_another(tmp_path):
    for name in ("mlp_512", "ablation/no_relu", "ablation/no_dropout", "ablation/nodes_256"):
        seeds(tmp_path, name, n=2)
    for name in ("step5_add_layers", "step6_learning_rate", "step7_augmentation"):
        seeds(tmp_path, f"seven_steps/{name}", n=2)
    families = {one.group.name: one.verdict.arms for one in studied(tmp_path).sections[0].entries if one.verdict}
    assert families == {
        "ablation/no_dropout": 3, "ablation/no_relu": 3, "ablation/nodes_256": 3,
        "seven_steps/step6_learning_rate": 1, "seven_steps/step7_augmentation": 1,
    }  # fmt: skip


def test_a_base_on_other_data_is_not_a_base(tmp_path):
    seeds(tmp_path, n=2)
    seeds(tmp_path, "ablation/no_relu", n=2, data__subset=500)
    seeds(tmp_path, "ablation/no_dropout", n=2, dataset=FASHION)
    found = studied(tmp_path)
    assert [len(section.entries) for section in found.sections] == [1, 1, 1]
    assert not any(section.verdicts for section in found.sections)


def test_single_runs_are_compared_by_their_stored_mistakes(tmp_path):
    wrong(finished_run(tmp_path), _1=1, _2=2, _3=3)
    wrong(finished_run(tmp_path, "ablation/no_relu"), _3=3, _4=4)
    models = entry(tmp_path, "ablation/no_relu").verdict.models
    assert (models.only_a_wrong, models.only_b_wrong, models.both_wrong) == (2, 1, 1)


@pytest.mark.parametrize("content", [None, "{"])
def test_missing_or_damaged_mistakes_do_not_affect_the_rest(tmp_path, content):
    base = finished_run(tmp_path)
    wrong(finished_run(tmp_path, "ablation/no_relu"), _1=1)
    wrong(finished_run(tmp_path, "ablation/no_dropout"), _1=1)
    if content is not None:
        (base.path / "mistakes.json").write_text(content)
    found = entry(tmp_path, "ablation/no_relu")
    assert found.verdict.kind is Kind.IMPOSSIBLE
    assert found.verdict.models is None
    unanimous = studied(tmp_path).sections[0].unanimous
    assert (unanimous.models, unanimous.unknown) == (2, 1)


def test_one_seed_has_the_interval_over_images_and_several_also_the_one_over_seeds(tmp_path):
    folder = finished_run(tmp_path, test=0.98)
    seeds(tmp_path, "ablation/no_relu", n=3, test=0.97)
    one, several = studied(tmp_path).sections[0].entries
    assert one.group.seeds_interval is None
    measured = json.loads((folder.path / "metrics.json").read_text())
    assert one.group.images_interval == pytest.approx(measured["test"]["ci95"])
    low, high = several.group.seeds_interval
    # Three values 0.0001 apart: 0.9702 ± 4.303 · 0.0001 / sqrt(3).
    assert (low, high) == pytest.approx((0.9702 - 0.00024841, 0.9702 + 0.00024841), abs=1e-7)


def test_intervals_of_accuracies_stay_within_0_and_1(tmp_path):
    seeds(tmp_path, n=2, test=0.99, step=0.005)
    assert entry(tmp_path, "mlp_512").group.seeds_interval[1] == 1.0


@pytest.mark.parametrize("order", [1, -1])
def test_nothing_depends_on_the_order_in_which_runs_were_found(tmp_path, order):
    for name in ("mlp_512", "ablation/no_relu", "ablation/nodes_256"):
        seeds(tmp_path, name, n=4, test=0.97 + len(name) / 10_000)
    runs = collect([tmp_path]).runs
    assert document(study("s", groups(runs[::order]))) == document(study("s", groups(runs)))


# Observations


def test_an_arm_with_a_larger_gap_on_all_seeds_is_said_to_overfit_more_but_not_with_few_seeds(tmp_path):
    for seed in range(1, 7):
        finished_run(tmp_path, seed=seed, train=0.98, validation=0.975 + 0.0001 * seed)
        finished_run(tmp_path, "ablation/no_relu", seed=seed, train=0.99, validation=0.975)
    text = observed(tmp_path, "ablation/no_relu")["gap_against_base"].text
    assert text.startswith(
        "The generalization gap is larger than that of mlp_512: difference +1.03 pp (95 % confidence "
    )
    assert text.endswith("p = .031; the only comparison in its family, so uncorrected) over 6 shared seeds.")
    few = tmp_path / "few"
    finished_run(few, train=0.98, validation=0.975)
    finished_run(few, "ablation/no_relu", train=0.99, validation=0.975)
    found = observed(few, "ablation/no_relu")["gap_against_base"]
    assert found.value == pytest.approx(0.01)
    assert found.text == (
        "The generalization gap differs by +1.00 pp from that of mlp_512 (1 shared seed; at least 6 needed for a "
        "verdict)."
    )


def test_with_fewer_seeds_than_the_family_needs_no_gap_is_significant_unless_the_others_are(tmp_path):
    def gaps(results, others):
        for seed in range(1, 9):
            finished_run(results, seed=seed, train=0.98, validation=0.97 + 0.0001 * seed)
            for i, name in enumerate(("nodes_256", "nodes_1024", "batch_64", "batch_256")):
                better = others if i else 0.01
                noise = 0 if better else 0.001 * (-1) ** (seed + i)
                if i or seed <= 6:
                    finished_run(results, f"ablation/{name}", seed=seed, train=0.98 + better + noise, validation=0.97)
        return observed(results, "ablation/nodes_256")["gap_against_base"].text

    assert gaps(tmp_path / "alike", 0).endswith("(6 shared seeds; at least 8 needed for a verdict).")
    assert gaps(tmp_path / "apart", 0.02).startswith("The generalization gap is larger than that of mlp_512")


def test_if_dropout_differs_a_gap_is_larger_and_that_is_not_called_overfitting(tmp_path):
    for seed in range(1, 7):
        finished_run(tmp_path, seed=seed, train=0.98, validation=0.975 + 0.0001 * seed)
        finished_run(tmp_path, "ablation/no_dropout", seed=seed, train=0.99, validation=0.975)
    text = observed(tmp_path, "ablation/no_dropout")["gap_against_base"].text
    gap = "The generalization gap is larger than that of mlp_512: difference +1.03 pp"
    assert text.startswith(gap)
    assert "Overfits" not in text


def test_if_dropout_differs_the_gap_is_reported_with_a_caution(tmp_path):
    for name in ("mlp_512", "ablation/no_dropout", "ablation/nodes_256"):
        finished_run(tmp_path, name)
    caution = "the two differ in dropout layers or augmentation"
    assert caution in observed(tmp_path, "ablation/no_dropout")["gap_against_base"].text
    assert caution not in observed(tmp_path, "ablation/nodes_256")["gap_against_base"].text


def test_overfitting_sets_in_at_the_median_epoch_with_accuracy_after_it_over_all_runs(tmp_path):
    for seed, lowest in ((1, 2), (2, 3), (3, 3)):
        losses = [0.3 - 0.05 * i if i < lowest else 0.4 for i in range(8)]
        accuracies = [0.9 if i < lowest else 0.95 + 0.01 * (seed - 2) for i in range(8)]
        write_history(
            finished_run(tmp_path, seed=seed),
            loss=[0.5 - 0.05 * i for i in range(8)], accuracy=[0.99] * 8, val_loss=losses, val_accuracy=accuracies,
        )  # fmt: skip
    found = observed(tmp_path, "mlp_512")["overfitting_onset"]
    assert found.value == 3
    # Six epochs of .94, five of .95 and five of .96.
    assert found.text.startswith(
        "Overfitting starts at epoch 3 (median; range 2 to 3) in all 3 runs: validation accuracy after it is 0.9494 "
        "± 0.0085"
    )


def improving(folder):
    fall = [0.5 / (i + 1) for i in range(10)]
    write_history(folder, loss=fall, accuracy=[0.9] * 10, val_loss=fall, val_accuracy=[0.9 - 0.1 * x for x in fall])


def settled(folder):
    write_history(folder, loss=[0.1] * 10, accuracy=[0.99] * 10, val_loss=[0.1] * 10, val_accuracy=[0.985] * 10)


def test_an_experiment_most_of_whose_runs_still_improve_was_not_trained_to_convergence(tmp_path):
    for seed in (1, 2):
        improving(finished_run(tmp_path, "ablation/optimizer_sgd", seed=seed, validation=0.94))
        settled(finished_run(tmp_path, seed=seed, validation=0.985))
    found = observed(tmp_path, "ablation/optimizer_sgd")["still_improving"]
    assert found.text == "Still improving at the end in both runs."
    assert "still_improving" not in observed(tmp_path, "mlp_512")


def test_all_experiments_are_measured_by_the_same_level_the_highest_that_most_keep(tmp_path):
    for name, high in (("mlp_512", 0.983), ("ablation/nodes_256", 0.992), ("ablation/no_relu", 0.91)):
        for seed in (1, 2):
            accuracies = [0.5] * (2 + seed) + [high] * (8 - seed)
            write_history(
                finished_run(tmp_path, name, seed=seed),
                loss=[0.1] * 10, accuracy=[0.9] * 10, val_loss=[0.1] * 10, val_accuracy=accuracies,
            )  # fmt: skip
    assert observed(tmp_path, "mlp_512")["stays_above"].text == (
        "Validation accuracy stays at or above 0.98 in both runs from epoch 4 (median; range 4 to 5) on."
    )
    assert observed(tmp_path, "ablation/no_relu")["stays_above"].text == (
        "Validation accuracy does not stay at or above 0.98 in either run."
    )


def test_only_what_is_not_worse_on_the_same_machine_is_called_faster(tmp_path):
    noise = (0.0003, -0.0002, 0.0001, -0.0003, 0.0002, -0.0001, 0.0002, -0.0002)
    for seed, off in enumerate(noise, 1):
        finished_run(tmp_path, seed=seed, test=0.98, seconds=30)
        finished_run(tmp_path, "ablation/nodes_256", seed=seed, test=0.98 + off, seconds=12)
        finished_run(tmp_path, "ablation/no_relu", seed=seed, test=0.91 + off, seconds=12)
        elsewhere = finished_run(tmp_path, "ablation/batch_256", seed=seed, test=0.98 + off, seconds=12)
        edit_metrics(elsewhere, environment={"backend": "jax", "device": "gpu"})
    found = observed(tmp_path, "ablation/nodes_256")["faster"]
    assert found.value == pytest.approx(0.4)
    assert found.text == (
        "Faster than mlp_512 with no significant difference in accuracy: training takes 40 % of the time "
        "(12.0 s against 30.0 s)."
    )
    assert "faster" not in observed(tmp_path, "ablation/no_relu")
    assert "faster" not in observed(tmp_path, "ablation/batch_256")


def test_what_was_slow_with_one_seed_is_not_called_faster(tmp_path):
    for seed in range(1, 9):
        finished_run(tmp_path, seed=seed, seconds=30)
        finished_run(tmp_path, "ablation/nodes_256", seed=seed, test=0.98 + 0.0001 * (-1) ** seed, seconds=12)
        busy = 12 if seed < 8 else 29
        finished_run(tmp_path, "ablation/batch_256", seed=seed, test=0.98 + 0.0001 * (-1) ** seed, seconds=busy)
    assert "faster" in observed(tmp_path, "ablation/nodes_256")
    assert "faster" not in observed(tmp_path, "ablation/batch_256")


def test_more_layers_of_the_same_dropout_hinder_more(tmp_path):
    for seed in (1, 2):
        finished_run(tmp_path, seed=seed)
        finished_run(tmp_path, "ablation/extra_layer_256", seed=seed)
    assert observed(tmp_path, "ablation/extra_layer_256")["gap_against_base"].text.endswith(wording.BIASED)


def test_a_lost_history_silences_only_what_needs_it(tmp_path):
    for name in ("mlp_512", "ablation/no_relu"):
        (finished_run(tmp_path, name).path / "history.jsonl").unlink()
    assert observed(tmp_path, "ablation/no_relu").keys() == {"gap_against_base"}


# Pareto fronts


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=12))
def test_the_pareto_front_is_exactly_what_no_other_beats(points):
    def beaten(point):
        return any(c <= point[0] and a >= point[1] and (c, a) != point for c, a in points)

    chosen = front(points)
    assert set(chosen) == {i for i, point in enumerate(points) if not beaten(point)}
    assert [points[i][0] for i in chosen] == sorted(points[i][0] for i in chosen)


def test_fronts_are_given_for_parameters_time_and_flops_and_pass_over_unknown_costs(tmp_path):
    finished_run(tmp_path, test=0.98, parameters=600, seconds=20)
    finished_run(tmp_path, "ablation/nodes_256", test=0.975, parameters=300, seconds=25)
    unknown = finished_run(tmp_path, "ablation/no_relu", test=0.91, parameters=600, seconds=10)
    edit_metrics(unknown, flops=None)
    fronts = {
        f.cost: ([group.name for group, _ in f.members], f.dominated) for f in studied(tmp_path).sections[0].fronts
    }
    assert fronts == {
        "parameters": (["ablation/nodes_256", "mlp_512"], 1),
        "training time": (["ablation/no_relu", "mlp_512"], 1),
        "training FLOPs": (["mlp_512"], 1),
    }


def test_times_on_different_machines_make_no_front_and_a_note_says_so(tmp_path):
    finished_run(tmp_path, test=0.98, seconds=20)
    elsewhere = finished_run(tmp_path, "ablation/nodes_256", test=0.975, parameters=300, seconds=2)
    assert "training time" in [one.cost for one in studied(tmp_path).sections[0].fronts]
    edit_metrics(elsewhere, environment={"backend": "jax", "device": "gpu"})
    found = studied(tmp_path)
    assert [one.cost for one in found.sections[0].fronts] == ["parameters", "training FLOPs"]
    assert "There is no Pareto front by training time" in document(found)


# Mistakes


def test_images_that_every_model_gets_wrong_come_with_the_predictions(tmp_path):
    wrong(finished_run(tmp_path, seed=1), _7=1, _9=2, _30=1)
    wrong(finished_run(tmp_path, seed=2), _7=3, _30=1)
    wrong(finished_run(tmp_path, "ablation/no_relu"), _7=3, _8=3, _30=1)
    found = studied(tmp_path).sections[0].unanimous
    assert (found.models, found.unknown) == (3, 0)
    assert [(image.index, image.label, image.predicted) for image in found.images] == [
        (7, 0, {3: 2, 1: 1}),
        (30, 0, {1: 3}),
    ]
    text = document(studied(tmp_path))
    assert "2 images are misclassified by all 3 models." in text
    assert "| 7 | 0 | 3 (2), 1 (1) |" in text


def test_if_seeds_draw_their_test_images_no_image_is_wrong_in_every_model_and_a_note_says_so(tmp_path):
    for seed in (1, 2):
        wrong(finished_run(tmp_path, seed=seed, total=500, data__test_subset=500), _7=1)
    found = studied(tmp_path)
    assert (found.sections[0].same_images, found.sections[0].unanimous) == (False, None)
    assert "Each seed was tested on its own subset of the test images (data.test_subset)" in document(found)
    one = tmp_path / "one"
    for name in ("mlp_512", "ablation/no_relu"):
        wrong(finished_run(one, name, total=500, data__test_subset=500), _7=1)
    assert [image.index for image in studied(one).sections[0].unanimous.images] == [7]


def test_a_single_model_has_no_agreement(tmp_path):
    wrong(finished_run(tmp_path), _1=1)
    assert studied(tmp_path).sections[0].unanimous is None


# Looks at the test set


def test_a_run_selected_on_the_test_images_is_reported_as_such(tmp_path):
    finished_run(tmp_path)
    finished_run(tmp_path, "seven_steps/step1_setup", selected_on_test=True, epochs=5)
    other = finished_run(tmp_path, "seven_steps/step2_reduce_parameters", selected_on_test=True, epochs=5)
    edit_metrics(other, best=json.loads((other.path / "metrics.json").read_text())["best"] | {"restored": False})
    found = studied(tmp_path).sections[0].reuse
    assert (found.models, found.watched, found.epochs, found.selected, found.steered) == (3, 2, 10, 1, 0)
    assert wording.reuse(found) == [
        "3 models were each scored on the test images after training, so the best of these scores is optimistic.",
        "In 2 runs the test images were also the validation images, evaluated after every epoch (10 epochs in "
        "total); in 1 of them the saved weights are those of the epoch that was best on them, so the test accuracy is "
        "optimistic.",
    ]


def test_training_that_the_test_images_stopped_or_slowed_is_reported_as_steered_by_them(tmp_path):
    def told(name, **changes):
        run = finished_run(tmp_path / name, selected_on_test=True, train__restore_best=None, **changes)
        edit_metrics(run, best={"epoch": 3, "monitor": None, "restored": False})
        return wording.reuse(studied(tmp_path / name).sections[0].reuse)[1]

    stop = {"monitor": "val_loss", "patience": 2}
    assert told("last") == (
        "In 1 run the test images were also the validation images, evaluated after every epoch (3 epochs in "
        "total); the saved weights were not selected on them."
    )
    assert "in that run they decided when training stopped" in told("stopped", train__early_stopping=stop)
    assert "in that run they decided when" in told("slowed", train__schedule={"plateau": {"monitor": "val_accuracy"}})
    own = {"monitor": "loss", "patience": 2}
    assert "decided" not in told("by its own loss", train__early_stopping=own)


def test_a_verdict_says_if_only_one_of_the_two_was_selected_on_the_test_images(tmp_path):
    seeds(tmp_path, n=2)
    seeds(tmp_path, "ablation/no_relu", n=2, selected_on_test=True)
    assert "Only this experiment's weights were chosen on the test images" in wording.verdict(
        entry(tmp_path, "ablation/no_relu").verdict
    )


# report.md and the summary files


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A base with an arm that is worse, one like it, and one with too few seeds."""
    results = tmp_path_factory.mktemp("study") / "results"
    for seed, off in enumerate((0.0003, -0.0002, 0.0001, -0.0003, 0.0002, -0.0001, 0.0002, -0.0002, 0.0001), 1):
        finished_run(results, seed=seed, test=0.98)
        finished_run(results, "ablation/no_relu", seed=seed, test=0.91 + off)
        finished_run(results, "ablation/nodes_256", seed=seed, test=0.98 + off)
    finished_run(results, "ablation/no_dropout", test=0.975)
    return results


def test_the_report_answers_first_with_the_numbers_and_what_was_changed(results):
    text = document(studied(results))
    headings = re.findall(r"^(?:\*\*(?!`).*\*\*|#+ .*)$", text, re.MULTILINE)
    assert headings[:7] == [
        "# study",
        "## MNIST, 10,000 test images",
        "### Changes compared with `mlp_512`",
        "**Worse**",
        "**Not significant**",
        "**Too few seeds**",
        "### Results",
    ]
    assert re.search(
        r"^- `ablation/no_relu` \(activation relu -> linear\)\. Worse: -7\.00 pp \(95 % confidence interval "
        r".*, p = \.012; corrected for 3 comparisons\) over 9 shared seeds\.$",
        text, re.MULTILINE,
    )  # fmt: skip
    assert (
        "`ablation/no_dropout` (dropout 0.2 -> 0). Too few seeds: -0.50 pp with 1 shared seed; at least 7 "
        "needed for a verdict."
    ) in text


def test_a_single_run_makes_a_report(tmp_path):
    finished_run(tmp_path)
    text = document(studied(tmp_path))
    assert "1 experiment, 1 run." in text
    assert "One model was scored on the test images" in text
    assert "Pareto" not in text
    assert "### Changes compared with" not in text


def test_runs_that_are_left_out_are_named_in_the_report_and_in_the_summary(tmp_path):
    finished_run(tmp_path)
    bad = finished_run(tmp_path, "ablation/batch_64")
    (bad.path / "metrics.json").write_text("{")
    found = studied(tmp_path)
    assert f"- {bad.path}" in document(found).partition("## Skipped")[2]
    write_report(tmp_path, found)
    [problem] = json.loads((tmp_path / "summary.json").read_text())["left_out"]
    assert str(bad.path) in problem


def test_the_summary_has_verdict_intervals_observations_and_fronts_for_programs(results, tmp_path):
    write_report(tmp_path, studied(results))
    [section] = json.loads((tmp_path / "summary.json").read_text())["sections"]
    by_name = {one["name"]: one for one in section["experiments"]}
    verdict = by_name["ablation/no_relu"]["verdict"]
    assert (verdict["kind"], verdict["arms"], verdict["least_seeds"]) == ("worse", 3, 7)
    assert verdict["difference"]["mean"] == pytest.approx(-0.07, abs=1e-4)
    assert verdict["p_corrected"] == pytest.approx(3 * 2 / 2**9, abs=1e-6)
    assert by_name["mlp_512"]["verdict"] is None
    assert {one["rule"] for one in by_name["ablation/no_relu"]["observations"]} >= {"gap_against_base", "stays_above"}
    assert [one["cost"] for one in section["fronts"]] == ["parameters", "training time", "training FLOPs"]
    assert section["looks_at_test"] == {"models": 28, "watched": 0, "epochs": 0, "selected": 0, "steered": 0}


def test_html_in_what_runs_say_of_themselves_is_text_in_every_markdown_file(tmp_path):
    title = '<img src=x onerror="alert(1)"> <!-- & 1 < 2'
    for config in ("mlp_512", "ablation/no_relu"):
        finished_run(tmp_path, config, dataset=MNIST | {"title": title}, description="<script>alert(1)</script>")
    found = studied(tmp_path)
    write_report(tmp_path, found)
    comparison_of(["mlp_512", "no_relu"], tmp_path, tmp_path)
    for name in ("report.md", "compare.md"):
        text = (tmp_path / name).read_text()
        assert "&lt;img src=x" in text
        assert re.search("<[a-z/!?]", text, re.IGNORECASE) is None


def test_an_experiment_that_has_learned_nothing_gets_no_other_sentence(tmp_path):
    for seed in range(1, 7):
        finished_run(tmp_path, seed=seed, train=0.99, validation=0.975 + 0.0001 * seed)
        finished_run(tmp_path, "ablation/no_relu", seed=seed, train=0.22, validation=0.1, test=0.1)
    [one] = observed(tmp_path, "ablation/no_relu").values()
    assert (one.rule, one.text) == ("chance_level", "Near chance level in all 6 runs.")
    document_text = document(studied(tmp_path))
    assert "Overfits" not in document_text


def test_dropout_at_a_rate_of_zero_does_not_count(tmp_path):
    for seed in range(1, 7):
        finished_run(tmp_path, seed=seed, train=0.98, validation=0.975 + 0.0001 * seed, model__dropout=0)
        layers = ["flatten", {"dropout": 0}, {"dense": {"units": "classes", "activation": "softmax"}}]
        finished_run(
            tmp_path, {"name": "none", "data": {"dataset": "mnist"}, "model": {"kind": "cnn", "layers": layers},
                       "augment": [{"rotation": 0}, {"noise": {"std": 0.1, "probability": 0}}]}, seed=seed,
        )  # fmt: skip
    by_name = {group.name: group for group in studied(tmp_path).groups}
    assert by_name["mlp_512"].handicaps == by_name["none"].handicaps == ()
