"""`mnist-lab compare`: what it prints and writes, the digits that tell two networks apart, and what it refuses."""

import json
from functools import partial

import pytest
from PIL import Image

from mnist_lab.datasets import load
from tests.cli.terminal import on_screen
from tests.lab import files, here, imported, invoked, lab, read_json, write
from tests.run_folders import MNIST, UCI, finished_run, give_mistakes

DIGITS = load("digits")
FOLDER = "results/comparisons/base-seed1-vs-wider-seed1"


def config(name, nodes):
    return {"name": name, "data": {"dataset": "digits"}, "model": {"kind": "mlp", "nodes": [nodes]}}


def add(results, name, nodes, wrong, **changes):
    """A run on the bundled digits that gets these test images wrong."""
    settings = {"test": 1 - len(wrong) / 360, "total": 360, "dataset": UCI} | changes
    folder = finished_run(results, config(name, nodes), **settings)
    mistakes = [
        {"index": i, "label": int(DIGITS.y_test[i]), "predicted": int(DIGITS.y_test[i] + 1) % 10, "confidence": 0.9}
        for i in wrong
    ]
    give_mistakes(folder, mistakes)
    return folder.path


def two_runs(results):
    add(results, "base", 16, range(20))
    add(results, "wider", 32, range(14, 22))
    return results


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return two_runs(tmp_path / "results")


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """A folder with the same runs after their comparison, and the answer of the command."""
    cwd = tmp_path_factory.mktemp("compared")
    two_runs(cwd / "results")
    return cwd, here("compare", "base", "wider", cwd=cwd)


compare = partial(invoked, "compare")


def test_configurations_and_results_are_printed_and_everything_is_written(compared):
    cwd, answer = compared
    assert answer.err == ""
    for expected in (
        "nodes 16 -> 32", "+3.33 pp", "McNemar's exact test, p = .004", "2 test images are misclassified only by wider",
        f"Comparison: {FOLDER}/compare.md",
    ):  # fmt: skip
        assert expected in answer.out
    assert files(cwd / FOLDER) == {"compare.md", "compare.json", "curves.png", "digits.png"}
    text = (cwd / FOLDER / "compare.md").read_text(encoding="utf-8")
    for expected in ("nodes 16 -> 32", "](curves.png)", "](digits.png)"):
        assert expected in text


def test_the_digits_that_tell_them_apart_are_drawn_as_they_are_in_the_data_set(results, monkeypatch):
    from mnist_lab import plots

    drawn, original = [], plots.disputed

    def seen(halves, *rest, **more):
        drawn.append(halves)
        return original(halves, *rest, **more)

    monkeypatch.setattr(plots, "disputed", seen)
    assert compare("base", "wider").code == 0
    [(others, base)] = drawn
    assert (others.images == DIGITS.x_test[20:22]).all()
    assert (base.images == DIGITS.x_test[:14]).all()
    assert base.labels == DIGITS.y_test[:14].tolist()
    with Image.open(results.parent / FOLDER / "digits.png") as picture:
        assert picture.width > 1000


def test_several_are_compared_with_the_first_each_with_its_digits(results):
    add(results, "deeper", 64, range(5))
    answer = compare("base", "wider", "deeper", "--output", "mine")
    assert answer.code == 0, answer.text
    assert {"digits.png", "digits_2.png"} < files(results.parent / "mine")
    assert "wider and deeper against base" in answer.out
    assert "at least 7 are needed" in answer.out
    assert compare("base", "wider", "--output", "mine").code == 0
    assert "digits_2.png" not in files(results.parent / "mine")


def test_json_is_what_is_written(results):
    answer = compare("base", "wider", "--json")
    assert json.loads(answer.out) == read_json(results.parent / FOLDER / "compare.json")


def test_a_comparison_is_not_a_run(compared):
    cwd, _ = compared
    assert len(json.loads(here("list", "--json", cwd=cwd).out)) == 2
    reported = here("report", "--json", cwd=cwd)
    assert (json.loads(reported.out)["runs"], reported.err) == (2, "")


def test_without_the_data_set_the_rest_is_compared_with_a_note(results):
    for name in ("base", "wider"):
        [folder] = (results / name).iterdir()
        text = (folder / "config.yaml").read_text()
        write(folder / "config.yaml", text.replace("dataset: digits", f"dataset: {results}/gone.npz"))
    answer = compare("base", "wider")
    assert answer.code == 0, answer.text
    assert "are not drawn" in answer.err
    assert "gone.npz" in answer.err
    assert files(results.parent / FOLDER) == {"compare.md", "compare.json", "curves.png"}
    assert "are not drawn" in (results.parent / FOLDER / "compare.md").read_text(encoding="utf-8")


def test_another_data_set_in_place_of_theirs_is_not_drawn(results):
    for name, nodes in (("one", 16), ("two", 32)):
        add(results, name, nodes, range(nodes), dataset=UCI | {"sha256": "f" * 64})
    answer = compare("one", "two")
    assert answer.code == 0, answer.text
    assert "not the data set that the runs were tested on" in answer.err


def test_models_that_err_alike_have_no_digits_to_show(results):
    add(results, "same", 8, range(20))
    answer = compare("base", "same", "--output", "mine")
    assert (answer.code, answer.err) == (0, "")
    assert "0 test images are misclassified only by same, 0 only by base, and 20 by both" in answer.out
    assert "digits.png" not in files(results.parent / "mine")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["base"], "Usage: mnist-lab compare"),
        (["base", "base"], "a comparison needs different runs"),
        (["base", "widest"], "widest: no finished run"),
        (["base", "mlp_512"], "mlp_512: MNIST, 10,000 test images"),
        (["base", "results"], "3 experiments have runs there"),
        (["base", "wider", "--output", "file"], "file: cannot be written (expected a folder, but this is a file)"),
        (["base", "wider", "--output", "RUN"], "this is a run's folder"),
        (["base", "x" * 300], "no finished run"),
        (["base", "wider", "--output", "x" * 300], "cannot be written"),
    ],
    ids=[
        "one run",
        "twice",
        "unknown",
        "other data",
        "many",
        "into a file",
        "into a run",
        "a long name",
        "into a long name",
    ],
)
def test_bad_input_ends_with_2_and_writes_nothing(arguments, message, results):
    finished_run(results, dataset=MNIST)
    write(results.parent / "file", "text")
    run = str(next((results / "base").iterdir()))
    before = files(results.parent)
    answer = compare(*(run if word == "RUN" else word for word in arguments))
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err
    assert files(results.parent) == before


def test_it_fits_a_narrow_terminal_and_no_number_is_broken(results):
    for seed in range(1, 7):
        for name, nodes in (("low", 16), ("high", 32)):
            add(results, name, nodes + 1, range(seed * nodes // 2), seed=seed)
    screen = on_screen("compare", "low", "high", cwd=results.parent, columns=80)
    table = [
        line for line in screen if line.startswith(("Test ", "Test,", "Wrong", "Test loss", "Gap", "Training time"))
    ]
    assert len(table) == 6
    assert "0.9222 ± 0.0416" in table[0]
    assert [line.count(" to ") for line in table] == [1, 2, 0, 0, 1, 0]
    assert [line.count("±") for line in table] == [2, 0, 2, 2, 2, 0]


def test_a_comparison_needs_no_keras(results):
    answer = lab("compare", "base", "wider", cwd=results.parent, python=("-X", "importtime"))
    assert answer.code == 0
    assert imported(answer) & {"keras", "tensorflow", "jax"} == set()
