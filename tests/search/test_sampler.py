"""Proposals of values, and the journal that optuna-dashboard opens."""

import math
import subprocess
import sys

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from mnist_lab.config.document import frozen, parse
from mnist_lab.config.searches import SearchFile, Space
from mnist_lab.errors import SetupError
from mnist_lab.search import sampler
from mnist_lab.search.journal import write_journal
from mnist_lab.search.record import Limit, Objective, Reached, Trial
from mnist_lab.search.sampler import Sampler
from tests.lab import environment
from tests.search.records import of_accuracy

TEXT = """\
base: x
budget: {trials: 5}
space:
  rate: {log_uniform: [1e-4, 1e-1]}
  model:
    choice:
      - {kind: mlp, nodes: {int: [2, 9]}, dropout: {uniform: [0, 0.5]}}
      - {kind: cnn, filters: {choice: [4, 8, 16]}}
"""
SPACE = Space(SearchFile.model_validate(frozen(parse(TEXT, "s.yaml").value)).space)
ACCURACY = (Objective(direction="maximize", measure="val_accuracy"),)
TRADEOFF = (*ACCURACY, Objective(direction="minimize", measure="parameters"))
LIMITS = (Limit(measure="parameters", most=70),)


def trials_of(kind: str, number: int, *, seed=1, objectives=ACCURACY) -> list[Trial]:
    """The first trials of a search: some are in progress, have failed or were refused, all others wait at a rung."""
    asking, trials = Sampler(kind, SPACE, objectives, LIMITS, seed), []
    for n in range(1, number + 1):
        values = asking.ask(n, trials)
        size = 10 * values.get("model.nodes", 3)
        known = {"number": n, "values": values, "parameters": size}
        at = Reached(epoch=1, val_accuracy=0.9 - abs(math.log10(values["rate"]) + 2) / 10, val_loss=None, clock=0.0)
        if size > 70:
            trials.append(Trial(**known, state="refused"))
        elif n % 9 == 0:
            trials.append(Trial(**known, state="failed"))
        elif n == number - 1:
            trials.append(Trial(**known, state="running"))
        else:
            trials.append(Trial(**known, state="stopped", reached=(at,)))
    return trials


@pytest.mark.parametrize("objectives", [ACCURACY, TRADEOFF], ids=["one", "two"])
@pytest.mark.parametrize("kind", ["tpe", "random"])
def test_a_proposal_has_a_value_in_range_for_what_exists_and_for_nothing_else(kind, objectives):
    for trial in trials_of(kind, 30, objectives=objectives):
        values = trial.values
        assert values.keys() == {each.name for each in SPACE.dimensions if SPACE.exists(each, values)}
        for each in SPACE.dimensions:
            if each.name in values:
                inside = values[each.name] in each.labels if each.labels else None
                assert inside if inside is not None else each.bounds[0] <= values[each.name] <= each.bounds[1]
        assert isinstance(values.get("model.nodes", 2), int)


@given(st.permutations(range(14)))
def test_a_proposal_follows_from_the_seed_the_number_and_the_trials_alone(order):
    trials = trials_of("tpe", 14)
    again = Sampler("tpe", SPACE, ACCURACY, LIMITS, 1)
    assert again.ask(15, [trials[i] for i in order]) == again.ask(15, trials)


def test_seeds_numbers_and_attempts_give_different_proposals():
    asked = [Sampler("random", SPACE, ACCURACY, (), seed).ask(number, [], attempt)
             for seed, number, attempt in ((1, 1, 0), (2, 1, 0), (1, 2, 0), (1, 1, 1))]  # fmt: skip
    assert len({str(values) for values in asked}) == 4


def test_tpe_comes_to_prefer_what_is_good():
    rates = [abs(math.log10(trial.values["rate"]) + 2) for trial in trials_of("tpe", 60)]
    assert sum(rates[-20:]) < 0.6 * sum(rates[:20])


def test_tpe_comes_to_avoid_what_is_refused():
    states = [trial.state for trial in trials_of("tpe", 60)]
    assert states[-20:].count("refused") <= states[:20].count("refused")


def test_every_trial_has_the_same_constraints_and_one_that_takes_too_long_violates_its_own():
    limits = (*LIMITS, Limit(measure="seconds", most=60))
    at = Reached(epoch=1, val_accuracy=0.9, val_loss=None, clock=0.0)
    known = {"values": {"rate": 1e-3, "model": "cnn", "model.filters": "4"}, "parameters": 35}
    asking = Sampler("tpe", SPACE, ACCURACY, limits, 1)
    trials = [
        Trial(number=1, **known, state="stopped", seconds=7.0, reached=(at,)),
        Trial(number=2, **known, state="finished", seconds=30.0, expected_seconds=30.0, reached=(at,)),
        Trial(number=3, **known, state="refused", epochs=2, seconds=15.0, expected_seconds=90.0),
        Trial(number=4, **known, state="refused", epochs=1, seconds=66.0),
        Trial(number=5, **known | {"parameters": 140}, state="refused"),
    ]
    found = [trial.constraints for trial in asking.frozen(trials)]
    assert [each["seconds"] for each in found] == pytest.approx([7 / 60 - 1, -0.5, 0.5, 0.1, -1])
    assert [each["parameters"] for each in found] == pytest.approx([-0.5, -0.5, -0.5, -0.5, 1])


@pytest.mark.parametrize(("missing", "kind", "extra"), [("optuna", "tpe", "tune"), ("torch", "gp", "torch")])
def test_a_package_that_a_sampler_needs_and_is_missing_is_named_with_its_extra(monkeypatch, missing, kind, extra):
    monkeypatch.setattr(sampler, "find_spec", lambda name: None if name == missing else object())
    with pytest.raises(SetupError) as caught:
        sampler.check_installed(kind)
    assert extra in (caught.value.hint or "")


def test_optuna_is_imported_without_its_warning_in_a_notebook():
    script = (
        "import ipykernel.zmqshell; from mnist_lab.search.sampler import check_installed; check_installed('tpe');"
        "import optuna, tqdm.auto; optuna.samplers"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment(), capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_a_journal_has_every_trial_as_optuna_knows_it(tmp_path):
    record = of_accuracy()
    space = Space(
        SearchFile.model_validate(
            {
                "base": "x",
                "budget": {"trials": 1},
                "space": {
                    "train.optimizer.learning_rate": {"log_uniform": (1e-4, 1e-2)},
                    "model.dropout": {"uniform": (0, 0.5)},
                    "model.nodes": {"choice": ((256, 256), (512, 512), (1024,))},
                },
            }
        ).space
    )
    asking = Sampler("tpe", space, record.objectives, record.limits, record.seed)
    file = write_journal(tmp_path, record, asking)
    study = optuna.load_study(study_name="mlp", storage=JournalStorage(JournalFileBackend(str(file))))
    names = {"finished": "COMPLETE", "stopped": "PRUNED", "failed": "FAIL"}
    assert [trial.state.name for trial in study.trials] == [names[trial.state] for trial in record.trials]
    assert study.best_trial.number + 1 == record.best
    assert study.best_trial.intermediate_values.keys() == {2, 6, 20}
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_a_journal_is_written_without_messages_from_optuna(tmp_path, capfd):
    optuna.logging.set_verbosity(optuna.logging.INFO)
    asking = Sampler("tpe", Space({}), ACCURACY, (), 1)
    write_journal(tmp_path, of_accuracy().model_copy(update={"trials": ()}), asking)
    assert capfd.readouterr().err == ""
