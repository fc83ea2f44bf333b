"""What a plan selects from the runs of a sweep; nothing is trained."""

import json

import pytest

from mnist_lab import load_config
from mnist_lab.runs import formats
from mnist_lab.sweeps import Schedule, make_plan
from mnist_lab.sweeps.appraisal import Appraisal
from mnist_lab.terminal.sweeping import print_failures, print_plan
from tests.run_folders import SMALL, UCI, finished_run


@pytest.fixture
def configs():
    """Two runs that differ in seed."""
    return [load_config(SMALL | {"seed": seed}) for seed in (1, 2)]


@pytest.mark.parametrize("force", [False, True])
def test_with_retry_failed_only_what_failed_before_is_to_be_done(force, configs, tmp_path):
    [_, broken] = make_plan(configs, tmp_path).runs
    broken.folder.path.mkdir(parents=True)
    (broken.folder.path / "error.txt").write_text("It broke.")
    plan = make_plan(configs, tmp_path, force=force, retry_failed=True)
    assert [run.folder for run in plan.todo] == [broken.folder]


def test_a_run_that_another_process_trains_is_not_called_interrupted(configs, tmp_path, capsys):
    plan = make_plan(configs, tmp_path)
    with plan.runs[0].folder.locked():
        print_plan(Schedule(plan, (), 1, {run: Appraisal() for run in plan.todo}), to_stdout=True)
    assert "1 running elsewhere, 1 new" in capsys.readouterr().out


def test_folds_of_one_experiment_are_not_changes_of_each_other(tmp_path):
    validation = [{"split": "folds", "folds": 2, "fold": fold} for fold in (1, 2)]
    folds = [load_config(SMALL | {"data": {"dataset": "digits", "validation": each}}) for each in validation]
    backend = make_plan(folds, tmp_path).runs[0].identity.config.runtime.backend
    finished_run(tmp_path, folds[0], dataset=UCI, backend=backend)
    assert [run.state for run in make_plan(folds, tmp_path).runs] == ["done", "new"]
    assert [run.state for run in make_plan([load_config(SMALL)], tmp_path).runs] == ["changed"]


@pytest.mark.parametrize(
    ("finished", "state"),
    [(0, "new"), *((n, f"new ({n} finished with another configuration)") for n in (1, 2))],
)
def test_the_state_of_a_run_whose_configuration_changed_is_new(finished, state, tmp_path, capsys):
    seeds = (1, 2, 3)
    for seed in seeds[:finished]:
        finished_run(tmp_path, SMALL, seed=seed, dataset=UCI)
    plan = make_plan([load_config(SMALL | {"seed": seed, "train": {"epochs": 2}}) for seed in seeds], tmp_path)
    print_plan(Schedule(plan, (), 1, {}), to_stdout=True)
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("small ")]
    assert line.split(maxsplit=2)[2].strip() == state


@pytest.mark.parametrize(
    ("failed", "where"),
    [(1, "The full error is in error.txt in its folder."), (2, "Each folder has the full error in error.txt.")],
)
def test_failed_runs_are_listed_with_the_place_of_their_errors(failed, where, configs, tmp_path, capsys):
    runs = make_plan(configs, tmp_path).runs[:failed]
    print_failures([(run, "It broke.\nHere.") for run in runs], "again")
    said = capsys.readouterr().err
    assert said.split()[:3] == ["Failed", "Error", "Folder"]
    assert where in " ".join(said.split())


def test_classes_that_were_renamed_since_are_reported_once(configs, tmp_path):
    backend = make_plan(configs, tmp_path).runs[0].identity.config.runtime.backend
    folders = [finished_run(tmp_path, config, seed=config.seed, dataset=UCI, backend=backend) for config in configs]
    assert make_plan(configs, tmp_path).notes == make_plan(configs, tmp_path / "empty").notes
    for folder in folders:
        metrics = json.loads((folder.path / "metrics.json").read_text())
        metrics["dataset"]["class_names"] = ["zero", "one", "2", "3", "4", "five", "6", "7", "8", "nine"]
        formats.write_json(folder.path / "metrics.json", metrics)
    said = [note for note in make_plan(configs, tmp_path).notes if "names" in note]
    assert said == [
        "Finished runs show the names that the classes had then: zero (now 0), one (now 1), five (now 5) and 1 more."
    ]
