"""What a sweep does and says, through the real command line."""

import json
import shutil
import signal
import subprocess
import time
from pathlib import Path

import family
import pytest
from lab import command, environment, good


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A finished sweep; tests read it and change nothing."""
    folder = tmp_path_factory.mktemp("swept")
    family.write_family(folder)
    done = family.sweep(folder)
    assert done.returncode == 0, done.stderr
    return folder, done


@pytest.fixture
def folder(tmp_path):
    family.write_family(tmp_path)
    return tmp_path


def test_every_member_and_the_base_that_they_extend_is_trained(swept):
    folder, _ = swept
    experiments = {
        path.parent.parent.relative_to(folder / "results").as_posix() for path in family.metrics_files(folder)
    }
    assert experiments == {"base", "family/averaged", "family/plateau", "family/wide"}


def test_each_run_ends_with_a_line_on_stderr(swept):
    _, done = swept
    assert sum("test accuracy" in line for line in done.stderr.splitlines()) == family.RUNS


def test_the_table_on_stdout_says_what_each_member_changed(swept):
    _, done = swept
    assert "nodes 24 -> 64" in done.stdout


def test_a_sweep_that_is_done_trains_nothing_and_gives_the_same_table(swept):
    folder, done = swept
    before = {path: path.stat().st_mtime_ns for path in family.metrics_files(folder)}
    again = family.sweep(folder)
    assert again.returncode == 0
    assert "Nothing to do" in again.stderr
    assert again.stdout == done.stdout
    assert {path: path.stat().st_mtime_ns for path in family.metrics_files(folder)} == before


def test_a_sweep_that_is_done_imports_no_keras(swept):
    folder, _ = swept
    done = subprocess.run(
        command("sweep", "configs/family", python=["-X", "importtime"]),
        cwd=folder, env=environment(), capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "mnist_lab.sweeps.plan" in imported
    assert not imported & {"keras", "jax", "tensorflow"}


def test_a_dry_run_trains_nothing_and_says_what_there_is_to_do(folder):
    done = family.sweep(folder, "--dry-run", "--json", "--seeds", "1..2")
    plan = json.loads(done.stdout)
    assert [run["state"] for run in plan["runs"]] == ["new"] * 2 * family.RUNS
    assert all(run["parameters"] > 0 and run["seconds"] > 0 and run["bytes"] > 0 for run in plan["runs"])
    assert not list((folder / "results").rglob("*.jsonl"))


def test_a_changed_configuration_is_new_work(swept, tmp_path):
    folder, _ = swept
    shutil.copytree(folder, tmp_path / "copy")
    wide = tmp_path / "copy" / "configs" / "family" / "wide.yaml"
    wide.write_text(wide.read_text().replace("64", "65"))
    plan = json.loads(family.sweep(tmp_path / "copy", "--dry-run", "--json").stdout)
    states = {run["experiment"]: run["state"] for run in plan["runs"]}
    assert states == {"base": "done", "family/averaged": "done", "family/plateau": "done", "family/wide": "changed"}


def test_a_damaged_metrics_file_is_kept_aside_and_the_run_repeated(swept, tmp_path):
    folder, _ = swept
    shutil.copytree(folder, tmp_path / "copy")
    damaged = next((tmp_path / "copy" / "results" / "base").glob("*/metrics.json"))
    damaged.write_text('{"format": 1, "run"')
    done = family.sweep(tmp_path / "copy")
    assert done.returncode == 0, done.stderr
    assert "kept aside" in done.stderr
    assert (damaged.parent.parent / f"{damaged.parent.name}.damaged1" / "metrics.json").is_file()
    assert family.evidence(tmp_path / "copy") == family.evidence(folder)


def test_a_run_of_a_newer_format_is_an_error(swept, tmp_path):
    folder, _ = swept
    shutil.copytree(folder, tmp_path / "copy")
    newer = next((tmp_path / "copy" / "results" / "base").glob("*/metrics.json"))
    newer.write_text(newer.read_text().replace('"format": 1', '"format": 99'))
    done = family.sweep(tmp_path / "copy")
    assert done.returncode == 2
    assert "newer mnist-lab" in done.stderr


def test_one_failure_is_one_failure(folder):
    (folder / "configs" / "family" / "diverges.yaml").write_text(
        "extends: ../base.yaml\ntrain: {optimizer: {name: sgd, learning_rate: 1.0e30}, restore_best: loss}\n"
    )
    done = family.sweep(folder)
    assert done.returncode == 1
    assert len(family.metrics_files(folder)) == family.RUNS
    error = next((folder / "results" / "family" / "diverges").glob("*/error.txt"))
    assert "loss became nan" in error.read_text().lower()
    assert "--retry-failed" in done.stderr
    plan = json.loads(family.sweep(folder, "--dry-run", "--json", "--retry-failed").stdout)
    assert [run["experiment"] for run in plan["runs"] if run["to_do"]] == ["family/diverges"]


def test_a_network_that_cannot_be_built_stops_the_sweep_before_the_first_epoch(folder):
    (folder / "configs" / "family" / "zz_impossible.yaml").write_text(
        "data: {dataset: digits}\nmodel: {kind: cnn, layers: [{conv: {filters: 3, kernel: 40}}, flatten, "
        "{dense: {units: classes, activation: softmax}}]}\n"
    )
    done = family.sweep(folder)
    assert done.returncode == 2
    assert "layers[0].conv" in done.stderr
    assert not (folder / "results").exists()


def test_a_run_that_takes_too_long_is_ended_and_recorded(folder):
    done = family.sweep(folder, "--set", "train.epochs=100000", "--timeout", "6", "--jobs", "4")
    assert done.returncode == 1
    assert done.stderr.count("--timeout") >= family.RUNS
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
    assert family.sweep(folder).returncode == 0
    assert family.evidence(folder) == family.evidence(swept[0])


def test_a_repeated_run_uses_as_many_threads_and_gives_the_same_bits(swept, tmp_path):
    folder, _ = swept
    config = next((folder / "results" / "family" / "wide").glob("*/config.yaml"))
    assert "threads: 1" in config.read_text()
    good("run", config, cwd=tmp_path)
    there, again = family.evidence(folder), family.evidence(tmp_path)
    assert again == {name: facts for name, facts in there.items() if name in again}
    assert len(again) == 1


def test_a_dry_run_leaves_a_damaged_run_where_it_is(swept, tmp_path):
    folder, _ = swept
    shutil.copytree(folder, tmp_path / "copy")
    damaged = next((tmp_path / "copy" / "results" / "base").glob("*/metrics.json"))
    damaged.write_text('{"format": 1}')
    plan = json.loads(family.sweep(tmp_path / "copy", "--dry-run", "--json").stdout)
    assert [run["state"] for run in plan["runs"]] == ["damaged", "done", "done", "done"]
    assert damaged.is_file()


def test_numbers_that_another_experiment_has_already_are_not_trained_again(swept, tmp_path):
    folder, _ = swept
    shutil.copytree(folder, tmp_path / "copy")
    configs = tmp_path / "copy" / "configs" / "family"
    (configs / "wide.yaml").rename(configs / "broad.yaml")
    done = family.sweep(tmp_path / "copy")
    assert "Nothing to do" in done.stderr
    assert "family/broad" in done.stdout
    assert "family/wide" not in done.stdout


def test_two_names_for_one_run_are_an_error_that_names_both(folder):
    (folder / "configs" / "family" / "twin.yaml").write_text("extends: wide.yaml\nruntime: {backend: jax}\n")
    done = family.sweep(folder)
    assert done.returncode == 2
    assert "family/wide" in done.stderr
    assert "family/twin" in done.stderr


def test_retrying_what_failed_says_so_when_nothing_has(folder):
    done = family.sweep(folder, "--retry-failed")
    assert done.returncode == 0
    assert "no run has failed before" in done.stderr


def test_a_results_folder_that_cannot_be_written_stops_the_sweep(folder):
    done = family.sweep(folder, "--results", "/proc/nowhere")
    assert done.returncode == 2
    assert "cannot be written" in done.stderr


def test_a_forced_sweep_that_is_killed_keeps_what_was_there(swept, tmp_path):
    folder, _ = swept
    shutil.copytree(folder, tmp_path / "copy")
    process = family.start(tmp_path / "copy", "--force")
    while process.poll() is None and not list((tmp_path / "copy" / "results").rglob(".previous/metrics.json")):
        time.sleep(0.01)
    family.kill_all(process)
    assert family.sweep(tmp_path / "copy").returncode == 0
    assert family.evidence(tmp_path / "copy") == family.evidence(folder)


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
