"""`mnist-lab tune` itself: what it leaves, that it never tests a trial, and what it reports if it cannot continue."""

import json
import re
from pathlib import Path

import pytest

import mnist_lab
from mnist_lab import search
from mnist_lab.config.searches import load_search
from mnist_lab.errors import InputError
from mnist_lab.search import Forecast, sampler
from mnist_lab.search.record import Confirmation, Search
from mnist_lab.system.installation import extra_command
from tests.lab import Answer, good, here, lab, once
from tests.search import real, simulated
from tests.search.real import SEARCH, write


@pytest.fixture(scope="session")
def tuned(tmp_path_factory) -> tuple[Path, Answer]:
    """The folder of a search that has ended and its answer, once for all workers."""

    def make(folder: Path) -> Answer:
        write(folder)
        return good("tune", "s.yaml", "--jobs", "1", cwd=folder)

    return once(tmp_path_factory, "tuned", make)


@pytest.fixture
def record(tuned) -> Search:
    return Search.read(tuned[0] / "results" / "s")


@pytest.mark.thorough
def test_it_leaves_the_record_the_best_configuration_and_a_journal(tuned, record):
    folder = tuned[0] / "results" / "s"
    assert {"search.json", "best.yaml", "optuna.journal"} <= {path.name for path in folder.iterdir()}
    assert (record.ended, len(record.trials)) == ("trials", 4)
    best = mnist_lab.load_config(folder / "best.yaml")
    assert best.experiment == f"s/trial-{record.best:03}"
    assert best.train.optimizer.learning_rate == record.best_trial.values["train.optimizer.learning_rate"]


@pytest.mark.thorough
def test_no_trial_was_tested(tuned, record):
    for trial in record.trials:
        run = tuned[0] / "results" / "s" / trial.run
        assert not any((run / name).exists() for name in ("metrics.json", "predictions.npz", "mistakes.json"))
        assert "not tested." in (run / "log.txt").read_text()


@pytest.mark.thorough
def test_the_confirmation_has_the_base_and_the_best_with_seeds_that_no_trial_had(tuned, record):
    base, best = record.confirmation.arms
    assert (base.label, base.experiment, best.trial) == ("base", "base", record.best)
    assert base.seeds == best.seeds == (2, 3)
    assert best.difference.kind == "too few seeds"
    assert best.in_search == record.best_trial.measured("val_accuracy")
    tested = {path.parent.name.partition("-")[0] for path in (tuned[0] / "results").rglob("metrics.json")}
    assert tested == {"seed2", "seed3"}


@pytest.mark.thorough
def test_progress_says_trial_epoch_value_and_best(tuned):
    lines = [line for line in tuned[1].err.splitlines() if line.startswith("Trial ")]
    assert tuned[1].err.count("2 seeds, at least 6 needed (confirm.seeds: 6).") == 1
    assert any("epoch 1/3  val_accuracy 0." in line and line.startswith("Trial 2:") for line in lines), lines
    assert "Trial" in tuned[1].out
    assert "Best configuration: results/s/best.yaml" in tuned[1].out


@pytest.mark.thorough
def test_the_same_command_prints_the_same_again_and_trains_nothing(tuned, tmp_path):
    answer = good("tune", "s.yaml", cwd=tuned[0])
    assert answer.out == tuned[1].out
    assert answer.err.startswith("The search has ended. Confirmation of the best trial:\n")
    assert "Nothing to do: all 4 runs are finished." in answer.err


def test_a_small_search_ends_with_its_best_configuration_and_tests_no_trial(tmp_path):
    write(tmp_path, SEARCH.replace("trials: 4", "trials: 2").replace("{best: 1, seeds: 2}", "off"))
    answer = good("tune", "s.yaml", "--jobs", "1", "--epochs", "2", cwd=tmp_path)
    folder = tmp_path / "results" / "s,epochs=2"
    record = Search.read(folder)
    assert [trial.epochs for trial in record.trials] == [2, 2]
    assert f"Best configuration: {folder.relative_to(tmp_path) / 'best.yaml'}" in answer.out
    assert mnist_lab.load_config(folder / "best.yaml").name == f"trial-{record.best:03}"
    assert not list(folder.rglob("metrics.json"))


def test_training_that_takes_longer_than_the_limit_stops_after_that_epoch_and_is_refused(tmp_path):
    write(tmp_path, SEARCH.replace("trials: 4", "trials: 2") + 'where: {seconds: "<= 0.001"}\n')
    answer = lab("tune", "s.yaml", "--jobs", "1", cwd=tmp_path)
    assert answer.code == 2
    assert re.search(
        r"both trials were rejected, the last for \d+\.\d+ s of training for 1 of 3 epochs \(limit 0\.001 s\)",
        answer.err,
    )
    assert re.search(r"^Trial 2: .* epoch 1/3  rejected: ", answer.err, re.MULTILINE)
    trials = Search.read(tmp_path / "results" / "s").trials
    assert [(trial.state, trial.epochs, trial.reached) for trial in trials] == [("refused", 1, ())] * 2


@pytest.mark.thorough
def test_a_trial_that_was_beyond_the_limit_when_the_search_was_killed_is_trained_no_further(tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    def killed(*_):
        raise Killed

    write(tmp_path, SEARCH.replace("trials: 4", "trials: 1") + 'where: {seconds: "<= 0.001"}\n')
    declared, results = load_search(tmp_path / "s.yaml"), tmp_path / "results"
    with monkeypatch.context() as before:
        before.setattr("mnist_lab.search.tuner.Tuner.ended", killed)
        with pytest.raises(Killed):
            search.tune(declared, results, jobs=1)
    [history] = results.rglob("history.jsonl")
    left = history.read_bytes()
    with pytest.raises(InputError, match="No trial is within the limits"):
        search.tune(declared, results, jobs=1)
    assert history.read_bytes() == left
    [trial] = Search.read(results / "s").trials
    assert (trial.state, trial.epochs) == ("refused", 1)


def test_bad_input_ends_with_code_2_before_anything_is_written(tmp_path):
    write(tmp_path, SEARCH.replace("0.5", "1.5"))
    answer = here("tune", "s.yaml", cwd=tmp_path, code=2)
    assert "s.yaml:2:98: model.dropout: expected less than 1, received 1.5" in answer.err
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_a_sampler_that_is_not_installed_is_reported_with_what_to_install_before_anything_is_written(
    options, tmp_path, monkeypatch
):
    monkeypatch.setattr(sampler, "find_spec", lambda name: None if name == "torch" else object())
    monkeypatch.chdir(tmp_path)
    write(tmp_path, SEARCH + "sampler: gp\n")
    answer = here("tune", "s.yaml", *options, cwd=tmp_path, code=2)
    assert "sampler: gp needs PyTorch, which is not installed." in answer.err
    assert extra_command("torch") in answer.err
    assert "Or choose the sampler tpe." in answer.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base.yaml", "s.yaml"]


def test_a_cluster_whose_jobs_wait_in_a_queue_is_refused_with_a_way_out(tmp_path):
    write(tmp_path)
    answer = here("tune", "s.yaml", "--cluster", "slurm", cwd=tmp_path, code=2)
    assert "chooses each trial by the results of earlier ones" in answer.err
    assert "start Dask workers in SLURM jobs" in answer.err


@pytest.mark.thorough
def test_a_layer_that_cannot_fit_names_its_line(tmp_path):
    layers = "[{conv: {filters: 2, kernel: {int: [2, 40]}}}, flatten, {dense: {units: classes, activation: softmax}}]"
    write(tmp_path, f"space: {{model: {{choice: [{{kind: cnn, layers: {layers}}}, {{kind: mlp, nodes: [4]}}]}}}}\n"
          "budget: {trials: 3}\n")  # fmt: skip
    answer = lab("tune", "s.yaml", cwd=tmp_path)
    assert answer.code == 2
    assert "s.yaml:2:85: model.layers[0].conv.kernel 40: model.layers[0].conv" in answer.err, answer.err
    assert not (tmp_path / "results" / "s").exists()


@pytest.mark.thorough
def test_a_dry_run_counts_and_estimates_and_writes_nothing(tmp_path):
    write(tmp_path)
    answer = good("tune", "s.yaml", "--dry-run", "--json", cwd=tmp_path)
    facts = json.loads(answer.out)
    assert (facts["trials"], facts["confirming"]) == (4, 4)
    assert facts["seconds"] > 0
    assert not (tmp_path / "results").exists()


@pytest.mark.thorough
def test_if_all_trials_fail_it_stops_after_five_and_says_why(tmp_path):
    write(tmp_path, "space: {train.optimizer: {choice: [{name: sgd, learning_rate: {uniform: [1e30, 1e31]}}, "
          "{name: sgd, learning_rate: {uniform: [1e32, 1e33]}}]}}\nbudget: {trials: 20}\n")  # fmt: skip
    answer = lab("tune", "s.yaml", "--jobs", "1", cwd=tmp_path)
    assert answer.code == 1
    assert "The first trials have all failed: The loss became NaN in epoch 1" in answer.err
    assert len(list((tmp_path / "results" / "s").glob("trial-*"))) == 5


@pytest.mark.thorough
def test_killed_at_any_moment_it_ends_with_the_same_trials(tmp_path, tuned):
    whole = real.evidence(tuned[0])
    write(tmp_path)
    for moment in range(3):
        real.kill_after_epochs(tmp_path, 1 + 2 * moment)
    good("tune", "s.yaml", "--jobs", "1", cwd=tmp_path)
    assert real.evidence(tmp_path) == whole


def test_a_search_that_is_interrupted_leaves_its_page_so_far(tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    nothing = Forecast(4, 0.0, 4, 0.0, 1, "", ())
    monkeypatch.setattr("mnist_lab.search.pipeline.forecast", lambda *_: nothing)
    monkeypatch.setattr("mnist_lab.search.pipeline.launch_from", interrupted)
    write(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        search.tune(load_search(tmp_path / "s.yaml"), tmp_path / "results", jobs=1)
    page = (tmp_path / "results" / "s" / "search.html").read_text(encoding="utf-8")
    assert "The search has not ended; the same command continues it." in page


def test_a_confirmation_that_is_interrupted_leaves_a_record_that_says_what_the_page_says(tmp_path, monkeypatch):
    file = simulated.write(tmp_path)
    ended = simulated.search(file).record
    folder = tmp_path / "results" / "s"
    ended.model_copy(update={"confirmation": Confirmation(seeds=(2,), arms=())}).write(folder)

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("mnist_lab.search.pipeline.sweeps.sweep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        search.tune(load_search(file), tmp_path / "results", jobs=1)
    assert "The confirmation is still to come" in (folder / "search.html").read_text(encoding="utf-8")
    assert Search.read(folder).confirmation is None
