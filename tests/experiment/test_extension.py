"""A run of more epochs begins where a finished run of fewer ended, and ends with the same bits as one never stopped."""

import hashlib
import json
import shutil
from contextlib import suppress

import numpy as np
import pytest

from mnist_lab import datasets, experiment
from mnist_lab.experiment import identify
from mnist_lab.runs import formats
from mnist_lab.system.signals import Interruption
from tests.experiment.small_run import Notes, config_of, evidence


def kept(**changes):
    """The recipe, which keeps its last checkpoint."""
    return config_of(runtime__keep_checkpoint=True, **changes)


def train(results, stop_after=None, **changes):
    """Train the recipe; return the run and its notes."""
    said = Notes(stop_after)
    return experiment.run(kept(**changes), results=results, observer=said), said


def digest(folder):
    """The hashes of all files in a folder."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir() if file.is_file()}


def everything(run):
    """What must not depend on where the training was cut, with the figures of batches and the state at the end."""
    arrays = {name: values.tobytes() for name, values in formats.read_arrays(run.folder.path / "batches.npz").items()}
    end = {
        name: values.tobytes()
        for name, values in formats.read_arrays(run.folder.path / "last_checkpoint.npz").items()
        if name not in ("history", "continues")
    }
    return evidence(run), arrays, end


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A finished run of two epochs that kept its last checkpoint; its results folder is to be copied."""
    results = tmp_path_factory.mktemp("short")
    train(results)
    return results


@pytest.fixture
def results(short, tmp_path):
    return shutil.copytree(short, tmp_path / "results")


def base_of(results):
    [folder] = (results / "small").iterdir()
    return folder


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """A run of four epochs that was never stopped."""
    return train(tmp_path_factory.mktemp("straight"), train__epochs=4)[0]


@pytest.fixture(scope="module")
def extended(short, tmp_path_factory):
    """The run of two epochs extended to four, its notes, and the base with the hashes of its files from before."""
    results = shutil.copytree(short, tmp_path_factory.mktemp("extended") / "results")
    base = base_of(results)
    before = digest(base)
    return *train(results, train__epochs=4), base, before


@pytest.mark.every_backend
def test_it_ends_with_the_bits_of_a_run_that_was_never_stopped(extended, straight):
    longer, said, base, _ = extended
    assert said.trained == [3, 4]
    assert said.notes == [f"Continuing from the end of {base} after epoch 2."]
    assert everything(longer) == everything(straight)


def test_history_and_seconds_are_those_of_both_runs_and_the_base_stays_as_it_is(extended):
    longer, _, base, before = extended
    first = [json.loads(line) for line in (base / "history.jsonl").read_text().splitlines()]
    assert longer.history[:2] == first
    assert longer.metrics["run"]["continues"] == {"id": base.name, "epochs": 2}
    assert longer.metrics["seconds"]["train"] == pytest.approx(sum(record["seconds"] for record in longer.history))
    assert longer.metrics["seconds"]["total"] > sum(record["seconds"] for record in first)
    assert "Continuing from the end of" in (longer.folder.path / "log.txt").read_text()
    assert digest(base) == before


@pytest.mark.thorough
def test_an_interrupted_extension_resumes_and_still_says_what_it_continues(results, straight):
    base = base_of(results)
    with pytest.raises(Interruption):
        train(results, stop_after=1, train__epochs=4)
    longer, said = train(results, train__epochs=4)
    assert said.trained == [4]
    assert longer.metrics["run"]["continues"] == {"id": base.name, "epochs": 2}
    assert everything(longer) == everything(straight)


@pytest.mark.thorough
def test_a_run_that_stopped_early_does_not_change(tmp_path):
    stopping = {"train__early_stopping": {"monitor": "val_loss", "patience": 1, "min_delta": 100.0}}
    short, _ = train(tmp_path, **stopping, train__epochs=4)
    longer, said = train(tmp_path, **stopping, train__epochs=6)
    assert said.trained == []
    assert any("stopped early; more epochs do not change it" in note for note in said.notes)
    assert everything(longer) == everything(short)


def begin(results, **changes):
    """Train only the first epoch; return the notes."""
    said = Notes(stop_after=1)
    with suppress(Interruption):
        experiment.run(kept(**changes), results=results, observer=said)
    return said


@pytest.mark.parametrize("schedule", [{"cosine": 0.1}, {"one_cycle": {"peak": 0.01}}], ids=["cosine", "one_cycle"])
def test_if_the_schedule_depends_on_the_number_of_epochs_it_begins_anew_and_says_so(schedule, results):
    changes = {"train__schedule": [schedule]}
    base = base_of(results).rename(identify(kept(**changes), datasets.load("digits"), results).folder.path)
    said = begin(results, **changes, train__epochs=3)
    assert said.trained == [1]
    why = f"train.schedule: {next(iter(schedule))} depends on the number of epochs"
    assert said.notes == [f"Starting from the beginning, not from the end of {base}: {why}."]


def forget_checkpoint(folder):
    (folder / "last_checkpoint.npz").unlink()


def damage_checkpoint(folder):
    (folder / "last_checkpoint.npz").write_bytes(b"PK nothing")


def damage_metrics(folder):
    (folder / "metrics.json").write_text("{}")


def other_checkpoint(folder):
    arrays = dict(np.load(folder / "last_checkpoint.npz"))
    np.savez(folder / "last_checkpoint.npz", **{name: a for name, a in arrays.items() if name != "optimizer_0"})


def other_version(folder):
    file = folder / "environment.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"keras": "3.0.0"}))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (forget_checkpoint, "its last checkpoint was not kept (runtime.keep_checkpoint: true keeps it)"),
        (damage_checkpoint, "last_checkpoint.npz: damaged"),
        (damage_metrics, "metrics.json: damaged"),
        (other_checkpoint, "last_checkpoint.npz: cannot be used ('optimizer_0' is missing)"),
        (other_version, "it was trained with keras 3.0.0; this run uses 3."),
    ],
)
def test_a_base_that_is_damaged_or_of_another_environment_is_not_continued(change, reason, results):
    change(base_of(results))
    said = begin(results, train__epochs=3)
    assert said.trained == [1]
    [note] = said.notes
    assert note.startswith("Starting from the beginning, not from the end of ")
    assert reason in note


@pytest.mark.parametrize("change", [{"seed": 2}, {"train__batch_size": 60}, {"model__dropout": 0.1}])
def test_a_run_that_differs_in_more_than_its_epochs_is_not_continued(change, results):
    said = begin(results, train__epochs=3, **change)
    assert said.trained == [1]
    assert said.notes == []


def test_with_force_it_is_trained_from_the_beginning(results):
    said = Notes(stop_after=1)
    with pytest.raises(Interruption):
        experiment.run(kept(train__epochs=3), results=results, observer=said, force=True)
    assert said.trained == [1]


def test_a_finished_run_without_a_checkpoint_says_that_none_can_be_kept_now(results):
    assert train(results)[1].notes == []
    forget_checkpoint(base_of(results))
    run, said = train(results)
    assert not run.fresh
    [note] = said.notes
    assert note.startswith("runtime.keep_checkpoint: this finished run was trained without it")
