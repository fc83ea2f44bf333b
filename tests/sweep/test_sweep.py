"""What a sweep does and says, through the real command line."""

import json
import signal
import time
from pathlib import Path

import family
import pytest
from lab import good, imported, lab


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


def test_a_sweep_that_is_done_trains_nothing_and_gives_the_same_table(copy, swept):
    _, done = swept
    before = {path: path.stat().st_mtime_ns for path in family.metrics_files(copy)}
    again = family.sweep(copy)
    assert again.code == 0
    assert "Nothing to do" in again.err
    assert again.out == done.out
    assert {path: path.stat().st_mtime_ns for path in family.metrics_files(copy)} == before


def test_a_sweep_that_is_done_imports_no_keras(copy):
    done = lab("sweep", "configs/family", cwd=copy, python=("-X", "importtime"))
    assert done.code == 0
    assert "mnist_lab.sweeps.plan" in done.err
    assert not imported(done) & {"keras", "jax", "tensorflow"}


def test_a_dry_run_trains_nothing_and_says_what_there_is_to_do(folder):
    done = family.sweep(folder, "--dry-run", "--json", "--seeds", "1..2")
    plan = json.loads(done.out)
    assert [run["state"] for run in plan["runs"]] == ["new"] * 2 * family.RUNS
    assert all(run["parameters"] > 0 and run["seconds"] > 0 and run["bytes"] > 0 for run in plan["runs"])
    assert not list((folder / "results").rglob("*.jsonl"))


def test_a_changed_configuration_is_new_work(copy):
    wide = copy / "configs" / "family" / "wide.yaml"
    wide.write_text(wide.read_text().replace("64", "65"))
    plan = json.loads(family.sweep(copy, "--dry-run", "--json").out)
    states = {run["experiment"]: run["state"] for run in plan["runs"]}
    assert states == {"base": "done", "family/averaged": "done", "family/wide": "changed"}


def test_a_damaged_metrics_file_is_kept_aside_and_the_run_repeated(copy, swept):
    damaged = next((copy / "results" / "base").glob("*/metrics.json"))
    damaged.write_text('{"format": 1, "run"')
    done = family.sweep(copy)
    assert done.code == 0, done.err
    assert "kept aside" in done.err
    assert (damaged.parent.parent / f"{damaged.parent.name}.damaged1" / "metrics.json").is_file()
    assert family.evidence(copy) == family.evidence(swept[0])


def test_a_run_of_a_newer_format_is_an_error(copy):
    newer = next((copy / "results" / "base").glob("*/metrics.json"))
    newer.write_text(newer.read_text().replace('"format": 1', '"format": 99'))
    done = family.sweep(copy)
    assert done.code == 2
    assert "newer mnist-lab" in done.err


def test_one_failure_is_one_failure(folder):
    (folder / "configs" / "family" / "diverges.yaml").write_text(
        "extends: ../base.yaml\ntrain: {optimizer: {name: sgd, learning_rate: 1.0e30}, restore_best: loss}\n"
    )
    done = family.sweep(folder)
    assert done.code == 1
    assert len(family.metrics_files(folder)) == family.RUNS
    error = next((folder / "results" / "family" / "diverges").glob("*/error.txt"))
    assert "loss became nan" in error.read_text().lower()
    assert "--retry-failed" in done.err
    plan = json.loads(family.sweep(folder, "--dry-run", "--json", "--retry-failed").out)
    assert [run["experiment"] for run in plan["runs"] if run["to_do"]] == ["family/diverges"]


def test_a_network_that_cannot_be_built_stops_the_sweep_before_the_first_epoch(folder):
    (folder / "configs" / "family" / "zz_impossible.yaml").write_text(
        "data: {dataset: digits}\nmodel: {kind: cnn, layers: [{conv: {filters: 3, kernel: 40}}, flatten, "
        "{dense: {units: classes, activation: softmax}}]}\n"
    )
    done = family.sweep(folder)
    assert done.code == 2
    assert "layers[0].conv" in done.err
    assert not (folder / "results").exists()


def test_a_run_that_takes_too_long_is_ended_and_recorded(folder):
    done = family.sweep(folder, "--set", "train.epochs=100000", "--timeout", "2", "--jobs", "3")
    assert done.code == 1
    assert done.err.count("--timeout") >= family.RUNS
    assert len(list((folder / "results").rglob("error.txt"))) == family.RUNS


def test_ctrl_c_stops_after_the_running_epochs_and_the_same_command_goes_on(folder, swept):
    process = family.start(folder)
    while process.poll() is None and not list((folder / "results").rglob("checkpoint.npz")):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopping" in err
    assert len(family.metrics_files(folder)) < family.RUNS
    assert family.sweep(folder).code == 0
    assert family.evidence(folder) == family.evidence(swept[0])


def test_a_repeated_run_uses_as_many_threads_and_gives_the_same_bits(swept, tmp_path):
    folder, _ = swept
    config = next((folder / "results" / "family" / "wide").glob("*/config.yaml"))
    assert "threads: 1" in config.read_text()
    good("run", config, cwd=tmp_path)
    there, again = family.evidence(folder), family.evidence(tmp_path)
    assert again == {name: facts for name, facts in there.items() if name in again}
    assert len(again) == 1


def test_a_dry_run_leaves_a_damaged_run_where_it_is(copy):
    damaged = next((copy / "results" / "base").glob("*/metrics.json"))
    damaged.write_text('{"format": 1}')
    plan = json.loads(family.sweep(copy, "--dry-run", "--json").out)
    assert [run["state"] for run in plan["runs"]] == ["damaged", "done", "done"]
    assert damaged.is_file()


def test_numbers_that_another_experiment_has_already_are_not_trained_again(copy):
    configs = copy / "configs" / "family"
    (configs / "wide.yaml").rename(configs / "broad.yaml")
    done = family.sweep(copy)
    assert "Nothing to do" in done.err
    assert "family/broad" in done.out
    assert "family/wide" not in done.out


def test_two_names_for_one_run_are_an_error_that_names_both(folder):
    (folder / "configs" / "family" / "twin.yaml").write_text("extends: wide.yaml\nruntime: {backend: jax}\n")
    done = family.sweep(folder)
    assert done.code == 2
    assert "family/wide" in done.err
    assert "family/twin" in done.err


def test_retrying_what_failed_says_so_when_nothing_has(folder):
    done = family.sweep(folder, "--retry-failed")
    assert done.code == 0
    assert "no run has failed before" in done.err


@pytest.mark.parametrize("jobs", ["0", "-1", "\N{SUPERSCRIPT TWO}", "two"])
def test_a_number_of_jobs_that_is_none_is_refused(jobs, folder):
    done = family.sweep(folder, "--jobs", jobs)
    assert done.code == 2
    assert f"--jobs {jobs}: expected a number of 1 or more, or auto." in done.err


def test_a_results_folder_that_cannot_be_written_stops_the_sweep(folder):
    done = family.sweep(folder, "--results", "/proc/nowhere")
    assert done.code == 2
    assert "cannot be written" in done.err


def test_a_forced_sweep_that_is_killed_keeps_what_was_there(copy, swept):
    process = family.start(copy, "--force")
    while process.poll() is None and not list((copy / "results").rglob(".previous/metrics.json")):
        time.sleep(0.01)
    family.kill_all(process)
    assert list((copy / "results").rglob(".previous/metrics.json"))
    assert family.sweep(copy).code == 0
    assert family.evidence(copy) == family.evidence(swept[0])


def test_a_disk_that_fills_up_stops_the_sweep_and_says_so(folder):
    process = family.start(folder, largest_file=30_000)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "cannot be written" in err
    assert "Traceback" not in err
    assert not family.metrics_files(folder)


def test_ctrl_c_twice_stops_at_once_and_leaves_no_process(folder):
    process = family.start(folder, "--set", "train.epochs=100000")
    while process.poll() is None and not list((folder / "results").rglob("checkpoint.npz")):
        time.sleep(0.02)
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
