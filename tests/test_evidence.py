"""results/published/ is kept true: what is written there comes from its runs, and these are what they claim to be."""

import json
import re
import shutil
from collections import Counter
from statistics import fmean, median, stdev

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from pydantic import ValidationError

import evidence.__main__ as command
from evidence import picture, readme, records
from evidence.claims import Outcome, findings
from evidence.comparison import compare
from evidence.comparison import evidence as evidence_of
from evidence.importing import LARGEST, NUMBERS, import_runs, keep_first_plots, objection, wanted_configs
from evidence.writeups import ROOT, Claim, short, writeups
from mnist_lab.analysis import first_gap
from mnist_lab.config import fingerprint, load_config
from mnist_lab.config.shipped import names
from mnist_lab.plots import save
from mnist_lab.reports import collect, write_report
from mnist_lab.reports.observations import OVERFIT_GAP
from mnist_lab.reports.write import document
from mnist_lab.runs import PLOTS, load_run
from tests.run_folders import MNIST, edit_metrics, finished_run
from tools.markdown import put

PUBLISHED = ROOT / "results" / "published"
EXPERIMENTS = [experiment for writeup in writeups() for experiment in writeup.experiments]
RUNS = sorted(path.parent for path in PUBLISHED.rglob("metrics.json"))
"""Of the published experiments and of the records."""
AGAIN = "`make results` has to be run again"
WRITTEN = re.compile(
    r"(README|report|summary|tried)\.(md|html|csv|json)|(differences|report)\.png|(accuracy_(curves|parameters)|response_\w+)\.png"
)


@pytest.fixture(scope="module")
def committed():
    return evidence_of(collect([PUBLISHED]).runs)


@pytest.fixture(scope="module")
def standings():
    """The records and their committed runs."""
    return records.standings(collect([PUBLISHED]).runs)


def test_the_readme_of_the_results_is_what_its_runs_yield(committed):
    compared, _ = committed
    assert (PUBLISHED / "README.md").read_text(encoding="utf-8") == readme.document(compared, PUBLISHED), AGAIN


def test_what_the_projects_readme_shows_of_them_is_what_they_yield(committed, standings):
    compared, _ = committed
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text == readme.in_project_readme(text, compared, standings), AGAIN


def test_the_summaries_and_the_report_are_of_these_runs(committed, tmp_path):
    compared, study = committed
    assert (PUBLISHED / "report.md").read_text(encoding="utf-8") == document(study), AGAIN
    for folder, one in [(PUBLISHED, study), *((PUBLISHED / c.writeup.folder, c.study) for c in compared if c.study)]:
        there = tmp_path / folder.name
        there.mkdir()
        for file in [
            *folder.glob("summary.*"),
            *folder.glob("accuracy_*.png"),
            *folder.glob("response_*.png"),
        ]:  # they are drawn again only after a change
            shutil.copy(file, there)
        for file in write_report(there, one):
            assert file.read_bytes() == (folder / file.name).read_bytes(), f"{folder.name}/{file.name}: {AGAIN}"


def test_the_picture_shows_these_runs(committed, tmp_path):
    compared, _ = committed
    drawn = np.asarray(
        Image.open(save(picture.ablation_figure(compared), tmp_path / "now.png")).convert("L"), dtype=float
    )
    kept = np.asarray(Image.open(PUBLISHED / picture.NAME).convert("L"), dtype=float)
    # Not to the bit: another version of the font renderer may draw a letter slightly differently.
    assert drawn.shape == kept.shape, AGAIN
    assert np.mean(np.abs(drawn - kept) > 64) < 0.001, AGAIN


def test_a_row_has_the_numbers_of_its_metrics():
    found = [json.loads(path.read_text()) for path in (PUBLISHED / "ablation" / "no_dropout").rglob("metrics.json")]
    test, train = ([one[part]["accuracy"] for one in found] for part in ("test", "train"))
    row = cells((PUBLISHED / "README.md").read_text(), "no_dropout")
    spread = (lambda values: f" ± {stdev(values):.4f}") if len(found) > 1 else lambda _: ""
    assert row["Test"] == f"{fmean(test):.4f}{spread(test)}"
    assert row["Train"] == f"{fmean(train):.4f}{spread(train)}"
    assert row["n"].split()[0] == str(len(found))
    assert row["Published train / test"] == "0.9947 / 0.9751"
    assert row["Ours - published (pp)"].split(" / ")[1] == f"{100 * (fmean(test) - 0.9751):+.2f}"
    assert row["Acceptance threshold"] == f"0.9691 met (median {median(test):.4f})"


def test_every_shipped_experiment_but_the_quick_start_and_the_records_has_a_row():
    recipes = {record.experiment for record in records.records()}
    assert sorted(one.name for one in EXPERIMENTS) == sorted(set(names()) - {"quickstart"} - recipes)
    text = (PUBLISHED / "README.md").read_text()
    for experiment in EXPERIMENTS:
        assert len(re.findall(rf"^\| `{short(experiment.name)}` \|", text, re.MULTILINE)) == 1, experiment.name


def test_every_experiment_with_all_its_seeds_reaches_its_floor_or_says_why_not(committed):
    compared, _ = committed
    for one in compared:
        for row in one.rows:
            if row.finished and row.meets_threshold is False:
                assert row.experiment.below_threshold, (
                    f"{row.experiment.name}: {row.median} < {row.experiment.threshold}"
                )


def test_the_evidence_is_small_and_holds_what_it_should_and_nothing_else():
    files = [path for path in PUBLISHED.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < LARGEST
    for path in files:
        if path.parent in RUNS:
            assert path.name in (*NUMBERS, *PLOTS), path
        else:
            assert WRITTEN.fullmatch(path.name), path
    for run in RUNS:
        assert {path.name for path in run.iterdir()} >= set(NUMBERS), run


def test_one_run_of_every_experiment_has_its_plots():
    drawn = [run.parent for run in RUNS if (run / PLOTS[0]).is_file()]
    assert sorted(set(drawn)) == sorted(drawn)
    assert set(drawn) == {run.parent for run in RUNS}


def test_every_run_is_of_its_configuration_and_can_be_repeated_from_its_own():
    assert RUNS
    wanted = wanted_configs()
    for path in RUNS:
        run = load_run(path)
        facts, config = run.measured.run, load_config(path / "config.yaml")
        sha256, backend = run.measured.dataset.sha256, str(config.runtime.backend)
        assert fingerprint(config, dataset_sha256=sha256, backend=backend) == facts.fingerprint, path
        assert path == PUBLISHED / str(config.experiment) / f"seed{config.seed}-{facts.fingerprint[:8]}"
        assert config.seed == facts.seed
        assert objection(run, wanted) is None, path


def test_no_run_is_known_to_come_from_uncommitted_code():
    for path in RUNS:
        assert not json.loads((path / "environment.json").read_text()).get("git_dirty"), path


def test_floors_and_conclusions_are_about_experiments_in_their_write_up():
    for writeup in writeups():
        own = {short(experiment.name) for experiment in writeup.experiments}
        named = {name for claim in writeup.claims for name in (claim.of, claim.than) if name}
        explained = {*writeup.floors, *writeup.rounded, *writeup.below_floor, *writeup.differs, *writeup.seeds_of}
        assert named | explained <= own, writeup.folder


@pytest.mark.parametrize(
    "damage",
    [{"than": None}, {"at_least": 0.9}, {"quantity": "validation_at"}, {"epoch": 3}, {"is": "larger"}, {"extra": 1}],
)
def test_each_conclusion_asks_one_question(damage):
    good = {"says": "A beats B.", "of": "a", "is": "higher", "than": "b"}
    Claim.model_validate(good)
    with pytest.raises(ValidationError):
        Claim.model_validate(good | damage)


@pytest.fixture(scope="module")
def some(tmp_path_factory):
    """Eleven seeds of a base and three arms, of which the one without dropout always wins; one seed of two others."""
    tmp_path = tmp_path_factory.mktemp("some")
    for seed in range(1, 12):
        chance = 0.0001 * (seed % 3)
        finished_run(tmp_path, "mlp_512", seed=seed, test=0.98 + chance)
        finished_run(tmp_path, "ablation/no_dropout", seed=seed, test=0.984, train=0.995, validation=0.97)
        finished_run(tmp_path, "ablation/no_rescale", seed=seed, test=0.97 + chance)
        finished_run(tmp_path, "ablation/extra_layer_256", seed=seed, test=0.98 + (0.001 if seed % 2 else -0.001))
    finished_run(tmp_path, "ablation/nodes_256", seed=1, test=0.9823)
    finished_run(tmp_path, "dense/small_28", seed=1, test=0.95)
    for run in tmp_path.rglob("metrics.json"):
        for name in ("environment.json", "mistakes.json"):
            (run.parent / name).write_text("[]")
    return tmp_path


@pytest.fixture(scope="module")
def of_some(some):
    return compare(collect([some]).runs)


@pytest.fixture(scope="module")
def of_none():
    """The comparison without any runs."""
    return compare([])


def claim_of(compared, words):
    return next(f for one in compared for f in findings(one) if words in f.claim.says)


@pytest.mark.parametrize(
    ("words", "outcome", "numbers"),
    [
        ("Removing dropout lowers test accuracy", Outcome.CONTRADICTED, r"\+0\.39 pp .* p = \.004"),
        ("Removing dropout widens", Outcome.REPLICATED, r"^Generalization gap in the last epoch: \+0\.0250 ± 0\.0000"),
        (
            "The initial network overfits",
            Outcome.REPLICATED,
            r"\+0\.0100 .* lowers training accuracy and therefore the gap",
        ),
        (
            "rescaling of the pixels, training collapses",
            Outcome.CONTRADICTED,
            r"Test accuracy: 0\.9701 ± 0\.0001 \(95 % confidence interval",
        ),
        ("A third hidden layer", Outcome.NOT_SIGNIFICANT, r"p = 1; corrected for 4 comparisons"),
        ("Halving the width", Outcome.TOO_FEW, r"at least \d seeds needed"),
        ("28 neurons reaches", Outcome.TOO_FEW, "a single seed has no interval"),
        ("The CNN reaches 99 %", Outcome.NOT_RUN, "^$"),
    ],
)
def test_a_conclusion_is_compared_with_the_runs(of_some, words, outcome, numbers):
    found = claim_of(of_some, words)
    assert found.outcome is outcome
    assert re.search(numbers, found.numbers), found.numbers


def test_a_conclusion_on_the_base_has_the_test_of_the_table_and_of_the_report(of_some):
    one = of_some[0]
    row = next(row for row in one.done if row.experiment.name == "ablation/no_dropout")
    found = claim_of([one], "Removing dropout lowers test accuracy")
    assert row.entry.verdict.p == pytest.approx(4 * 2 / 2**11)  # four arms, eleven seeds
    assert found.numbers.endswith("p = .004; corrected for 4 comparisons).")
    [reported] = [seen.text for seen in row.entry.observations if seen.rule == "gap_against_base"]
    numbers = re.search(r"\+1\.50 pp.*", claim_of([one], "Removing dropout widens").numbers)[0]
    for words in (
        "p = .004; corrected for 4 comparisons)",
        "Inconclusive about overfitting",
        "bias the gap by lowering training accuracy",
    ):
        assert words in numbers
        assert words in reported


def test_if_two_differ_in_dropout_the_gap_does_not_say_which_overfits_more(tmp_path):
    for seed in range(1, 7):
        finished_run(tmp_path, "mlp_512", seed=seed, train=0.99, validation=0.975 + 0.0001 * seed)
        finished_run(tmp_path, "ablation/dropout_04_03", seed=seed, train=0.985, validation=0.98)
    compared = compare(collect([tmp_path]).runs)
    found = claim_of(compared, "overfits less")
    assert found.outcome is Outcome.BIASED
    assert found.outcome.is_open
    assert re.search(
        r"^Generalization gap in the last epoch: .*, -0\.97 pp .* p = \.031; the only comparison in its family, "
        r"so uncorrected\)\. .* lowering training accuracy\.$",
        found.numbers,
    )
    assert (
        "overfits less than 0.2. **Inconclusive: gap biased by dropout or augmentation (6 seeds).** Generalization gap"
        in readme.document(compared, tmp_path)
    )


def test_a_small_gap_under_dropout_does_not_show_that_there_is_no_overfitting(tmp_path):
    for seed in (1, 2, 3):
        for step in ("step2_reduce_parameters", "step4_dropout"):
            finished_run(tmp_path, f"seven_steps/{step}", seed=seed, train=0.98, validation=0.985)
    without, under = (claim_of(compare(collect([tmp_path]).runs), f"Step {n}") for n in ("2 does not", "4: with"))
    assert without.outcome is Outcome.REPLICATED
    assert under.outcome is Outcome.BIASED
    assert under.numbers.endswith("lowers training accuracy and therefore the gap.")


def test_two_experiments_are_compared_by_the_seeds_that_both_have(tmp_path):
    step6, step7 = "seven_steps/step6_learning_rate", "seven_steps/step7_augmentation"
    finished_run(tmp_path, step7, seed=1, test=0.9944)
    for seed, test in enumerate((0.9940, 0.9960, 0.9980), start=1):
        finished_run(tmp_path, step6, seed=seed, test=test)
    compared = compare(collect([tmp_path]).runs)
    assert "0.9944 against 0.9940, +0.04 pp" in claim_of(compared, "slight rotation").numbers
    finished_run(tmp_path, step7, seed=4, test=0.9946)
    row = cells(readme.document(compare(collect([tmp_path]).runs), tmp_path), "step7_augmentation")
    assert row["Difference from the base (pp)"] == "too few seeds: +0.04 over 1 shared seed"


def test_a_best_test_accuracy_that_was_published_beside_the_last_stands_beside_it(of_none):
    row = cells(readme.document(of_none, ROOT), "step1_setup")
    assert row["Published train / test"] == "best 0.9992 / 0.9899, best 0.9924"


def test_three_seeds_can_confirm_a_size_and_are_too_few_for_any_comparison(tmp_path):
    for seed in (1, 2, 3):
        step2, step3 = "seven_steps/step2_reduce_parameters", "seven_steps/step3_batch_norm"
        finished_run(tmp_path, step2, seed=seed, train=0.98, validation=0.985, test=0.9801, selected_on_test=True)
        finished_run(tmp_path, step3, seed=seed, train=0.995, validation=0.992, test=0.9921, selected_on_test=True)
    compared = compare(collect([tmp_path]).runs)
    assert claim_of(compared, "Step 2 reaches 98 %").outcome is Outcome.REPLICATED
    found = claim_of(compared, "batch normalization improves")
    assert (found.outcome, found.n) == (Outcome.TOO_FEW, 3)
    assert found.numbers.endswith("+1.20 pp; at least 6 seeds needed.")
    assert "**Too few seeds: 3.** Test accuracy" in readme.document(compared, tmp_path)


def test_a_conclusion_that_the_planned_seeds_cannot_decide_is_reported_beforehand(of_none):
    said = set()
    for one in of_none:
        seeds = {short(row.experiment.name): row.experiment.seeds for row in one.rows}
        for finding in findings(one):
            claim = finding.claim
            planned, least = (min(seeds[claim.of], seeds[claim.than]), 6) if claim.than else (seeds[claim.of], 2)
            few = f"Too few seeds are planned: {planned}, at least {least} needed."
            assert (finding.outcome, finding.numbers) == (Outcome.NOT_RUN, few if planned < least else "")
            said.add((one.writeup.folder, claim.than is not None, bool(finding.numbers)))
    assert {("ablation", True, False), ("augmented_cnn", True, True), ("seven_steps", False, True)} <= said


def test_the_first_gap_of_the_authors_own_run_is_in_the_epoch_from_which_it_is_said_to_overfit():
    accuracies = [(0.8831, 0.9341), (0.9500, 0.9543), (0.9583, 0.9498), (0.9646, 0.9577), (0.9690, 0.9622),
                  (0.9715, 0.9599), (0.9742, 0.9620), (0.9767, 0.9671)]  # fmt: skip
    history = [{"epoch": i, "accuracy": a, "val_accuracy": b} for i, (a, b) in enumerate(accuracies, start=1)]
    assert first_gap(history, OVERFIT_GAP) == 6
    assert first_gap(history[:5], OVERFIT_GAP) is None


def test_an_epoch_that_few_runs_have_is_not_a_property_of_the_experiment(tmp_path):
    for seed in (1, 2, 3):
        finished_run(tmp_path, "two_models/mlp_5x30", seed=seed, train=0.985, validation=0.98)
    found = claim_of(compare(collect([tmp_path]).runs), "sixth epoch")
    assert (found.outcome, found.n) == (Outcome.CONTRADICTED, 3)
    assert "0 of 3 runs" in found.numbers


def test_a_number_published_in_whole_percent_is_not_taken_for_an_exact_one(tmp_path):
    for seed in (1, 2, 3):
        finished_run(tmp_path / "near", "two_models/mlp_5x30", seed=seed, test=0.966 + 0.0005 * seed)
        finished_run(tmp_path / "far", "two_models/mlp_5x30", seed=seed, test=0.985 + 0.0005 * seed)
    near, far = (readme.document(compare(collect([tmp_path / name]).runs), tmp_path) for name in ("near", "far"))
    row = cells(near, "mlp_5x30")
    assert (row["Published train / test"], row["Ours - published (pp)"]) == (
        "0.9883 / about 0.96",
        "+0.17 / about +0.7",
    )
    assert "reaches 99 %. Published: about 0.99." in near
    assert "(#a-dense-network-against-a-cnn) | 1 of 2 | 3 | - | 1 of 1 |" in near
    assert "`mlp_5x30` was published" not in near
    assert re.search(r"`mlp_5x30` was published with about 0\.96, .* widened by 0\.01 at each end for rounding\.", far)


def test_a_best_over_the_epochs_is_labelled_as_such_wherever_it_is_compared(of_none):
    text = readme.document(of_none, ROOT)
    assert "Published: best 0.9921 against best 0.9825 over the epochs; ours are those of the saved models." in text
    assert "Published: 0.9823 against 0.9798." in text


def test_what_a_configuration_notes_about_its_published_numbers_stands_below_the_table(of_none):
    text = readme.document(of_none, ROOT)
    notes = {short(one.name): one.reference.note for one in EXPERIMENTS if one.reference.note}
    assert {"step5_add_layers", "wide_512_dropout", "mlp_5x30"} <= notes.keys()
    for name, note in notes.items():
        assert f"\n- `{name}`: {note}\n" in text


def test_the_first_screen_counts_what_was_retrained_and_which_conclusions_replicate(of_some):
    text = readme.first_screen(of_some, [])
    assert text.startswith("28 experiments from 5 published write-ups, 6 retrained so far, in 46 runs.")
    found = [finding for one in of_some for finding in findings(one)]
    counts = Counter(str(finding.outcome) for finding in found)
    assert f"{counts['replicated']} of {len(found)} replicate, {counts['contradicted']} are contradicted" in text
    assert f"{counts['too few seeds']} too few seeds" in text
    title = r"\(A dense network, one change at a time\)"
    assert re.search(rf'Contradicted: .*Without rescaling of the pixels, training collapses[^;]*" {title}', text)
    assert re.search(r"[1-9] of [1-9] acceptance thresholds met; median absolute error \d\.\d\d pp", text)


def test_what_is_missing_is_reported(some, of_some):
    text = readme.document(of_some, some)
    assert cells(text, "batch_64")["Test"] == "not run yet"
    assert cells(text, "nodes_256")["n"] == "1 of 10"
    assert cells(text, "nodes_256")["Difference from the base (pp)"].startswith("too few seeds")
    assert cells(text, "small_28")["Acceptance threshold"] == "0.9600 **not met** (median 0.9500)"
    assert "`small_28` does not meet its acceptance threshold. Not explained." in text
    assert "| [A CNN improved in seven steps](#a-cnn-improved-in-seven-steps) | 0 of 7 | 0 | - | - |" in text
    assert "`no_rescale` was published with 0.3039" in text
    assert "- Of 4 such intervals, 0.2 are expected to miss by chance alone.\n" in text


def test_seeds_that_were_skipped_are_named(tmp_path):
    finished_run(tmp_path, "mlp_512", seed=3)
    text = readme.document(compare(collect([tmp_path]).runs), tmp_path)
    assert "the seeds 1 to n, except `mlp_512` 3." in text


def test_there_is_a_readme_even_without_a_run(of_none, tmp_path):
    text = readme.document(of_none, tmp_path)
    assert text.count("| not run yet |") == len(EXPERIMENTS)


def test_an_import_takes_the_numbers_of_every_run_and_the_plots_of_one(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    for seed in (2, 10, 3):
        folder = finished_run(source, "ablation/nodes_256", seed=seed)
        for name in (*PLOTS, "environment.json", "mistakes.json", "model.keras", "predictions.npz", "log.txt", ".lock"):
            (folder.path / name).write_text("[]")
    (finished_run(source, "mlp_512", seed=4).path / "metrics.json").unlink()  # not finished yet
    done = import_runs(source, target)
    keep_first_plots(target)
    assert (done.new, done.known, done.refused) == (3, 0, ())
    there = {run.name.partition("-")[0]: {path.name for path in run.iterdir()} for run in target.glob("ablation/*/*")}
    assert there == {
        "seed2": {*NUMBERS, *PLOTS},
        "seed3": set(NUMBERS),
        "seed10": set(NUMBERS),
    }
    assert not (target / "mlp_512").exists()


def test_an_import_replaces_what_has_other_numbers_and_leaves_the_rest(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    folders = [finished_run(source, "ablation/nodes_256", seed=seed) for seed in (1, 2)]
    for folder in folders:
        for name in ("environment.json", "mistakes.json"):
            (folder.path / name).write_text("[]")
    import_runs(source, target)
    edit_metrics(folders[1], epochs=7)
    done = import_runs(source, target)
    assert (done.new, done.known) == (1, 1)
    assert load_run(next(target.glob("ablation/nodes_256/seed2-*"))).metrics["epochs"] == 7


def test_an_import_refuses_what_is_not_evidence(tmp_path):
    source = tmp_path / "source"
    finished_run(source, "quickstart")
    finished_run(source, "mlp_512", train__epochs=3)
    finished_run(source, "ablation/batch_64", dataset=MNIST | {"genuine": False})
    finished_run(source, "ablation/batch_256")
    (finished_run(source, "ablation/no_relu").path / "metrics.json").write_text("{}")
    done = import_runs(source, tmp_path / "target")
    assert done.new == 0
    for words in (
        "nor a record",
        "as the configuration says now",
        "published files of MNIST",
        "no environment.json and no mistakes.json",
        "damaged",
    ):
        assert sum(words in reason for reason in done.refused) == 1, words


def test_the_command_writes_everything_and_the_same_a_second_time(some, tmp_path, monkeypatch):
    root = tmp_path / "checkout"
    root.mkdir()
    (root / "README.md").write_text((ROOT / "README.md").read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(command, "ROOT", root)
    monkeypatch.setattr(command, "PUBLISHED", root / "results" / "published")

    def written():
        answer = CliRunner().invoke(command.main, ["--import", str(some)], catch_exceptions=False)
        assert answer.exit_code == 0, answer.output
        return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}

    first = written()
    assert {path.name for path in (root / "results" / "published").glob("*.*")} >= {
        "README.md", "report.html", "report.md", "summary.csv", "differences.png",
    }  # fmt: skip
    assert "rescaling of the pixels, training collapses" in (root / "README.md").read_text(encoding="utf-8")
    assert written() == first


@pytest.mark.parametrize("option", ["--import", "--tried"])
def test_a_missing_folder_is_reported(monkeypatch, tmp_path, option):
    monkeypatch.setattr(command, "PUBLISHED", tmp_path)
    answer = CliRunner().invoke(command.main, [option, str(tmp_path / "nowhere")])
    assert answer.exit_code == 2
    assert "no such folder" in answer.output


def test_markers_that_are_missing_are_an_error():
    with pytest.raises(ValueError, match="expected one <!-- results"):
        put("# A readme", "results", "text", by="make results")


def cells(text, name):
    """The row of an experiment, by its headings."""
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(f"| `{name}` |"))
    top = next(i for i in range(at, 0, -1) if lines[i].startswith("| Experiment |"))
    split = [[cell.strip() for cell in lines[i].strip("|").split("|")] for i in (top, at)]
    return dict(zip(*split, strict=True))
