"""Finished runs as every command reads them: what cannot be read is kept, damage is reported, links count."""

import errno
import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab import load_config
from mnist_lab.errors import DamagedError, MachineError, UnreadableError
from mnist_lab.runs import RunFolder, finished_runs, formats, load_run, read_runs
from mnist_lab.sweeps import make_plan
from tests.lab import invoked
from tests.run_folders import SMALL, UCI, edit_metrics, finished_run, give_mistakes


def tree(folder):
    """Every file with its content, and every link with its target."""
    return {
        path.relative_to(folder): path.readlink() if path.is_symlink() else path.is_file() and path.read_bytes()
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def failing(monkeypatch):
    """A function that makes the operating system refuse to read or examine a path."""

    def fail(path, code):
        def refusing(method):
            def call(self, *arguments, **named):
                if self == path:
                    raise OSError(code, os.strerror(code), str(self))
                return method(self, *arguments, **named)

            return call

        for name in ("read_bytes", "open"):
            monkeypatch.setattr(Path, name, refusing(getattr(Path, name)))

    return fail


@pytest.fixture
def run(tmp_path):
    """A finished run of `SMALL`, with another one beside it."""
    finished_run(tmp_path, SMALL, seed=2, dataset=UCI)
    return finished_run(tmp_path, SMALL, dataset=UCI)


def unreadable(kind, folder, failing):
    """Make the metrics of a run unreadable."""
    file = folder.path / "metrics.json"
    if kind in ("EIO", "EACCES"):
        failing(file, getattr(errno, kind))
        return
    file.rename(file.with_name("kept"))
    match kind:
        case "folder":
            file.mkdir()
        case "pipe":
            os.mkfifo(file)
        case "link to nothing":
            file.symlink_to("/nowhere/metrics.json")


UNREADABLE = ["EIO", "EACCES", "folder", "pipe", "link to nothing"]


class TestUnreadable:
    """A run that cannot be read at the moment may well be finished."""

    @pytest.mark.parametrize("kind", UNREADABLE)
    def test_it_is_named_and_the_others_are_listed(self, kind, run, failing, tmp_path):
        unreadable(kind, run, failing)
        done = invoked("list", tmp_path)
        assert done.code == 0, done.text
        assert f"Skipped: {run.path / 'metrics.json'}: cannot be read (" in done.err
        assert [found.measured.run.seed for found in read_runs([tmp_path]).runs] == [2]

    def test_a_report_names_it_and_is_of_the_others(self, run, failing, tmp_path):
        failing(run.path / "metrics.json", errno.EIO)
        done = invoked("report", tmp_path, "--json")
        assert done.code == 0, done.text
        assert f"Skipped: {run.path / 'metrics.json'}: cannot be read (" in done.err
        assert json.loads(done.out)["runs"] == 1

    @pytest.mark.parametrize("kind", UNREADABLE)
    def test_no_command_trains_it_again_or_moves_it(self, kind, run, failing, tmp_path):
        unreadable(kind, run, failing)
        before = sorted((tmp_path / "small").rglob("*"))
        for force in ([], ["--force"]):
            config = tmp_path / "small.yaml"
            config.write_text(json.dumps(SMALL))
            done = invoked("sweep", config, "--seeds", "1", "--results", tmp_path, "--backend", "jax", *force)
            assert done.code == 1, done.text
            assert "1 run cannot be read, so it was not trained.\nCheck the disk or the permissions" in done.err
            assert "The same command trains" not in done.err
        done = invoked("run", config, "--results", tmp_path, "--backend", "jax")
        assert done.code == 2, done.text
        assert sorted((tmp_path / "small").rglob("*")) == before

    @pytest.mark.parametrize("kind", UNREADABLE)
    def test_asked_for_by_name_it_is_an_error_that_says_why_and_not_a_bug(self, kind, run, failing, tmp_path):
        unreadable(kind, run, failing)
        for command in ("show", "predict", "reproduce"):
            more = ["--dataset", "digits"] if command == "predict" else []
            done = invoked(command, run.path, *more)
            assert done.code == 2
            assert "cannot be read (" in done.err
            assert "bug" not in done.err

    def test_a_plan_says_so_and_leaves_it_alone(self, run, failing, tmp_path):
        failing(run.path / "metrics.json", errno.EIO)
        configs = [load_config(SMALL | {"seed": seed, "runtime": {"backend": "jax"}}) for seed in (1, 2, 3)]
        plan = make_plan(configs, tmp_path)
        assert [planned.state for planned in plan.runs] == ["unreadable", "done", "new"]
        assert [planned.state for planned in plan.todo] == ["new"]
        assert any("cannot be read (Input/output error)" in note for note in plan.notes)

    @pytest.mark.parametrize("code", [errno.EIO, errno.EACCES])
    def test_a_folder_that_cannot_be_listed_is_named(self, code, run, tmp_path, monkeypatch):
        scandir = os.scandir

        def refusing(path):
            if Path(path) == run.path.parent:
                raise OSError(code, os.strerror(code), str(path))
            return scandir(path)

        monkeypatch.setattr(os, "scandir", refusing)
        done = invoked("list", tmp_path)
        assert done.code == 0
        assert f"{run.path.parent}: cannot be read (" in done.err
        done = invoked("show", "small", "--results", tmp_path)
        assert done.code == 2
        assert f"{run.path.parent}: cannot be read (" in done.err

    def test_whether_it_is_finished_is_not_guessed(self, tmp_path, monkeypatch):
        def stale(self, **_):
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(self))

        monkeypatch.setattr(Path, "stat", stale)
        with pytest.raises(UnreadableError, match="Stale file handle"):
            _ = RunFolder(tmp_path / "seed1-0123abcd").finished


class TestNewer:
    def test_a_run_of_a_newer_format_is_the_same_error_everywhere(self, run, tmp_path):
        edit_metrics(run, format=99)
        config = tmp_path / "small.yaml"
        config.write_text(json.dumps(SMALL))
        before = tree(tmp_path)
        answers = [
            invoked("list", tmp_path),
            invoked("report", tmp_path),
            invoked("compare", "small", run.path, "--results", tmp_path),
            invoked("show", run.path),
            invoked("sweep", config, "--seeds", "1,2", "--results", tmp_path, "--backend", "jax"),
            invoked("run", config, "--results", tmp_path, "--backend", "jax"),
        ]
        assert {answer.code for answer in answers} == {2}
        message = (
            f"Error: {run.path}: written by a newer mnist-lab (format 99; this one reads up to 1).\n"
            f"Update mnist-lab, or move {run.path} elsewhere.\n"
        )
        assert {answer.err for answer in answers} == {message}
        assert len(answers[0].out.splitlines()) == 3  # the other run is listed
        assert tree(tmp_path) == before


DAMAGED = {
    "history.jsonl": [
        b'{"epoch": 1, "loss": "low"}\n' * 3,
        b'{"loss": 1}\n' * 3,
        b"[]\n[]\n[]\n",
        b"\xff\xfe\n\n\n",
        b"null\n" * 3,
        b"\x00",
        b"",
    ],
    "mistakes.json": [
        b"null",
        b"[]",
        b"[1]",
        b"{}",
        b'{"index": 1}',
        b'[{"index": 1}]',
        b'[{"index": "one", "label": 1, "predicted": 2}]',
        b"\xff",
    ],
    "environment.json": [b"null", b"[]", b'"cpu"', b"{", b"\xff\xff"],
}


class TestSideFiles:
    @pytest.mark.parametrize(("name", "content"), [(name, one) for name, some in DAMAGED.items() for one in some])
    def test_any_damage_in_one_is_reported(self, name, content, run):
        (run.path / name).write_bytes(content)
        [said] = [text for text in load_run(run.path).problems if text.startswith(str(run.path / name))]
        assert "damaged (" in said
        assert not any(raw in said for raw in ("pickle", "Field required", "Input should", "char 0", "Value error"))

    def test_report_compare_and_show_name_them_and_go_on(self, run, tmp_path):
        for name, contents in DAMAGED.items():
            (run.path / name).write_bytes(contents[0])
        answers = [
            invoked("report", tmp_path),
            invoked("compare", run.path, next(tmp_path.glob("small/seed2-*")), "--results", tmp_path),
            invoked("show", run.path),
        ]
        for answer in answers:
            assert answer.code == 0, answer.text
            for name in DAMAGED:
                assert len(re.findall(f"(Skipped|Warning): {re.escape(str(run.path / name))}", answer.err)) == 1
            assert answer.err.count(": damaged (") == len(DAMAGED)
        assert all(str(run.path / name) in (tmp_path / "report.md").read_text() for name in DAMAGED)

    @pytest.mark.parametrize("name", DAMAGED)
    def test_a_run_that_could_not_be_compared_is_not_reproduced(self, name, run, tmp_path):
        give_mistakes(run, [])
        formats.write_json(run.path / "environment.json", {})
        (run.path / name).write_bytes(DAMAGED[name][0])
        done = invoked("reproduce", run.path, "--into", tmp_path / "again")
        assert done.code == 2, done.text
        assert f"{run.path / name}" in done.err
        assert not (tmp_path / "again").exists()

    def test_mistakes_that_contradict_metrics_json_are_damaged(self, run):
        give_mistakes(run, [{"index": 3, "label": 4, "predicted": 9, "confidence": 0.9}])
        assert [mistake.index for mistake in load_run(run.path).mistakes] == [3]
        formats.write_json(run.path / "mistakes.json", [])
        with pytest.raises(DamagedError, match=r"lists 0 wrong test images; metrics\.json counts 1"):
            _ = load_run(run.path).mistakes

    @given(st.binary(max_size=200))
    def test_whatever_is_in_a_file_the_reader_reads_it_or_calls_it_damaged(self, tmp_path_factory, content):
        folder = RunFolder(tmp_path_factory.getbasetemp())
        for name, read in (
            ("history.jsonl", folder.read_history),
            ("mistakes.json", lambda: formats.read_mistakes(folder.path / "mistakes.json")),
            ("environment.json", folder.read_environment),
        ):
            (folder.path / name).write_bytes(content)
            try:
                read()
            except DamagedError as error:
                assert name in error.message  # noqa: PT017 - some contents are sound


class TestLinks:
    def test_runs_behind_links_are_found_once_and_loops_end(self, tmp_path):
        results, elsewhere = tmp_path / "results", tmp_path / "elsewhere"
        finished_run(results, "ablation/no_relu")
        moved = finished_run(elsewhere)
        finished_run(elsewhere, "ablation/nodes_256")
        (results / "mlp_512").symlink_to(moved.path.parent)
        (results / "again").symlink_to(moved.path.parent)
        (results / "ablation" / "nodes_256").symlink_to("../../elsewhere/ablation/nodes_256")
        (results / "ablation" / "loop").symlink_to(results)
        (results / "up").symlink_to(tmp_path)
        (results / "a file").symlink_to(moved.path / "config.yaml")
        found = [folder.path.parent.relative_to(results).as_posix() for folder in finished_runs(results)]
        assert found == ["ablation/no_relu", "ablation/nodes_256", "again"]

    def test_a_folder_itself_is_listed_rather_than_a_link_to_it(self, tmp_path):
        run = finished_run(tmp_path)
        (tmp_path / "a_link").symlink_to(run.path.parent)
        assert finished_runs(tmp_path) == [run]

    def test_a_link_to_nothing_is_reported(self, tmp_path):
        finished_run(tmp_path)
        (tmp_path / "gone").symlink_to("/nowhere/gone")
        done = invoked("list", tmp_path)
        assert done.code == 0
        assert f"Skipped: {tmp_path / 'gone'}: a symbolic link to /nowhere/gone, which is not there." in done.err
        assert "mlp_512" in done.out

    def test_a_run_folder_that_is_a_link_is_shown_by_its_name(self, tmp_path):
        run = finished_run(tmp_path / "elsewhere")
        place = tmp_path / "results" / "mlp_512"
        place.mkdir(parents=True)
        (place / run.id).symlink_to(run.path)
        for reference in ("mlp_512", run.id):
            assert invoked("show", reference, "--results", tmp_path / "results").code == 0


def test_an_error_of_the_operating_system_is_a_machine_error_that_names_the_file(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), "/some/file")

    monkeypatch.setattr("mnist_lab.runs.read_runs", refuse)
    done = invoked("list", tmp_path)
    assert done.code == MachineError.exit_code
    assert done.err.startswith(f"Error: /some/file: {os.strerror(errno.EMFILE)}.\n")
    assert "bug" not in done.err
