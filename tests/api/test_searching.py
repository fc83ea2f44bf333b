"""The findings of a search in Python: a line, sentences, rows, a notebook; and errors in Python's terms."""

import sys
from html import escape

import pytest

import mnist_lab
from mnist_lab.errors import InputError, SetupError
from tests.lab import finish
from tests.markup import Document
from tests.search.records import of_accuracy, of_tradeoff

SEARCH = "base: base.yaml\nspace: {model.dropout: {uniform: [0, 0.5]}}\nbudget: {trials: 2}\n"
BASE = "data: {dataset: digits}\nmodel: {kind: mlp, nodes: [8]}\n"


def found(record=None, files=()):
    return mnist_lab.Found(record or of_accuracy(), mnist_lab.load_config("mlp_512"), None, files)


@pytest.fixture
def file(tmp_path):
    (tmp_path / "base.yaml").write_text(BASE)
    (tmp_path / "s.yaml").write_text(SEARCH)
    return tmp_path / "s.yaml"


def test_it_is_shown_on_one_line():
    best = of_accuracy().best_trial
    shown = f"Found(mlp: 27 trials, best trial {best.number} with val_accuracy {best.reached[-1].val_accuracy:.4f})"
    assert repr(found()) == shown
    assert repr(found(of_tradeoff())).endswith(f", {len(of_tradeoff().front)} on the Pareto front)")


def test_its_findings_are_the_best_the_verdict_and_how_many_trials_there_were():
    best, verdict, optimism, tried, progress = found().findings
    assert best.startswith(f"Trial {of_accuracy().best} is the best: learning rate")
    assert verdict.startswith("With 6 new seeds, trial")
    assert "in the search and is" in optimism
    assert tried.startswith("27 trials: ")
    assert progress.startswith("The search has ended")


def test_its_table_has_a_row_for_each_trial_and_says_why_some_have_no_numbers():
    rows = {row["trial"]: row for row in found().table()}
    assert list(rows) == list(range(1, 28))
    assert (rows[5]["state"], rows[5]["val_accuracy"], rows[5]["reason"]) == ("failed", None, "The loss became nan.")
    first = of_accuracy().trials[0]
    assert (rows[1]["model.nodes"], rows[1]["reason"]) == (first.values["model.nodes"], None)
    assert (rows[1]["parameters"], rows[1]["multiply_adds"]) == (first.parameters, first.multiply_adds)


def test_its_frame_is_the_table(monkeypatch):
    assert list(found().frame()["trial"]) == list(range(1, 28))
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(SetupError, match=r"table\(\) returns plain rows"):
        found().frame()


def test_a_notebook_shows_the_findings_and_the_best_trials(tmp_path):
    html = found(files=(tmp_path / "search.html",))._repr_html_()
    assert all(escape(text) in html for text in found().findings)
    assert html.count("<tr>") == 1 + 5
    assert str(tmp_path / "search.html") in html
    assert [cell["text"] for cell in Document(html).all("th")][:3] == ["Trial", "Validation accuracy", "Epochs"]


def test_with_two_objectives_a_notebook_shows_the_front():
    html = found(of_tradeoff())._repr_html_()
    assert html.count("<tr>") == 1 + len(of_tradeoff().front)


def test_a_search_without_a_result_is_shown_without_a_table():
    record = of_accuracy(confirmed=False).model_copy(update={"trials": (), "best": None, "ended": None})
    html = found(record)._repr_html_()
    assert "No trial has a result so far." in html
    assert "<table" not in html


def test_names_are_escaped_in_a_notebook():
    record = of_accuracy().model_copy(update={"name": "<script>", "base": "<b>"})
    html = found(record)._repr_html_()
    assert "<script" not in html
    assert "<b>mlp" not in html
    assert "&lt;script&gt;" in html


def test_a_cluster_that_cannot_search_is_refused_with_the_name_of_the_argument(file, tmp_path):
    with pytest.raises(InputError) as caught:
        mnist_lab.tune(file, cluster="slurm", results=tmp_path / "lab", progress=False)
    assert caught.value.message.startswith("cluster='slurm': a search chooses each trial")
    assert "give cluster= the address of their scheduler" in (caught.value.hint or "")
    assert not (tmp_path / "lab").exists()


def test_a_key_that_is_both_searched_and_set_is_refused(file):
    with pytest.raises(mnist_lab.ConfigError, match=r"model\.dropout: searched here, but also set by"):
        mnist_lab.tune(file, set={"model.dropout": 0.3}, progress=False)


def test_a_script_without_the_guard_cannot_start_a_search(tmp_path):
    (tmp_path / "script.py").write_text("import mnist_lab\n\nmnist_lab.tune('quick')\n")
    done = finish([sys.executable, "script.py"], tmp_path)
    assert "script.py, line 3: a search starts processes, which import this script" in done.err
    assert not (tmp_path / "results").exists()
