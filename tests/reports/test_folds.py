"""Claims about cross-validated experiments: grouped over their folds, and compared fold by fold."""

import json

import pytest
from matplotlib.text import Text

from mnist_lab.analysis.resampled import resampled
from mnist_lab.errors import InputError
from mnist_lab.reports import collect, compare, groups, study, wording, write_page, write_report
from mnist_lab.reports.figures import accuracy_curves, overlay
from tests.run_folders import finished_run

BASE, ARM = (0.970, 0.972, 0.968, 0.971, 0.969), (0.962, 0.965, 0.961, 0.964, 0.960)


def folds(results, name="mlp_512", accuracies=BASE, seed=1, k=None):
    k = k or len(accuracies)
    for fold, accuracy in enumerate(accuracies, 1):
        split = {"split": "folds", "folds": k, "fold": fold}
        finished_run(results, name, seed=seed, validation=accuracy, test=0.97, data__validation=split)


def studied(results):
    found = collect([results])
    return study("study", groups(found.runs), found.problems)


@pytest.fixture
def results(tmp_path):
    folds(tmp_path)
    folds(tmp_path, "ablation/no_relu", ARM)
    return tmp_path


def test_the_folds_of_a_configuration_are_one_experiment_and_nothing_changes_between_them(results):
    [section] = studied(results).sections
    assert section.heading == "MNIST, 5-fold cross-validation, 10,000 test images"
    assert [(group.name, group.n, group.changed) for group in section.groups] == [
        ("mlp_512", 5, ""), ("ablation/no_relu", 5, "activation relu -> linear"),
    ]  # fmt: skip
    assert section.settings.keys() == {"model.activation"}


def test_validation_accuracies_are_compared_fold_by_fold_with_the_corrected_test(results):
    [_, arm] = studied(results).sections[0].entries
    expected = resampled(BASE, ARM, share=0.25)
    assert arm.verdict.paired.mean == pytest.approx(expected.mean)
    assert arm.verdict.paired.interval == pytest.approx(expected.interval)
    assert arm.verdict.p == pytest.approx(expected.p)
    assert wording.verdict(arm.verdict).startswith("Worse: -0.76 pp (95 % confidence interval ")
    assert wording.verdict(arm.verdict).endswith("over 5 shared folds.")


def test_a_missing_fold_is_left_out_of_the_comparison(results):
    [first, *_] = (results / "ablation/no_relu").iterdir()
    (first / "metrics.json").unlink()
    [_, arm] = studied(results).sections[0].entries
    assert (arm.group.n, arm.verdict.paired.n) == (4, 4)
    assert arm.group.changed == "activation relu -> linear"


def test_seeds_of_one_fold_are_paired_by_seed_and_fold(results):
    folds(results, seed=2)
    folds(results, "ablation/no_relu", ARM, seed=2)
    [base, arm] = studied(results).sections[0].entries
    assert (base.group.seeds, base.group.n, arm.verdict.paired.n) == ((1, 2), 10, 10)


def test_other_folds_and_runs_without_folds_are_not_compared_with_these(results):
    for seed in range(1, 8):
        finished_run(results, "ablation/nodes_256", seed=seed)
    folds(results, "ablation/no_dropout", ARM[:3], k=10)
    found = studied(results)
    assert len(found.sections) == 3
    assert [name for section in found.sections for name in section.verdicts] == ["ablation/no_relu"]


def test_a_report_says_once_what_folds_mean_and_nothing_of_seeds(results):
    write_report(results, studied(results))
    text = (results / "report.md").read_text(encoding="utf-8")
    assert text.count("corrected resampled t-test") == 1
    assert "sign-flip" not in text
    assert text.index("| Validation |") < text.index("| Test |")
    [section] = json.loads((results / "summary.json").read_text())["sections"]
    assert section["folds"] == 5
    assert section["experiments"][1]["verdict"]["shared_seeds"] == [[1, fold] for fold in range(1, 6)]


def test_the_page_lists_every_fold_with_its_own_folder(results):
    text = write_page(results, studied(results)).read_text(encoding="utf-8")
    for run in (results / "mlp_512").iterdir():
        assert f'href="mlp_512/{run.name}/"' in text
    assert "1, fold 5</th>" in text
    assert "<h4>Most confident mistakes (fold 1 of seed 1)</h4>" in text


def test_chosen_experiments_are_compared_fold_by_fold_too(results):
    found = compare(["mlp_512", "no_relu"], results)
    [arm] = found.arms
    assert arm.pairs == 5
    decisive = next(row for row in arm.rows if row.metric is found.metric)
    assert decisive.interval == pytest.approx(resampled(BASE, ARM, share=0.25).interval)
    assert wording.comparison.runs_compared(found, arm) == "folds 1 to 5 of seed 1 of each"
    assert any("corrected resampled t-test" in note for note in wording.comparison.notes(found))


def test_experiments_with_other_folds_cannot_be_compared(results):
    folds(results, "ablation/no_dropout", ARM[:3], k=10)
    with pytest.raises(InputError, match="same folds"):
        compare(["mlp_512", "no_dropout"], results)


@pytest.mark.parametrize(("seeds", "over"), [((1,), "5 folds"), ((1, 2), "10 seeds and folds")])
def test_the_curves_say_what_their_range_is_over(seeds, over, tmp_path):
    for seed in seeds:
        folds(tmp_path, seed=seed)
    [section] = studied(tmp_path).sections
    figures_of = [accuracy_curves(section, "title")]
    folds(tmp_path, "ablation/no_relu", ARM)
    figures_of += [overlay(compare(["mlp_512", "no_relu"], tmp_path))] if seeds == (1,) else []
    for figure in figures_of:
        said = [text.get_text() for text in figure.findobj(Text)]
        assert any(f"line: mean; band: range over {over}" in text for text in said)
