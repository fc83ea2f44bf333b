"""results/published/records/ is kept true: what is written there comes from its runs."""

import json
import re
from itertools import count
from statistics import fmean, stdev

import pytest

from evidence import records, tried
from evidence.records_page import document, summary
from evidence.writeups import ROOT
from mnist_lab.config.shipped import names
from mnist_lab.errors import InputError
from mnist_lab.reports import collect
from tests.run_folders import MNIST, finished_run

FOLDER = ROOT / "results" / "published" / records.FOLDER
EVERY = records.records()
AGAIN = "`make results` has to be run again"


@pytest.fixture(scope="module")
def committed():
    return records.standings(collect([FOLDER]).runs)


@pytest.fixture
def ran(committed):
    """The records that were run."""
    return [one for one in committed if one.group]


def test_the_page_is_what_its_runs_yield(committed):
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == document(committed, tried.read(FOLDER)), AGAIN


def test_every_recipe_that_ships_is_a_record():
    shipped = [name for name in names() if name.startswith(f"{records.FOLDER}/")]
    assert sorted(record.experiment for record in EVERY) == shipped


@pytest.mark.parametrize("record", EVERY, ids=lambda record: record.name)
def test_a_recipe_trains_on_all_training_images_and_keeps_the_last_epoch(record):
    data, train = record.config.data, record.config.train
    assert (data.dataset, data.validation.split, data.rows, data.subset) == ("mnist", "none", None, None)
    assert train.restore_best is None
    assert train.early_stopping is None


def test_a_record_has_its_seeds_from_1_and_a_result_only_with_all_of_them(ran):
    assert ran
    for one in ran:
        assert one.group.seeds == tuple(range(1, one.n + 1)), one.record.name
        assert one.record.seeds >= 5
        assert (one.result == "incomplete") == (one.n < one.record.seeds)


def test_no_run_was_selected_on_the_test_images(ran):
    for run in (run for one in ran for run in one.group.runs):
        assert not run.measured.dataset.selected_on_test
        assert run.measured.dataset.train == 60_000


def test_a_row_has_the_numbers_of_its_metrics(ran):
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for one in ran:
        found = [json.loads(path.read_text()) for path in (FOLDER / one.record.name).rglob("metrics.json")]
        accuracies = [metrics["test"]["accuracy"] for metrics in found]
        seconds = [metrics["seconds"]["train"] for metrics in found]
        [row] = re.findall(rf"^\| \[`{one.record.name}`\].*$", text, re.MULTILINE)
        assert f"| {fmean(accuracies):.4f} ± {stdev(accuracies):.4f} |" in row
        assert f"| {found[0]['parameters']['trainable']:,} |" in row
        if one.record.measure == "seconds":
            assert f"| {fmean(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f}) |" in row
        assert row.endswith(f"| {one.result} |" if one.result != "missed" else "| **missed** |")


def test_what_was_tried_was_neither_trained_on_all_images_nor_judged_by_the_test_images():
    trials = tried.read(FOLDER)
    assert trials
    for trial in trials:
        assert (trial.train, trial.validation) == (50_000, 10_000)
        assert len(trial.accuracies) == len(trial.seeds)


def above(name, accuracy):
    """The trials of a record with a higher validation accuracy, the smallest network and the fewest epochs first."""
    found = [trial for trial in tried.read(FOLDER) if trial.record == name and trial.mean > accuracy]
    return sorted(found, key=lambda trial: (trial.parameters, trial.epochs))


def test_tiny_994_is_the_smallest_network_that_was_tried_above_its_accuracy():
    assert above("tiny_994", 0.994)[0].changes == "epochs 30 -> 20"


def test_tiny_99_has_one_channel_more_than_the_smallest_network_that_was_tried_above_its_accuracy():
    found = above("tiny_99", 0.99)
    less = "separable_conv 11 -> 10 x3, residual (separable_conv 11 -> 10) x2"
    assert less in [trial.changes for trial in found]
    assert {trial.parameters for trial in found} == {found[0].parameters}
    others = [trial for trial in tried.read(FOLDER) if trial.record == "tiny_99" and trial not in found]
    assert all(trial.parameters > found[0].parameters and trial.epochs <= 30 for trial in others)


def test_fast_99_takes_the_fewest_steps_of_what_was_tried_above_0991():
    found = above("fast_99", 0.991)
    assert not any("batch_size" in trial.changes for trial in found)
    assert {trial.changes for trial in found if trial.epochs <= 2} == {"", "label_smoothing 0.1 -> 0.05"}


def test_mlp_best_is_the_best_that_was_tried_with_20_more_epochs():
    best = next(trial for trial in tried.read(FOLDER) if trial.record == "mlp_best")
    assert best.changes == "epochs 100 -> 80"
    assert best.mean == max(trial.mean for trial in tried.read(FOLDER) if trial.record == "mlp_best")


def test_cnn_best_is_the_better_of_the_two_that_were_tried():
    recipe, other = (trial for trial in tried.read(FOLDER) if trial.record == "cnn_best")
    assert recipe.changes == ""
    assert recipe.mean > other.mean


def test_trials_are_kept_by_recipe_with_the_validation_accuracies_of_all_seeds(tmp_path):
    [record] = [record for record in EVERY if record.name == "fast_99"]
    source, folder = tmp_path / "source", tmp_path / "kept"
    folder.mkdir()
    held_out = {"data__validation": {"split": "tail"}, "dataset": {**MNIST, "train": 50_000, "validation": 10_000}}
    for seed, validation in ((1, 0.98), (2, 0.99)):
        finished_run(
            source / "fast_99",
            record.experiment,
            seed=seed,
            validation=validation,
            test=0.5,
            train__epochs=4,
            **held_out,
        )
    finished_run(source / "fast_99", record.experiment, seed=1, validation=0.97, **held_out)
    assert tried.keep(source, folder, EVERY) == 2
    longer, same = tried.read(folder)
    assert (longer.changes, longer.seeds, longer.accuracies) == ("epochs 2 -> 4", (1, 2), (0.98, 0.99))
    assert (same.changes, same.accuracies) == ("", (0.97,))
    assert "0.5" not in (folder / tried.NAME).read_text()
    text = document(records.standings([]), tried.read(folder))
    assert "| epochs 2 -> 4 | 669,706 | 3 | 0.9850 (0.9800 to 0.9900) | 2 |" in text
    assert "| **the recipe** |" in text


@pytest.fixture
def made(tmp_path):
    """A function that makes finished runs of a record, one for each test accuracy, and returns their standing."""
    numbers = count()

    def make(record, *accuracies, **metrics):
        folder = tmp_path / str(next(numbers))
        for seed, accuracy in enumerate(accuracies, start=1):
            finished_run(folder, record.experiment, seed=seed, test=accuracy, **metrics)
        return next(one for one in records.standings(collect([folder]).runs) if one.record == record)

    return make


CHEAP, DEAR = {"parameters": 1_000, "seconds": 5.0}, {"parameters": 10**7, "seconds": 10.0**3}


@pytest.mark.parametrize("record", EVERY, ids=lambda record: record.name)
def test_an_aim_is_met_by_the_mean_and_not_by_the_best_seed(made, record):
    least = record.least
    assert made(record, *[least - 0.002] * 4, least + 0.001, **CHEAP).result == "missed"
    assert made(record, *[least + 0.002] * 4, least - 0.002, **CHEAP).result == "met by the mean"
    assert made(record, *[least + 0.002] * 4, least + 0.001, **CHEAP).result == "met"


@pytest.mark.parametrize("record", EVERY, ids=lambda record: record.name)
def test_an_aim_is_not_met_at_a_higher_cost_nor_before_all_seeds_are_there(made, record):
    high = [record.least + 0.002] * 5
    assert made(record, *high, **DEAR).result == ("met" if record.measure == "accuracy" else "missed")
    assert made(record, *high[:4], **CHEAP).result == "incomplete"


def test_what_was_tried_without_the_validation_images_of_the_others_is_refused(tmp_path):
    [record] = [record for record in EVERY if record.name == "fast_99"]
    source = tmp_path / "source"
    with pytest.raises(InputError, match="no folder with the name of a record"):
        tried.keep(tmp_path, tmp_path, EVERY)
    finished_run(source / "fast_99", record.experiment, validation=None)
    with pytest.raises(InputError, match="it was not validated on the last 10,000 of the 60,000 training images"):
        tried.keep(source, tmp_path, EVERY)
    assert not (tmp_path / tried.NAME).exists()


def test_there_is_a_page_even_without_a_run():
    text = document(records.standings([]), [])
    assert text.count("| not run yet |") == len(EVERY)
    assert "Where the runs were trained" not in text
    assert summary(records.standings([])) == ""
