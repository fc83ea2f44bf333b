"""Runs and comparisons in HTML: what is in them, escaped, and in the colours of the page."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab.notebook import run_html, study_html
from mnist_lab.notebook.chart import Line, chart
from mnist_lab.notebook.progress import bar, table
from mnist_lab.reports import groups, study
from mnist_lab.runs import load_run
from tests.markup import Document
from tests.run_folders import edit_metrics, finished_run

HOSTILE = '<script>alert("&")</script>\x1b]0;owned\x07'


@pytest.fixture
def run(tmp_path):
    return load_run(finished_run(tmp_path, "mlp_512", train=0.991, validation=0.982, test=0.9812).path)


def test_a_run_shows_its_numbers_curves_and_folder(run):
    html = run_html(run)
    for shown in ("mlp_512, seed 1", "0.9910", "0.9820", "0.9812", "669,706 parameters", str(run.folder.path)):
        assert shown in html
    assert html.count("<svg") == 2


def test_a_run_without_its_history_shows_the_rest(run):
    (run.folder.path / "history.jsonl").unlink()
    html = run_html(run)
    assert "0.9812" in html
    assert "<svg" not in html


def test_a_comparison_shows_its_table_and_sentences(tmp_path):
    runs = [
        load_run(finished_run(tmp_path, name, seed=seed, test=test).path)
        for name, test in (("mlp_512", 0.98), ("ablation/nodes_256", 0.97))
        for seed in (1, 2)
    ]
    compared = study("mine", groups(runs))
    html = study_html("mine", compared.sections, ["One finding."], [tmp_path / "report.html"])
    for shown in ("mine", "ablation/nodes_256", "nodes 512, 512 -&gt; 256, 256", "One finding.", "report.html"):
        assert shown in html
    assert html.count("<svg") == 1


def test_names_and_notes_of_others_are_text(run):
    edit_metrics(run.folder, run=run.metrics["run"] | {"name": HOSTILE})
    html = run_html(load_run(run.folder.path))
    assert "<script" not in html
    assert "\x1b" not in html
    assert "&lt;script&gt;" in html


@given(st.text(), st.lists(st.floats(), min_size=1, max_size=5))
def test_a_chart_is_well_formed_whatever_its_names_and_values(name, values):
    drawn = chart("Accuracy", [Line("".join(filter(str.isprintable, name)), values)])
    assert not drawn or ElementTree.fromstring(drawn).tag.endswith("svg")
    assert "nan" not in drawn.replace(name, "").lower()


def test_a_chart_takes_the_colours_of_text_from_the_page():
    drawn = chart("Loss", [Line("training", [2.0, 1.0]), Line("validation", [2.1, 1.2], dashed=True)])
    assert drawn.count("<polyline") == 2
    assert "currentColor" in drawn
    assert "background" not in drawn


def test_a_chart_of_one_epoch_has_a_point_and_one_of_nothing_is_empty():
    assert "<circle" in chart("Loss", [Line("training", [2.0])])
    assert chart("Loss", [Line("training", [float("nan")])]) == ""


def test_bars_and_tables_escape_their_texts():
    for html in (bar(HOSTILE, 1, 2, HOSTILE), table([HOSTILE], [[HOSTILE]])):
        assert "<script" not in html
        allowed = {"div", "progress", "table", "thead", "tbody", "tr", "th", "td"}
        assert {element["tag"] for element in Document(html).elements} <= allowed
