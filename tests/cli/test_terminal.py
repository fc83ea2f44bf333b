"""What a person at a terminal sees: a live bar, one row per epoch, results that fit the width."""

import re

import pytest

from tests.cli.terminal import CONTROL, at_a_terminal, lines, on_screen
from tests.lab import good, lab, read_json, run_folder, write


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    cwd = tmp_path_factory.mktemp("terminal")
    write(cwd / "small.yaml", "data: {dataset: digits}\nmodel: {kind: mlp, nodes: [16]}\ntrain: {epochs: 8}\n")
    code, written = at_a_terminal("run", "small.yaml", cwd=cwd, columns=100, then=("val_accuracy", 60), preloaded=False)
    assert code == 0, written
    return cwd, written


def test_a_live_bar_says_what_takes_a_while(session):
    _, written = session
    bars = [CONTROL.sub("", drawn) for drawn in re.split(r"[\r\n]", written) if "━" in drawn]
    for text in ("Importing Keras", "epoch 1/8", "Testing, plotting, saving"):
        assert any(text in bar for bar in bars), text


def test_epochs_are_the_rows_of_a_table_even_if_the_window_is_narrowed(session):
    cwd, written = session
    screen = lines(written)
    heading = screen.index("epoch      loss  accuracy  val_loss  val_accuracy  seconds")
    history = (run_folder(cwd / "results") / "history.jsonl").read_text().splitlines()
    rows = [line.split() for line in screen[heading + 1 :] if re.match(r" *\d+/8 ", line)]
    assert [row[0] for row in rows] == [f"{epoch}/8" for epoch in range(1, len(history) + 1)]
    assert all(re.fullmatch(r"\d\.\d{4}", cell) for row in rows for cell in row[1:5])


def test_counts_layers_and_results_are_shown_once(session):
    cwd, written = session
    text = "\n".join(lines(written))
    assert text.count("1,149 training, 288 validation, 360 test images") == 1
    assert len(re.findall(r"dense_1 +Dense +16 +12,560", text)) == 1
    test = read_json(run_folder(cwd / "results") / "metrics.json")["test"]
    assert f"{test['wrong']} of 360 test images" in text
    assert len(re.findall(r"^• +Underfits", text, re.MULTILINE)) == 1


@pytest.mark.parametrize("columns", [60, 80, 100])
@pytest.mark.parametrize("arguments", [("show", "small"), ("list",)], ids=" ".join)
def test_results_fit_the_terminal(arguments, columns, session):
    assert on_screen(*arguments, cwd=session[0], columns=columns)


def test_at_80_columns_no_cell_and_no_file_name_is_broken(session):
    cwd, _ = session
    metrics = read_json(run_folder(cwd / "results") / "metrics.json")
    shown = on_screen("show", "small", cwd=cwd, columns=80)
    low, high = metrics["test"]["ci95"]
    assert any(line.endswith(f"{low:.4f} to {high:.4f}") for line in shown)
    files = " ".join(shown[shown.index(f"Plots, metrics and model: results/small/{metrics['run']['id']}") :]).split()
    assert {"curves.png", "mistakes.png"} <= set(files)


def test_no_colour_is_forced_into_a_pipe(session):
    assert "\x1b" not in good("show", "small", cwd=session[0]).out


def test_an_error_wraps_between_words_and_a_path_is_not_broken(session):
    path = "a/folder/far/away/with/a/name/that/is/long/gone.yaml"
    code, written = at_a_terminal("run", path, cwd=session[0], columns=40)
    assert code == 2
    plain = lab("run", path, cwd=session[0]).err
    screen = lines(written)
    assert written.split() == plain.split()
    assert path + ":" in written.split()
    assert [line for line in screen if len(line) > 40 and " " in line] == []


def test_a_command_in_an_error_is_not_broken(session):
    code, written = at_a_terminal("show", "nonesuch", cwd=session[0], columns=30)
    assert code == 2
    assert any(re.search("`mnist-lab list[^`]*`", line) for line in lines(written)), written
