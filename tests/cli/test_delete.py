"""`mnist-lab delete`: what is deleted, what stays, and that it asks."""

import json
import os
import pty
import shutil
import subprocess
import sys
from functools import partial

import pytest

from mnist_lab.runs import RunFolder, load_run
from tests.lab import command, environment, invoked
from tests.run_folders import finished_run


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    finished_run(tmp_path / "results")
    finished_run(tmp_path / "results", seed=2)
    finished_run(tmp_path / "results", "ablation/no_relu")
    return tmp_path / "results"


delete = partial(invoked, "delete")


def runs(results):
    return sorted(file.parent.relative_to(results).as_posix() for file in results.rglob("metrics.json"))


def test_deleting_a_run_removes_the_empty_folders_of_its_experiment_and_no_other_run(results):
    others = [run for run in runs(results) if run.startswith("mlp_512")]
    done = delete("ablation/no_relu", "--yes")
    assert done.code == 0, done.text
    assert runs(results) == others
    assert not (results / "ablation").exists()
    assert done.out.splitlines()[-1] == "Deleted 1 run."


def test_several_runs_are_shown_with_their_sizes_before_they_are_deleted(results):
    folders = [results / run for run in runs(results)]
    (folders[0] / "model.keras").write_bytes(b"x" * 1_000_000)
    done = delete(*folders, folders[0], "--yes")
    assert done.code == 0, done.text
    heading, _, *lines, total, last = done.out.splitlines()
    assert heading.split() == ["Run", "State", "Files", "Size"]
    assert [line.split()[:3] for line in lines] == [
        [str(folders[0]), "finished", "4"], *([str(folder), "finished", "3"] for folder in folders[1:]),
    ]  # fmt: skip
    assert total.split() == ["Total", "10", "1.0", "MB"]
    assert last == "Deleted 3 runs."
    assert list(results.iterdir()) == []


def test_a_run_of_a_newer_version_and_a_damaged_one_are_shown_as_such_before_they_are_deleted(results):
    newer, damaged = (results / run for run in runs(results)[:2])
    metrics = json.loads((newer / "metrics.json").read_text())
    (newer / "metrics.json").write_text(json.dumps(metrics | {"format": 1000}))
    (damaged / "metrics.json").write_text("{}")
    shown = delete(newer, damaged).out
    assert "finished, by a newer mnist-lab" in shown
    assert "damaged" in shown


def test_without_a_terminal_to_ask_at_nothing_is_deleted(results):
    before = runs(results)
    done = delete(results / before[0])
    assert done.code == 2
    assert "--yes" in done.err
    assert runs(results) == before


@pytest.mark.parametrize(("answer", "left", "code"), [("y\n", 2, 0), ("\n", 3, 1), ("\x04", 3, 130)])
def test_at_a_terminal_it_asks_and_only_yes_is_yes(answer, left, code, results):
    ours, theirs = pty.openpty()
    os.write(ours, answer.encode())
    done = subprocess.run(
        command("delete", "ablation/no_relu"), cwd=results.parent, env=environment(), stdin=theirs,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    os.close(ours)
    os.close(theirs)
    assert "Permanently delete 1 run? [y/N]" in done.stderr
    assert (done.returncode, len(runs(results))) == (code, left)
    assert ("Nothing was deleted." in done.stderr) is (left == 3)
    assert ("[y/N]: \nInterrupted. Nothing" in done.stderr) is (code == 130)


def test_a_finished_run_whose_repetition_was_killed_is_shown_as_both_before_it_is_deleted(results):
    folder = RunFolder(results / next(run for run in runs(results) if run.startswith("ablation")))
    folder.repetition.path.mkdir()
    (folder.repetition.path / "checkpoint.npz").write_text("")
    done = delete(folder.path)
    assert "finished; retraining interrupted" in done.out
    assert load_run(folder.path)
    done = delete(folder.path, "--yes")
    assert done.code == 0, done.text
    assert not folder.path.exists()


@pytest.mark.parametrize("what", ["interrupted", "failed", "unfinished", "damaged"])
def test_the_folder_of_an_unfinished_run_can_be_deleted_too(what, results):
    folder = results / next(run for run in runs(results) if run.startswith("ablation"))
    if what == "damaged":
        folder = folder.rename(folder.with_name(f"{folder.name}.damaged1"))
    else:
        left = {"interrupted": "checkpoint.npz", "failed": "error.txt", "unfinished": "history.jsonl"}[what]
        (folder / "metrics.json").rename(folder / left)
    done = delete(folder, "--yes")
    assert done.code == 0, done.text
    assert what in done.out
    assert not folder.exists()


@pytest.mark.parametrize("what", ["results", "experiment", "other", "file", "missing", "empty", "renamed"])
def test_what_is_not_a_run_folder_stays_and_so_does_everything_named_with_it(what, results):
    run = results / runs(results)[0]
    other = results.parent / "project"
    other.mkdir()
    (other / "config.yaml").write_text("mine")
    (other / "seed1-0123abcd").mkdir()
    renamed = shutil.copytree(run, other / "best")
    wrong = {
        "results": results, "experiment": results / "mlp_512", "other": other, "file": run / "metrics.json",
        "missing": other / "nothing", "empty": other / "seed1-0123abcd", "renamed": renamed,
    }[what]  # fmt: skip
    before = sorted(results.parent.rglob("*"))
    done = delete(run, wrong, "--yes")
    assert done.code == 2, done.text
    assert str(wrong) in done.err
    assert sorted(results.parent.rglob("*")) == before


def test_a_run_that_is_being_written_stays(results):
    folder = results / runs(results)[0]
    hold = (
        "import filelock, sys; lock = filelock.FileLock(sys.argv[1]); lock.acquire(); print('held', flush=True); "
        "sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", hold, str(folder / ".lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    done = delete(folder, "--yes")
    process.communicate("")
    assert done.code == 2
    assert "another process is writing this run" in done.err
    assert (folder / "metrics.json").is_file()
    assert delete(folder, "--yes").code == 0


@pytest.mark.parametrize("link", ["run", "experiment"])
def test_a_symbolic_link_is_not_followed_out_of_the_results(link, results):
    elsewhere = finished_run(results.parent / "elsewhere").path
    if link == "run":
        named = results / "mlp_512" / elsewhere.name.replace("seed1", "seed7")
        named.symlink_to(elsewhere)
    else:
        (results / "linked").symlink_to(elsewhere.parent)
        named = results / "linked" / elsewhere.name
    done = delete(named, "--yes")
    assert done.code == 2
    assert "symbolic link" in done.err
    assert (elsewhere / "metrics.json").is_file()


def test_what_a_link_in_a_run_s_folder_leads_to_stays(results):
    precious = results.parent / "precious"
    precious.mkdir()
    (precious / "data").write_text("mine")
    folder = results / runs(results)[0]
    (folder / "link").symlink_to(precious)
    assert delete(folder, "--yes").code == 0
    assert (precious / "data").read_text() == "mine"


def test_a_copy_of_a_run_is_deleted_by_its_path_and_never_by_a_name(results):
    published = finished_run(results / "published", "ablation/no_dropout")
    before = runs(results)
    for name in ("no_dropout", "ablation/no_dropout", "published/ablation/no_dropout", published.id):
        done = delete(name, "--yes")
        assert done.code == 2, done.text
        assert f"mnist-lab delete {published.path.relative_to(results.parent)}" in done.err
        assert runs(results) == before
    assert delete(published.path, "--yes").code == 0
    assert not published.path.exists()


def test_a_name_means_the_run_even_if_a_folder_is_called_that(results):
    notes = results.parent / "ablation" / "no_relu"
    notes.mkdir(parents=True)
    (notes / "notes.txt").write_text("mine")
    done = delete("ablation/no_relu", "--yes")
    assert done.code == 0, done.text
    assert not (results / "ablation").exists()
    assert (notes / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(("wrong", "meant"), [("ablation/no_rellu", "ablation/no_relu"), ("mlp_521", "mlp_512")])
@pytest.mark.parametrize("command", [["delete"], ["show"], ["compare", "mlp_512"]], ids=lambda words: words[0])
def test_the_nearest_name_is_suggested(command, wrong, meant, results):
    done = invoked(*command, wrong)
    assert done.code == 2
    assert f"(did you mean '{meant}'?)" in done.err


@pytest.mark.parametrize("command", [["delete"], ["show"], ["compare", "mlp_512"]], ids=lambda words: words[0])
def test_runs_are_not_looked_for_inside_a_run(command, results):
    run = results / runs(results)[0]
    done = invoked(*command, "no_relu", "--results", run)
    assert done.code == 2
    assert f"{run}: this is a run's folder" in done.err
    assert "--results" in done.err


@pytest.mark.parametrize("what", ["run", "experiment"])
def test_a_read_only_folder_is_reported_before_anything_is_deleted(what, results, monkeypatch):
    before = runs(results)
    locked = results / before[-1] if what == "run" else (results / before[-1]).parent
    monkeypatch.setattr(os, "access", lambda path, _: path != locked)  # nothing is read-only to root
    done = delete(*(results / run for run in before), "--yes")
    assert done.code == 2
    assert f"chmod u+w {locked}" in done.err
    assert runs(results) == before


def test_a_run_that_cannot_be_removed_is_reported_and_the_others_are_deleted(results, monkeypatch):
    first, *_ = folders = [results / run for run in runs(results)]
    remove = shutil.rmtree

    def refuse(path, *arguments, **options):
        if path == first:
            raise PermissionError(13, "Permission denied")
        remove(path, *arguments, **options)

    monkeypatch.setattr(shutil, "rmtree", refuse)
    done = delete(*folders, "--yes")
    assert done.code == 2
    assert done.out.splitlines()[-1] == "Deleted 2 of 3 runs."
    assert f"{first}: cannot be removed (Permission denied)" in done.err
    assert [folder.exists() for folder in folders] == [True, False, False]
