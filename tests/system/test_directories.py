"""Home, cache and temporary files, of which a machine may have none; and whether a folder can be written."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab import backends, datasets
from mnist_lab.cli import main
from mnist_lab.cli._options import UserPath
from mnist_lab.errors import DataError, InputError, NoRoomError, SetupError
from mnist_lab.system.directories import cache_dir, check_temporary_dir, expanded, home
from mnist_lab.system.writable import check_clock, check_writable
from tests.lab import command, environment, good, invoked, lab, write
from tests.run_folders import finished_run

SMALL = "data: {dataset: digits}\nmodel: {kind: mlp, nodes: [4]}\n"
CHOOSE = "Choose another."
NAMES_OF_PATHS = {"DIR", "FILE", "PATH", "[PATH]", "[PATH]...", "PATH...", "NAME|PATH", "[NAME|PATH]", "RUN", "RUN...",
                  "RUN RUN...", "CONFIG...", "IMAGE..."}  # fmt: skip


@pytest.fixture
def no_home(monkeypatch):
    """A user unknown to the system, as with `docker run --user 54321`."""

    def unknown(_):
        raise KeyError

    for name in ("HOME", "XDG_CACHE_HOME", "MNIST_LAB_DATA", "KERAS_HOME", "USERPROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)


@pytest.fixture
def no_temporary_folder(monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/dev/null/none"])


class TestWithoutAHome:
    def test_there_is_no_cache(self, no_home):
        assert (home(), cache_dir()) == (None, None)

    def test_programs_are_compiled_without_one(self, no_home):
        assert "JAX_COMPILATION_CACHE_DIR" not in backends.environment("jax", "cpu")

    def test_a_tilde_is_bad_input(self, no_home):
        with pytest.raises(InputError, match="~/x: there is no such home folder"):
            expanded("~/x")

    def test_a_data_set_that_is_found_nowhere_needs_a_folder(self, no_home):
        with pytest.raises(DataError, match="--data-dir"):
            datasets.load("mnist")

    def test_an_empty_home_variable_counts_as_no_home(self, monkeypatch):
        monkeypatch.setenv("HOME", "")
        assert home() is None

    @pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can become another user")
    @pytest.mark.skipif(not shutil.which("setpriv"), reason="there is no setpriv")
    @pytest.mark.parametrize(
        "words", [("data", "list"), ("configs",), ("validate", "mlp_512"), ("list",)], ids=" ".join
    )
    def test_an_unknown_user_can_use_commands(self, words, tmp_path):
        known = ("HOME", "XDG_CACHE_HOME", "USER", "LOGNAME")
        variables = {name: value for name, value in environment().items() if name not in known}
        done = subprocess.run(
            ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", *command(*words)],
            cwd="/", env=variables, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "rror" not in done.stderr


@pytest.mark.parametrize(
    ("given", "meant"),
    [("/a", "/a"), ("~/caches", "caches"), ("relative", ".cache"), ("", ".cache"), (None, ".cache")],
)
def test_only_an_absolute_cache_home_counts(given, meant, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    if given is not None:
        monkeypatch.setenv("XDG_CACHE_HOME", given)
    assert cache_dir() == tmp_path / meant / "mnist-lab"


class TestTilde:
    def test_is_the_home_folder_in_every_path_that_a_command_takes(self):
        def parameters(this: click.Command):
            yield from this.params
            for below in this.commands.values() if isinstance(this, click.Group) else ():
                yield from parameters(below)

        paths = [each for each in parameters(main) if each.metavar in NAMES_OF_PATHS and each.name != "name"]
        assert len(paths) >= 20
        assert [each.name for each in paths if not isinstance(each.type, UserPath)] == []
        assert not [each.name for each in parameters(main) if type(each.type) is click.Path]

    def test_is_the_home_folder_after_an_equals_sign(self, tmp_path):
        run = finished_run(tmp_path / "x", "quickstart")
        answer = good("show", run.id, "--results=~/x", cwd=tmp_path, HOME=str(tmp_path))
        assert run.id in answer.out

    def test_of_an_unknown_user_is_bad_usage_and_creates_nothing(self, tmp_path):
        answer = lab("run", "quickstart", "--results=~nobody-of-that-name/x", cwd=tmp_path)
        assert answer.code == 2
        assert "there is no such home folder" in answer.err
        assert list(tmp_path.iterdir()) == []

    def test_in_a_configuration_is_that_of_the_user(self, monkeypatch, tmp_path):
        monkeypatch.setenv("HOME", str(tmp_path))
        with pytest.raises(DataError, match="no such file or folder"):
            datasets.load("~/nothing")
        with pytest.raises(InputError, match="there is no such home folder"):
            datasets.load("~nobody-of-that-name/nothing")


class TestWithoutTemporaryFiles:
    def test_the_error_names_the_variable(self, no_temporary_folder):
        with pytest.raises(SetupError, match="TMPDIR"):
            check_temporary_dir()

    @pytest.mark.parametrize("words", [("run", "small.yaml"), ("sweep", "small.yaml"), ("summary", "small.yaml")])
    def test_commands_that_need_them_say_so_before_they_begin(self, words, no_temporary_folder, monkeypatch, tmp_path):
        write(tmp_path / "small.yaml", SMALL)
        monkeypatch.chdir(tmp_path)
        monkeypatch.delitem(sys.modules, "keras", raising=False)  # as in a process that has just started
        answer = invoked(*words)
        assert (answer.code, "TMPDIR" in answer.err) == (2, True)
        assert [path.name for path in tmp_path.iterdir()] == ["small.yaml"]


class TestWritable:
    def test_a_folder_that_does_not_exist_yet_is_writable_and_is_not_created(self, tmp_path):
        check_writable(tmp_path / "a" / "b", CHOOSE)
        assert list(tmp_path.iterdir()) == []

    @given(st.integers(1, 400), st.sampled_from("xé字😀"))
    def test_a_name_is_measured_in_bytes(self, tmp_path_factory, length, character):
        folder = tmp_path_factory.getbasetemp() / (character * length) / "below"
        if len(character.encode()) * length <= 255:
            check_writable(folder, CHOOSE)
            return
        with pytest.raises(NoRoomError, match=r"its name has [0-9]+ bytes"):
            check_writable(folder, CHOOSE)

    def test_a_path_that_is_too_long_is_refused(self, tmp_path):
        with pytest.raises(NoRoomError, match=r"would have up to [0-9,]+ bytes"):
            check_writable(tmp_path.joinpath(*["x" * 200] * 25), CHOOSE)

    @pytest.mark.parametrize("below", ["file", "file/folder"])
    def test_nothing_is_below_a_file(self, below, tmp_path):
        write(tmp_path / "file", "")
        with pytest.raises(NoRoomError, match="is a file"):
            check_writable(tmp_path / below, CHOOSE)

    @pytest.mark.skipif(hasattr(os, "getuid") and os.getuid() == 0, reason="root may write everywhere")
    def test_permission_is_needed(self, tmp_path):
        (tmp_path / "closed").mkdir(mode=0o500)
        with pytest.raises(NoRoomError, match="no permission"):
            check_writable(tmp_path / "closed" / "folder", CHOOSE)


LONG = "я" * 150  # 300 bytes


@pytest.mark.parametrize(
    "words",
    [
        ("sweep", "small.yaml", "--name", LONG),
        ("sweep", "small.yaml", "--name", "n" * 300),
        ("sweep", "small.yaml", "--results", "file"),
        ("run", "small.yaml", "--results", LONG),
        ("run", "small.yaml", "--results", "file/below"),
        ("reproduce", "quickstart", "--into", LONG),
        ("report", "results", "--output", f"{LONG}/deeper"),
        ("compare", "quickstart", "quickstart", "--output", "file/below"),
        ("predict", "quickstart", "x.png", "--plot", f"{LONG}/x.png"),
        ("data", "show", "digits", "--output", "file/x.png"),
    ],
    ids=lambda words: " ".join(f"{word[0]}..." if len(word) > 100 else word for word in words),
)
def test_what_cannot_be_written_is_refused_before_the_work(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "small.yaml", SMALL)
    write(tmp_path / "file", "")
    finished_run(tmp_path / "results", "quickstart")
    monkeypatch.setattr(backends.keras_import, "import_keras", lambda _: pytest.fail("Keras was imported first"))
    answer = invoked(*words)
    assert answer.code == 2, answer.text
    assert {path.name for path in Path().iterdir()} == {"small.yaml", "file", "results"}
    assert re.search("cannot be written|name too long|at most 200|expected a folder", answer.err)


@pytest.mark.parametrize("words", [("run", "small.yaml"), ("sweep", "small.yaml")])
@pytest.mark.parametrize("year", [1970, 1979, 2108])
def test_a_clock_that_archives_cannot_represent_is_reported_before_the_training(words, year, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "small.yaml", SMALL)
    monkeypatch.setattr(time, "localtime", lambda *_: time.struct_time((year, 1, 1, 0, 0, 0, 3, 1, 0)))
    answer = invoked(*words)
    assert (answer.code, f"says {year}-01-01" in answer.err) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["small.yaml"]


@pytest.mark.parametrize("year", [1980, 2026, 2107])
def test_every_other_clock_will_do(year, tmp_path, monkeypatch):
    monkeypatch.setattr(time, "localtime", lambda *_: time.struct_time((year, 12, 31, 0, 0, 0, 3, 1, 0)))
    check_clock()
    with zipfile.ZipFile(tmp_path / "archive", "w") as archive:
        archive.writestr("file", "text")
