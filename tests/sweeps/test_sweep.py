"""What a sweep does and prints, through the real command line."""

import json
import shutil
import signal
import time
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from mnist_lab.sweeps import Plan, Schedule, Swept
from tests.lab import Answer, Case, good, here, imported, in_one_process, lab
from tests.sweeps import family


def test_every_member_and_the_base_that_they_extend_is_trained(swept):
    folder, _ = swept
    experiments = {
        path.parent.parent.relative_to(folder / "results").as_posix() for path in family.metrics_files(folder)
    }
    assert experiments == {"base", "family/averaged", "family/wide"}


def test_each_run_ends_with_a_line_on_stderr(swept):
    _, done = swept
    assert sum("test accuracy" in line for line in done.err.splitlines()) == family.RUNS


def test_the_table_on_stdout_says_what_each_member_changed(swept):
    _, done = swept
    assert "nodes 24 -> 64" in done.out


def test_a_sweep_that_is_done_imports_no_keras_trains_nothing_and_prints_the_same_table(copy, swept):
    _, done = swept
    before = {path: path.stat().st_mtime_ns for path in family.metrics_files(copy)}
    again = lab("sweep", "configs/family", cwd=copy, python=("-X", "importtime"))
    assert again.code == 0
    assert "mnist_lab.sweeps.plan" in again.err
    assert not imported(again) & {"keras", "jax", "tensorflow"}
    assert "Nothing to do" in again.err
    assert again.out == done.out
    assert {path: path.stat().st_mtime_ns for path in family.metrics_files(copy)} == before


DRY = ("--dry-run", "--json")


class Plans(NamedTuple):
    """Sweeps that end with their plan, all from one process: Keras is imported once."""

    cwd: Path
    new: Answer
    """A dry run where nothing has been done yet."""
    begun: Answer
    """A dry run where one is damaged, one done and one changed since."""
    impossible: Answer
    """One network cannot be built."""
    nowhere: Answer
    """The folder for results cannot be written."""
    twins: Answer
    """Two names for one run."""
    retried: Answer
    """With --retry-failed, where nothing has failed."""
    jobs: dict[str, Answer]
    """With a number of jobs that is none."""


NO_JOBS = ("0", "-1", "\N{SUPERSCRIPT TWO}", "two")


@pytest.fixture(scope="module")
def plans(swept, tmp_path_factory):
    cwd = tmp_path_factory.mktemp("plans")
    copy = Path(shutil.copytree(swept[0], cwd / "copy"))
    for folder in (cwd, cwd / "bad", cwd / "twins"):
        family.write_family(folder)
    wide = copy / "configs" / "family" / "wide.yaml"
    wide.write_text(wide.read_text().replace("64", "65"))
    next((copy / "results" / "base").glob("*/metrics.json")).write_text('{"format": 1}')
    (cwd / "bad" / "configs" / "family" / "zz_impossible.yaml").write_text(
        "data: {dataset: digits}\nmodel: {kind: cnn, layers: [{conv: {filters: 3, kernel: 40}}, flatten, "
        "{dense: {units: classes, activation: softmax}}]}\n"
    )
    (cwd / "twins" / "configs" / "family" / "twin.yaml").write_text("extends: wide.yaml\nruntime: {backend: jax}\n")
    commands = [
        ["configs/family", *DRY, "--seeds", "1..2"],
        ["copy/configs/family", "--results", "copy/results", *DRY],
        ["bad/configs/family"],
        ["configs/family", "--results", "/proc/nowhere"],
        ["twins/configs/family"],
        ["configs/family", "--retry-failed"],
        *(["configs/family", "--jobs", jobs] for jobs in NO_JOBS),
    ]
    answers = in_one_process([Case(["sweep", *arguments]) for arguments in commands], cwd)
    ended, refused = answers[: -len(NO_JOBS)], answers[-len(NO_JOBS) :]
    return Plans(cwd, *ended, dict(zip(NO_JOBS, refused, strict=True)))


def test_a_dry_run_trains_nothing_and_says_what_there_is_to_do(plans):
    runs = json.loads(plans.new.out)["runs"]
    assert [run["state"] for run in runs] == ["new"] * 2 * family.RUNS
    assert all(run["parameters"] > 0 and run["seconds"] > 0 and run["bytes"] > 0 for run in runs)
    assert not (plans.cwd / "results").exists()


def test_a_dry_run_says_what_was_changed_and_leaves_a_damaged_run_where_it_is(plans):
    states = {run["experiment"]: run["state"] for run in json.loads(plans.begun.out)["runs"]}
    assert states == {"base": "damaged", "family/averaged": "done", "family/wide": "changed"}
    assert next((plans.cwd / "copy" / "results" / "base").glob("*/metrics.json")).is_file()


def test_a_network_that_cannot_be_built_stops_the_sweep_before_the_first_epoch(plans):
    assert plans.impossible.code == 2
    assert "layers[0].conv" in plans.impossible.err
    assert not (plans.cwd / "results").exists()


def test_a_results_folder_that_cannot_be_written_stops_the_sweep(plans):
    assert plans.nowhere.code == 2
    assert "cannot be written" in plans.nowhere.err


def test_two_names_for_one_run_are_an_error_that_names_both(plans):
    assert plans.twins.code == 2
    assert "family/wide" in plans.twins.err
    assert "family/twin" in plans.twins.err


def test_retrying_what_failed_says_so_when_nothing_has(plans):
    assert plans.retried.code == 0
    assert "no failed runs" in plans.retried.err


@pytest.mark.parametrize("jobs", NO_JOBS)
def test_an_invalid_number_of_jobs_is_refused(jobs, plans):
    assert plans.jobs[jobs].code == 2
    expected = f"Invalid value for '--jobs': expected a number of 1 or more, or auto, received '{jobs}'."
    assert expected in plans.jobs[jobs].err


@pytest.fixture(scope="module")
def mixed(swept, tmp_path_factory):
    """A sweep with one damaged run, one missing, and one that is new and diverges; and the damaged `metrics.json`."""
    copy = Path(shutil.copytree(swept[0], tmp_path_factory.mktemp("mixed") / "copy"))
    (copy / "configs" / "family" / "diverges.yaml").write_text(
        "extends: ../base.yaml\ntrain: {optimizer: {name: sgd, learning_rate: 1.0e30}, restore_best: loss}\n"
    )
    damaged = next((copy / "results" / "base").glob("*/metrics.json"))
    damaged.write_text('{"format": 1, "run"')
    shutil.rmtree(copy / "results" / "family" / "wide")
    return copy, damaged, family.sweep(copy)


def test_one_failure_fails_the_sweep_and_spoils_no_other_run(mixed, swept):
    copy, _, done = mixed
    assert done.code == 1
    assert "--retry-failed" in done.err
    error = next((copy / "results" / "family" / "diverges").glob("*/error.txt"))
    assert "loss became nan" in error.read_text().lower()
    assert family.evidence(copy) == family.evidence(swept[0])


def test_a_damaged_metrics_file_is_kept_aside_and_the_run_repeated(mixed, swept):
    copy, damaged, done = mixed
    assert "damaged; moved to" in done.err
    assert (damaged.parent.parent / f"{damaged.parent.name}.damaged1" / "metrics.json").is_file()
    assert family.evidence(copy) == family.evidence(swept[0])


@pytest.mark.thorough
def test_a_run_that_takes_too_long_is_ended_and_recorded(folder):
    done = family.sweep(folder, "--set", "train.epochs=100000", "--timeout", "1", "--jobs", "3")
    assert done.code == 1
    assert done.err.count("--timeout") >= family.RUNS
    assert len(list((folder / "results").rglob("error.txt"))) == family.RUNS


def test_ctrl_c_stops_after_the_running_epochs_and_the_same_command_goes_on(folder, swept):
    process = family.start(folder)
    family.until(lambda: list((folder / "results").rglob("checkpoint.npz")), process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopping" in err
    assert len(family.metrics_files(folder)) < family.RUNS
    assert family.sweep(folder).code == 0
    assert family.evidence(folder) == family.evidence(swept[0])


@pytest.mark.thorough
def test_a_repeated_run_uses_as_many_threads_and_gives_the_same_bits(swept, tmp_path):
    folder, _ = swept
    config = next((folder / "results" / "family" / "wide").glob("*/config.yaml"))
    assert "threads: 1" in config.read_text()
    good("run", config, cwd=tmp_path)
    there, again = family.evidence(folder), family.evidence(tmp_path)
    assert again == {name: facts for name, facts in there.items() if name in again}
    assert len(again) == 1


def test_numbers_that_another_experiment_already_has_are_not_trained_again(copy):
    configs = copy / "configs" / "family"
    (configs / "wide.yaml").rename(configs / "broad.yaml")
    done = family.sweep(copy)
    assert "Nothing to do" in done.err
    assert "family/broad" in done.out
    assert "family/wide" not in done.out


@pytest.mark.thorough
def test_a_forced_sweep_that_is_killed_shows_what_was_there_and_the_next_one_resumes_it(copy, swept):
    before = family.metrics_files(copy)
    process = family.start(copy, "--force")
    while process.poll() is None and not list((copy / "results").rglob(".repetition/checkpoint.npz")):
        time.sleep(0.01)
    [forced, *_] = [path.parents[1] for path in (copy / "results").rglob(".repetition/checkpoint.npz")]
    family.kill_all(process)
    assert family.metrics_files(copy) == before
    listed = json.loads(good("list", "results", "--json", cwd=copy).out)
    assert len(listed) == family.RUNS
    plan = json.loads(family.sweep(copy, "--dry-run", "--json").out)
    assert forced.relative_to(copy).as_posix() in {run["folder"] for run in plan["runs"] if run["state"] == "resumable"}
    assert family.sweep(copy).code == 0
    assert family.evidence(copy) == family.evidence(swept[0])


@pytest.mark.thorough
def test_a_disk_that_fills_up_stops_the_sweep_and_says_so(folder):
    process = family.start(folder, largest_file=30_000)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "cannot be written" in err
    assert "Traceback" not in err
    assert not family.metrics_files(folder)


@pytest.mark.thorough
def test_ctrl_c_twice_stops_at_once_and_leaves_no_process(folder):
    process = family.start(folder, "--set", "train.epochs=100000")
    family.until(lambda: list((folder / "results").rglob("checkpoint.npz")), process)
    left = family.runs(process)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert left
    assert not [
        pid for pid in left if Path(f"/proc/{pid}/cmdline").is_file() and Path(f"/proc/{pid}/cmdline").read_text()
    ]
    assert list((folder / "results").rglob("checkpoint.npz"))


def test_runs_that_end_without_a_result_are_counted(tmp_path, monkeypatch):
    lacking = Swept(Schedule(Plan((SimpleNamespace(state="new"),) * 2, ()), (), 1, {}))
    monkeypatch.setattr("mnist_lab.sweeps.sweep", lambda *_, **__: lacking)
    assert "Without a result: 2 runs." in here("sweep", "quickstart", cwd=tmp_path, code=1).err
