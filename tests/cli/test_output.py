"""What commands print cannot control a terminal, fits every encoding, and never makes a finished job fail."""

import ast
import io
import json
import os
import pty
import re
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mnist_lab.cli import main
from mnist_lab.terminal import output
from mnist_lab.terminal.consoles import SafeConsole, live_console
from mnist_lab.terminal.output import LONGEST_LINE, MOST_LINES, shortened
from mnist_lab.terminal.tables import renderable
from mnist_lab.text.printable import printable
from tests.datasets.dataset_files import write_pictures
from tests.lab import ROOT, Answer, Preloaded, command, environment, good, invoked, lab, run_folder, write
from tests.run_folders import MNIST, edit_metrics, finished_run

TITLE = "\x1b]0;owned\x07"
COLOUR = "\x9b31m"
REVERSED = "\u202egnp.exe\u2066"
SMALL = {"data": {"dataset": "digits"}, "model": {"kind": "mlp", "nodes": [4]}, "name": "small"}
SMALL_YAML = "data: {dataset: digits}\nmodel: {kind: mlp, nodes: [4]}\ntrain: {epochs: 1}\n"
NASTY = f"a{TITLE}b{COLOUR}c{REVERSED}d\r\x7f\u2028e"
ESCAPED = r"a\u001b]0;owned\u0007b\u009b31mc\u202egnp.exe\u2066d\u000d\u007f\u2028e"
HOSTILE = st.text(st.one_of(st.characters(), st.sampled_from("\x00\x07\x1b\r\x7f\x9b\u061c\u200f\u202e\u2066")))


def say_everywhere(folder, text: str) -> None:
    """Put `text` wherever a run has text for people."""
    metrics = json.loads((folder.path / "metrics.json").read_text())
    edit_metrics(
        folder,
        run=metrics["run"] | {"name": text},
        dataset=metrics["dataset"] | {"name": text, "title": text, "class_names": [text] * 10},
        environment=metrics["environment"] | {"device": text, "backend": text},
        observations=[{"rule": "none", "text": text, "value": 1}],
        reference={"test_accuracy": 0.98, "note": text},
    )


def harmless(answer: Answer) -> bool:
    return printable(answer.text) == answer.text


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A finished run, for a test to fill with its own text."""
    return finished_run(tmp_path_factory.mktemp("hostile"), SMALL)


@settings(max_examples=10)
@given(HOSTILE)
def test_no_text_in_a_run_reaches_the_terminal_raw(hostile, text):
    say_everywhere(hostile, text)
    path = hostile.path.parent
    where = ("--where", f"name~{text}x")
    for words in (("list", path), ("list", path, "--csv"), ("show", hostile.path), ("list", path, *where)):
        assert harmless(invoked(*words)), words
    shown = invoked("show", hostile.path, "--json")
    assert harmless(shown)
    assert json.loads(shown.out)["run"]["name"] == text


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """Two hostile runs, one damaged, a hostile configuration, and a data set of hostile class folders."""
    cwd = tmp_path_factory.mktemp("stranger")
    for seed in (1, 2):
        run = finished_run(cwd / "results", SMALL | {"description": NASTY}, seed=seed, dataset=MNIST | {"title": NASTY})
        say_everywhere(run, NASTY)
    damaged = finished_run(cwd / "results", SMALL, seed=3)
    (damaged.path / "metrics.json").write_text(f'{{"format": "{NASTY}"}}')
    write(cwd / "small.yaml", f"description: {json.dumps(NASTY)}\n{SMALL_YAML}")
    write(cwd / "bad.yaml", json.dumps({"data": {"dataset": NASTY}, "model": {"kind": NASTY}, "seed": NASTY}))
    drawn = [Image.new("L", (8, 8), 60 * i + 15) for i in range(4)]
    write_pictures(cwd / "own", dict.fromkeys([f"a{TITLE}", f"b{REVERSED}"], drawn))
    return cwd


class TestEveryCommand:
    """One hostile text in every place that a stranger can fill."""

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            (("list",), 0),
            (("list", "--json"), 0),
            (("show", "seed1"), 2),
            (("report", "--output", "out"), 0),
            (("report", "--json", "--output", "out"), 0),
            (("compare", "{1}", "{2}"), 0),
            (("delete", "{1}"), 2),
            (("validate", "small.yaml"), 0),
            (("validate", "bad.yaml"), 2),
            (("run", "bad.yaml"), 2),
            (("run", f"small{NASTY}.yaml"), 2),
            (("sweep", "small.yaml", "--name", NASTY), 2),
            (("sweep", "bad.yaml"), 2),
            (("predict", f"no{NASTY}", "x.png"), 2),
            (("data", "verify", "own"), 0),
            (("data", "verify", "own", "--json"), 0),
            (("data", "show", "own", "--index", "0"), 0),
            (("data", "verify", f"no/{NASTY}"), 2),
            (("configs", "copy", f"{NASTY}"), 0),
            ((f"--{NASTY}",), 2),
            ((NASTY,), 2),
            (("list", "--where", f"{NASTY}=1"), 2),
        ],
        ids=lambda value: " ".join(map(printable, value)) if isinstance(value, tuple) else str(value),
    )
    def test_shows_it_escaped(self, words, code, stranger, monkeypatch):
        monkeypatch.chdir(stranger)
        runs = {f"{{{path.name[4]}}}": str(path) for path in stranger.glob("results/small/seed*")}
        answer = invoked(*(runs.get(word, word) for word in words))
        assert answer.code == code, answer.text
        assert harmless(answer), repr(answer.text)

    @pytest.mark.parametrize("words", [("report", "--output", "files"), ("compare", "{1}", "{2}", "--output", "files")])
    def test_files_for_people_have_it_escaped(self, words, stranger, monkeypatch):
        monkeypatch.chdir(stranger)
        runs = {f"{{{path.name[4]}}}": str(path) for path in stranger.glob("results/small/seed*")}
        assert invoked(*(runs.get(word, word) for word in words)).code == 0
        texts = [path.read_text("utf-8") for path in stranger.glob("files/*") if path.suffix != ".png"]
        assert any(REVERSED.encode("unicode_escape").decode() in text for text in texts)
        assert [text for text in texts if printable(text) != text] == []

    def test_summary_shows_it_escaped(self, stranger):
        assert ESCAPED in good("summary", "small.yaml", cwd=stranger).out


@pytest.mark.parametrize("words", [("list",), ("show", "small")], ids=" ".join)
def test_at_a_terminal_it_is_escaped_too(words, tmp_path):
    say_everywhere(finished_run(tmp_path / "results", SMALL), NASTY)
    ours, theirs = pty.openpty()
    process = Preloaded(
        command(*words), cwd=tmp_path, env=environment(TERM="xterm-256color", COLUMNS="400"), stdin=theirs,
        stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    written = b""
    while some := _read(ours):
        written += some
    os.close(ours)
    assert process.wait(timeout=60) == 0
    text = written.decode()
    assert ESCAPED in text
    assert not [mark for mark in (TITLE, COLOUR, REVERSED, "\u2028") if mark in text]


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux raises this when the other end is closed
        return b""


def test_progress_is_escaped_too():
    from rich.live import Live

    file = io.StringIO()
    console = SafeConsole(file=file, force_terminal=True, width=300)
    with Live(renderable(("Running",), [(NASTY,)], console), console=console, auto_refresh=False) as live:
        live.update(NASTY, refresh=True)
        console.print(NASTY, markup=False)
    text = file.getvalue()
    assert text.count(r"\u202egnp.exe") >= 3
    assert not [mark for mark in (TITLE, COLOUR, REVERSED) if mark in text]


def test_only_one_place_prints():
    """Code that prints past it will show something raw one day."""
    ours = {"output.py", "consoles.py"}
    for file in (path for name in ("cli", "terminal") for path in (ROOT / "mnist_lab" / name).rglob("*.py")):
        calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)}
        raw = calls & {"print", "click.echo", "click.secho", "Console", "sys.stdout.write", "sys.stderr.write"}
        assert not raw or file.name in ours, f"{file.name}: {raw}"


FOREIGN = "Größe ─ 字 Ж"


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """A run whose texts are in several scripts."""
    cwd = tmp_path_factory.mktemp("foreign")
    say_everywhere(finished_run(cwd / "results", SMALL), FOREIGN)
    return cwd


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["ascii", "cp437", "koi8-r", "shift_jis", "iso8859-15"])
    def test_missing_characters_do_not_end_a_command(self, encoding, foreign):
        for words in (("show", "small"), ("list",)):
            process = Preloaded(
                command(*words), cwd=foreign, env=environment(PYTHONIOENCODING=encoding),
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
            out, err = process.communicate(timeout=60)
            assert (process.returncode, err) == (0, b"")
            assert len(out.decode(encoding).splitlines()) >= 3

    def test_json_stays_exact(self, foreign):
        done = good("show", "small", "--json", cwd=foreign, PYTHONIOENCODING="ascii")
        assert json.loads(done.out)["run"]["name"] == FOREIGN

    def test_ascii_has_rules_and_bullets(self, foreign):
        shown = good("show", "small", cwd=foreign, PYTHONIOENCODING="ascii").out
        assert re.search(r"^-{30,}$", shown, re.MULTILINE)
        assert re.search(r"^\*  \w", shown, re.MULTILINE)


@pytest.mark.thorough
def test_a_run_whose_reader_and_stderr_are_gone_is_finished_in_any_encoding(tmp_path):
    write(tmp_path / "small.yaml", SMALL_YAML)
    read, closed_pipe = os.pipe()
    os.close(read)
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" 2>&-', "sh", *command("run", "small.yaml")],
        cwd=tmp_path, env=environment(PYTHONIOENCODING="ascii"), stdout=closed_pipe, timeout=300, check=False,
    )  # fmt: skip
    os.close(closed_pipe)
    assert done.returncode == 0
    folder = run_folder(tmp_path / "results")
    assert (folder / "metrics.json").is_file()
    assert (folder / "log.txt").read_text("utf-8").splitlines()[-1]
    assert {path.name for path in tmp_path.iterdir()} == {"small.yaml", "results"}


@pytest.mark.parametrize("words", [("schema",), ("configs", "--json"), ("data", "list"), ("--help",)], ids=" ".join)
def test_a_reader_that_stops_early_is_not_a_failure(words, tmp_path):
    read, write_end = os.pipe()
    process = Preloaded(command(*words), cwd=tmp_path, env=environment(), stdout=write_end, stderr=subprocess.PIPE)
    os.close(write_end)
    os.read(read, 1)
    os.close(read)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_results_that_cannot_be_written_are_an_error_of_the_system(tmp_path):
    with Path("/dev/full").open("w") as full:
        process = Preloaded(command("schema"), cwd=tmp_path, env=environment(), stdout=full, stderr=subprocess.PIPE)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.decode() == "Error: standard output: No space left on device.\n"


@given(st.text(), st.integers(1, 400), st.integers(1, 3_000))
def test_an_error_is_never_longer_than_anybody_would_read(text, lines, width):
    message = "\n".join([(text + "x") * width] * lines)
    shown = shortened(message)
    assert len(shown) <= (MOST_LINES + 1) * (LONGEST_LINE + 40)
    if shown != message:
        assert re.search(r"\.\.\. (and [\d,]+ more lines\.|\([\d,]+ more characters\))", shown)


def test_a_file_with_thousands_of_mistakes_gets_the_first_and_the_number_of_the_others(tmp_path):
    keys = "".join(f"  wrong_{i}: 1\n" for i in range(2_000))
    write(tmp_path / "bad.yaml", f"data: {{dataset: digits}}\nmodel: {{kind: mlp, nodes: [4]}}\ntrain:\n{keys}")
    answer = lab("validate", "bad.yaml", cwd=tmp_path)
    assert answer.code == 2
    assert answer.err.startswith("Error: bad.yaml: 2,000 problems\n")
    assert answer.err.endswith("... and 1,980 more.\n")
    assert len(answer.err) < 10_000


def test_many_damaged_runs_are_reported_as_the_first_few_and_the_number_of_the_others(tmp_path):
    for i in range(25):
        write(tmp_path / "results" / "x" / f"seed{i}-0123abcd" / "metrics.json", "{")
    answer = good("list", cwd=tmp_path)
    assert answer.err.count("damaged") == output.MOST_NOTES
    assert "... and 5 more.\n" in answer.err


def test_commands_use_no_console_except_ours():
    assert isinstance(live_console(), SafeConsole)
    assert isinstance(main, click.Group)


def test_calling_the_command_line_from_python_does_not_exit():
    with CliRunner().isolation():
        assert main.main(["--version"], standalone_mode=False) == 0
        with pytest.raises(click.UsageError, match="nonsense"):
            main.main(["nonsense"], standalone_mode=False)
