"""A run that stops at an epoch is neither tested nor finished, and continues as if it had never stopped."""

import pytest

from mnist_lab import experiment
from mnist_lab.datasets import load
from mnist_lab.errors import TrainingError
from mnist_lab.experiment import identify
from tests.experiment.small_run import Notes, config_of, evidence

UNTESTED = {"config.yaml", "environment.json", "history.jsonl", "log.txt", "checkpoint.npz"}


def folder_of(results, config):
    return identify(config, load(config.data), results).folder


@pytest.mark.every_backend
def test_stopping_at_epochs_changes_no_bit_even_of_a_schedule_over_all_epochs(tmp_path):
    config = config_of(train__epochs=4, train__schedule=[{"one_cycle": {"peak": 0.01}}])
    whole = experiment.run(config, results=tmp_path / "whole")
    parts = tmp_path / "parts"
    for until in (1, 3, 4):
        experiment.advance(config, until=until, results=parts)
        assert len(folder_of(parts, config).read_history()) == until
    assert evidence(experiment.run(config, results=parts)) == evidence(whole)


def test_a_stopped_run_is_not_tested_even_after_its_last_epoch(tmp_path):
    config = config_of()
    folder = folder_of(tmp_path, config)
    for until in (1, 2):
        experiment.advance(config, until=until, results=tmp_path)
        assert {file.name for file in folder.path.iterdir() if not file.name.startswith(".")} == UNTESTED
        assert (folder.finished, folder.interrupted) == (False, True)
    assert "Stopped after epoch 2 of 2, not tested." in (folder.path / "log.txt").read_text()


def test_a_run_that_has_come_that_far_trains_nothing(tmp_path):
    config, said = config_of(), Notes()
    for _ in range(2):
        experiment.advance(config, until=1, results=tmp_path, observer=said)
    assert said.trained == [1]


def test_the_history_shows_that_training_ended_early(tmp_path):
    stops = {"monitor": "val_loss", "patience": 1, "min_delta": 10}
    config = config_of(train__early_stopping=stops, train__epochs=4)
    experiment.advance(config, until=4, results=tmp_path)
    assert len(folder_of(tmp_path, config).read_history()) == 2
    assert folder_of(tmp_path, config).interrupted


def test_a_loss_that_is_not_finite_is_still_a_failure(tmp_path):
    config = config_of(train__optimizer={"name": "sgd", "learning_rate": 1e30}, train__schedule=[])
    with pytest.raises(TrainingError):
        experiment.advance(config, until=2, results=tmp_path)
    assert folder_of(tmp_path, config).failed
