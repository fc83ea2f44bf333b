"""Claims about the summary files: what they say, that they are complete, and that equal runs give equal bytes."""

import csv
import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from mnist_lab.errors import SetupError
from mnist_lab.reports import collect, groups, study, write_report
from mnist_lab.reports.figures import of_section
from mnist_lab.reports.write import document, html
from tests.run_folders import edit_metrics, finished_run

FILES = ["report.md", "summary.csv", "summary.json", "accuracy_curves.png", "accuracy_parameters.png"]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A base with three seeds, two arms with one, all with published numbers; and their summary files."""
    results = tmp_path_factory.mktemp("written") / "results"
    for seed in (1, 2, 3):
        finished_run(results, seed=seed, train=0.99, test=0.9800 + 0.0005 * seed, seconds=10 + seed)
    finished_run(results, "ablation/no_relu", test=0.9178, validation=0.92, train=0.925)
    finished_run(results, "ablation/nodes_256", test=0.9790, parameters=269_322)
    write(results)
    return results


@pytest.fixture
def results(written, tmp_path):
    """A copy of those results, to change."""
    return Path(shutil.copytree(written, tmp_path / "results"))


def studied(results):
    found = collect([results])
    return study("sweep", groups(found.runs), found.problems)


def write(results, folder=None, **options):
    return write_report(folder or results, studied(results), **options)


def table(text):
    """The rows of the table of results, as mappings."""
    lines = re.findall(r"^\|.*$", text.partition("### Results")[2].partition("###")[0], re.MULTILINE)
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]


def rows(folder):
    with (folder / "summary.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_summary_is_five_files_and_leaves_nothing_else(written, tmp_path):
    files = write(written, tmp_path / "made" / "here")
    assert [file.name for file in files] == FILES
    assert files[0].read_text(encoding="utf-8") == document(studied(written))
    assert sorted(file.name for file in (tmp_path / "made" / "here").iterdir()) == sorted(FILES)
    for file in files[3:]:
        with Image.open(file) as image:
            assert image.width >= 1400


def test_the_markdown_table_has_one_row_per_experiment_with_our_numbers_beside_the_published(written):
    base, no_relu, nodes = table((written / "report.md").read_text())
    assert base == {
        "Experiment": "**`mlp_512`**",
        "Change from mlp_512": "",
        "nodes": "512, 512",
        "activation": "relu",
        "Parameters": "669,706",
        "Train": "0.9900 ± 0.0000",
        "Validation": "0.9800 ± 0.0000",
        "Test": "0.9810 ± 0.0005",
        "n": "3",
        "Difference": "",
        "Verdict": "",
        "Gap": "+0.0100 ± 0.0000",
        "Epochs": "3",
        "Time": "12.0 s",
        "Published train": "0.9918 (-0.18)",
        "Published test": "0.9799 (+0.11)",
    }
    assert no_relu["Change from mlp_512"] == "activation relu -> linear"
    assert (no_relu["Difference"], no_relu["Verdict"]) == ("-6.27", "too few seeds")
    assert (no_relu["Test"], no_relu["n"], no_relu["Gap"]) == ("0.9178", "1", "+0.0050")
    assert nodes["Parameters"] == "269,322"


def test_the_text_says_what_the_numbers_are_and_that_few_seeds_carry_no_claim(written):
    text = (written / "report.md").read_text()
    for expected in (
        "Train: running accuracy of the last epoch.",
        "Validation: accuracy after the last epoch.",
        "Test: accuracy of the saved model.",
        "over n runs",
        "No run used the test images for validation.",
        "Bold: bases that are not themselves compared with another experiment.",
        "with too few seeds no difference, however large, would be significant.",
        "The 95 % confidence interval of a difference in test accuracy contains every value that the sign-flip test",
        "A verdict generalizes to other seeds on the same test images",
        "p is valid if the number of seeds was fixed beforehand",
        "![Validation accuracy by epoch](accuracy_curves.png)",
        "![Test accuracy against parameters](accuracy_parameters.png)",
    ):
        assert expected in text


def test_that_parameters_include_those_that_are_not_trained_is_told_where_there_are_some(tmp_path):
    said = "Parameters: all, including non-trainable ones."
    run = finished_run(tmp_path)
    write(tmp_path)
    assert said not in (tmp_path / "report.md").read_text()
    edit_metrics(run, parameters={"trainable": 500, "non_trainable": 100, "total": 600})
    write(tmp_path)
    assert said in (tmp_path / "report.md").read_text()


def test_why_few_seeds_allow_no_verdict_is_explained_only_if_there_are_too_few(tmp_path):
    for seed in range(1, 7):
        finished_run(tmp_path, seed=seed, test=0.98)
        finished_run(tmp_path, "ablation/no_relu", seed=seed, test=0.91 + 0.0001 * seed)
    write(tmp_path)
    assert "with too few seeds" not in (tmp_path / "report.md").read_text()
    for name in ("step5_add_layers", "step6_learning_rate"):
        finished_run(tmp_path, f"seven_steps/{name}")
    write(tmp_path)
    assert "with too few seeds" in (tmp_path / "report.md").read_text()


def test_runs_whose_validation_images_are_the_test_images_are_counted(tmp_path):
    finished_run(tmp_path, "seven_steps/step1_setup", selected_on_test=True, validation=0.9900, test=0.9890)
    finished_run(tmp_path, "mlp_512")
    write(tmp_path)
    assert "In 1 of 2 runs the validation images are the test images" in (tmp_path / "report.md").read_text()
    assert [row["selected_on_test"] for row in rows(tmp_path)] == ["false", "true"]


def test_a_published_best_stands_beside_our_best_over_the_epochs(tmp_path):
    finished_run(tmp_path, "seven_steps/step2_reduce_parameters", selected_on_test=True, validation=0.9830, test=0.98)
    write(tmp_path)
    [row] = table((tmp_path / "report.md").read_text())
    assert row["Published test"] == "best 0.9825 (+0.05)"


def test_columns_that_would_be_empty_are_left_out(tmp_path):
    config = {"name": "own", "data": {"dataset": "mnist"}, "model": {"kind": "mlp", "nodes": [16]}}
    finished_run(tmp_path, config, validation=None)
    write(tmp_path)
    [row] = table((tmp_path / "report.md").read_text())
    assert list(row) == ["Experiment", "Test", "n", "Train", "Parameters", "Epochs", "Time"]


@pytest.mark.parametrize("stopped_early", [False, True])
def test_the_epochs_that_were_trained_are_a_column_only_if_they_differ_from_those_set(stopped_early, tmp_path):
    for epochs in (2, 3):
        finished_run(tmp_path, train__epochs=epochs, epochs=epochs - stopped_early)
    write(tmp_path)
    row, _ = table((tmp_path / "report.md").read_text())
    assert ("epochs" in row, "train.epochs" in row, "Epochs" in row) == (
        not stopped_early,
        stopped_early,
        stopped_early,
    )


def test_several_bases_get_a_column_of_their_own(tmp_path):
    for name in ("mlp_512", "ablation/no_relu", "seven_steps/step6_learning_rate", "seven_steps/step7_augmentation"):
        finished_run(tmp_path, name)
    write(tmp_path)
    found = {row["Experiment"].strip("*`"): row["Base"] for row in table((tmp_path / "report.md").read_text())}
    assert found == {
        "mlp_512": "",
        "ablation/no_relu": "mlp_512",
        "seven_steps/step6_learning_rate": "seven_steps/step5_add_layers",
        "seven_steps/step7_augmentation": "seven_steps/step6_learning_rate",
    }


def test_the_csv_has_one_row_per_experiment_and_its_times_last(written):
    base, no_relu, _ = rows(written)
    assert list(base)[-2:] == ["seconds_total", "seconds_epoch"]
    assert (base["experiment"], base["n"], base["seeds"]) == ("mlp_512", "3", "1 2 3")
    assert (base["test_mean"], base["test_sd"]) == ("0.981000", "0.000500")
    assert (no_relu["test_sd"], no_relu["base"]) == ("", "mlp_512")
    assert base["points_above_published_test_accuracy"] == "0.110000"


def test_the_json_has_every_seed(written):
    facts = json.loads((written / "summary.json").read_text())
    assert (facts["title"], facts["runs"], facts["selected_on_test"]) == ("sweep", 5, 0)
    [section] = facts["sections"]
    base = section["experiments"][0]
    assert base["seeds"] == [1, 2, 3]
    assert base["test"]["values"] == [0.9805, 0.981, 0.9815]
    assert len(base["test"]["ci95"]) == 3
    assert base["seconds"]["total"]["mean"] == 12


def test_nothing_but_the_times_depends_on_when_and_where_a_run_was_made(written, tmp_path):
    elsewhere = tmp_path / "moved" / "results"
    shutil.copytree(written, elsewhere, ignore=shutil.ignore_patterns("summary.*", "*.png"))
    for file in elsewhere.rglob("metrics.json"):
        metrics = json.loads(file.read_text())
        metrics["seconds"] |= {"total": 99.0, "epoch_median": 33.0}
        metrics["run"] |= {"started": "2031-01-01T00:00:00+00:00", "finished": "2031-01-01T00:01:39+00:00"}
        metrics["environment"] |= {"device": "gpu"}
        file.write_text(json.dumps(metrics))
    write(elsewhere)

    def without_times(folder):
        return [{key: value for key, value in row.items() if not key.startswith("seconds")} for row in rows(folder)]

    assert without_times(elsewhere) == without_times(written)
    assert rows(elsewhere) != rows(written)
    for figure in FILES[3:]:
        assert (elsewhere / figure).read_bytes() == (written / figure).read_bytes()


def test_the_same_runs_give_the_same_bytes(written, tmp_path):
    again = [file.read_bytes() for file in write(written, tmp_path / "again")]
    assert again == [(written / name).read_bytes() for name in FILES]


def test_figures_of_the_same_numbers_are_not_drawn_again_unless_asked(results):
    files = write(results)
    files[3].write_bytes(b"mark")
    assert write(results)[3].read_bytes() == b"mark"
    assert write(results, redraw=True)[3].read_bytes() != b"mark"


def test_figures_are_drawn_again_when_a_run_joins_or_one_is_missing(results):
    files = write(results)
    files[3].write_bytes(b"mark")
    finished_run(results, "ablation/no_dropout")
    assert write(results)[3].read_bytes() != b"mark"
    files[4].unlink()
    assert write(results)[4].is_file()


def test_each_data_set_has_its_own_table_and_figures_and_stale_ones_go(tmp_path):
    finished_run(tmp_path)
    other = finished_run(tmp_path, "ablation/no_relu", data__subset=500)
    files = write(tmp_path)
    assert {"accuracy_curves.png", "accuracy_curves_2.png"} <= {file.name for file in files}
    text = (tmp_path / "report.md").read_text()
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings[:2] == ["## MNIST, 10,000 test images", "## MNIST (subset of 500), 10,000 test images"]
    assert "Experiments on different data are listed separately and not compared with each other." in text
    assert text.count("### Results") == 2
    assert "subset all -> 500" in text
    shutil.rmtree(other.path)
    write(tmp_path)
    # One experiment is left, with one number of parameters: nothing to plot against them.
    assert sorted(file.name for file in tmp_path.iterdir() if file.is_file()) == sorted(FILES[:-1])


def test_a_number_that_is_varied_has_a_response_plot_in_the_report_and_on_the_page(tmp_path):
    for rate in (0.0003, 0.001, 0.003):
        for seed in (1, 2):
            finished_run(tmp_path, seed=seed, test=0.97 + rate, train__optimizer__learning_rate=rate)
    drawn = [file.name for file in write(tmp_path)[3:]]
    assert drawn == ["accuracy_curves.png", "response_learning_rate.png"]
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "![Test accuracy against learning rate](response_learning_rate.png)" in text
    page = html(tmp_path, studied(tmp_path), None)
    assert page.count('aria-label="Test accuracy against learning rate; the table below has the numbers"') == 1


def test_if_training_images_are_varied_the_response_plot_spans_the_sections(tmp_path):
    for subset in (500, 1000, 2000):
        finished_run(tmp_path, test=0.9 + subset / 100_000, data__subset=subset)
    finished_run(tmp_path)
    names = [file.name for file in write(tmp_path)[3:]]
    assert names == [
        "accuracy_curves.png", "response_training_images.png", *(f"accuracy_curves_{n}.png" for n in (2, 3, 4))
    ]  # fmt: skip


def test_the_figures_of_a_part_of_the_data_say_so(tmp_path):
    finished_run(tmp_path, data__subset=500)
    [plot] = of_section(studied(tmp_path), 0)
    assert plot.data == "MNIST (subset of 500)"


def test_a_lost_history_leaves_the_numbers_and_the_figure_without_its_line(results):
    next((results / "mlp_512").glob("seed1-*/history.jsonl")).unlink()
    next((results / "ablation" / "no_relu").glob("*/history.jsonl")).write_text('{"epoch": 1, "val_acc')
    assert all(file.is_file() for file in write(results))


def test_a_folder_that_cannot_be_written_is_an_error_that_names_it(results, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="the report cannot be written"):
        write(results, tmp_path / "file" / "below")
