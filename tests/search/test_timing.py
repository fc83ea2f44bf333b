"""The limit on training time: what is refused, when and why, and what a refused trial still counts for."""

import pytest

from mnist_lab.errors import InputError
from mnist_lab.search import pipeline
from mnist_lab.search.record import Limit
from mnist_lab.search.timing import expected_seconds, judged
from mnist_lab.sweeps import Outcome
from tests.search import simulated
from tests.search.records import of_accuracy
from tests.search.simulated import SPACE, search, tuner_of, write

# 9 epochs of 8, 4 and 2 nodes take 8.2, 4.6 and 2.8 s.
TO_THE_END = SPACE + 'budget: {trials: 9}\nwhere: {seconds: "<= 5"}\n'
AT_RUNGS = SPACE + 'budget: {trials: 12}\nwhere: {seconds: "<= 5"}\nconfirm: {best: 2}\n'


def history(*seconds: float) -> list[dict]:
    return [{"epoch": epoch, "seconds": each} for epoch, each in enumerate(seconds, start=1)]


def limited(most: float, *, epochs: int = 9):
    record = of_accuracy()
    budget = record.budget.model_copy(update={"epochs": epochs})
    return record.model_copy(update={"limits": (Limit(measure="seconds", most=most),), "budget": budget})


def slow(found) -> list:
    return [trial for trial in found.record.trials if trial.values["model.nodes"] == "8"]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [((3.0,), None), ((3.0, 1.0), 11.0), ((3.0, 1.0, 1.5, 1.2), 12.7), ((3.0, 1.5, 1.0), 11.5), ((1.0,) * 9, 9.0)],
)
def test_the_epochs_to_come_take_as_long_as_the_median_one_without_the_first_which_compiles(seconds, expected):
    assert expected_seconds(history(*seconds), 9) == expected


@pytest.mark.parametrize(
    ("seconds", "most", "ended", "reason"),
    [
        ((2.0, 1.0), 9, False, "about 10.0 s of training for 9 epochs (limit 9 s): the first 2 took 3.0 s."),
        ((5.0, 5.0, 5.0), 14.5, False, "15.0 s of training for 3 of 9 epochs (limit 14.5 s)."),
        ((5.0, 5.0, 5.0), 14.5, True, "15.0 s of training for 3 epochs (limit 14.5 s)."),
        ((60.02,), 60, True, "60.020 s of training for 1 epoch (limit 60 s)."),
    ],
)
def test_a_reason_states_the_numbers_with_digits_that_show_the_excess(seconds, most, ended, reason):
    changes = judged(limited(most), history(*seconds), ended=ended)
    assert (changes["state"], changes["reason"], changes["reached"]) == ("refused", reason, ())


def test_training_that_ended_early_counts_as_long_as_it_was():
    assert judged(limited(9), history(2.0, 1.0), ended=True) == {"expected_seconds": 3.0}


def test_exactly_the_limit_is_allowed_and_without_a_limit_nothing_is_refused():
    assert "state" not in judged(limited(10), history(2.0, 1.0), ended=False)
    assert judged(of_accuracy(), history(100.0, 100.0), ended=False) == {}


def test_a_trial_whose_training_would_take_too_long_is_refused_at_a_rung(tmp_path):
    found = search(write(tmp_path, AT_RUNGS + "promote: {first: 2, factor: 2}\n"))
    assert slow(found)
    assert {(trial.state, trial.epochs, trial.reached, trial.expected_seconds) for trial in slow(found)} == {
        ("refused", 2, (), 8.2)
    }
    assert slow(found)[0].reason == "about 8.2 s of training for 9 epochs (limit 5 s): the first 2 took 2.6 s."
    assert {trial.state for trial in found.record.trials if trial not in slow(found)} <= {"stopped", "finished"}


def test_after_one_epoch_nothing_is_refused_for_its_estimated_time(tmp_path):
    found = search(write(tmp_path, AT_RUNGS + "promote: {first: 1, factor: 3}\n"))
    assert {(trial.state, trial.epochs) for trial in slow(found)} <= {("stopped", 1), ("refused", 3)}
    assert ("refused", 3) in {(trial.state, trial.epochs) for trial in slow(found)}


def test_without_rungs_training_stops_after_the_epoch_that_is_too_much(tmp_path):
    found = search(write(tmp_path, TO_THE_END))
    assert {(trial.state, trial.epochs, trial.reason) for trial in slow(found)} == {
        ("refused", 6, "5.8 s of training for 6 of 9 epochs (limit 5 s).")
    }


@pytest.mark.parametrize("promote", ["off", "{first: 2, factor: 2}", "{first: 1, factor: 3}"])
def test_a_refused_trial_is_never_the_best_nor_confirmed_and_keeps_no_checkpoint(tmp_path, promote):
    found = search(write(tmp_path, f"{AT_RUNGS}promote: {promote}\n"))
    refused = {trial.number for trial in found.record.trials if trial.state == "refused"}
    assert refused
    assert found.record.best not in refused
    assert refused.isdisjoint(trial.number for trial in found.best)
    for trial in found.record.trials:
        if trial.number in refused:
            assert not (found.folder / trial.run / "checkpoint.npz").exists()
            assert len((found.folder / trial.run / "history.jsonl").read_text().splitlines()) == trial.epochs


def test_a_refused_trial_is_not_on_the_front(tmp_path):
    text = AT_RUNGS + "promote: {first: 2, factor: 2}\nobjective: {maximize: val_accuracy, minimize: parameters}\n"
    record = search(write(tmp_path, text)).record
    assert record.front
    assert not {trial.number for trial in record.trials if trial.state == "refused"} & set(record.front)


def test_a_refused_trial_counts_towards_the_budget_as_it_was_trained(tmp_path):
    record = search(write(tmp_path, TO_THE_END)).record
    assert any(trial.state == "refused" for trial in record.trials)
    assert (len(record.trials), record.ended) == (9, "trials")


def test_what_was_decided_stays_so_when_the_search_continues(tmp_path):
    file = write(tmp_path, AT_RUNGS + "promote: {first: 2, factor: 2}\n")
    before = search(file)
    for trial in slow(before):  # the machine is faster by now
        folder = before._run(trial).folder
        folder.write_history([{**epoch, "seconds": 0.1} for epoch in folder.read_history()])
    file.write_text(file.read_text().replace("trials: 12", "trials: 15"))
    after = search(file).record
    assert [(trial.state, trial.reason) for trial in slow(before)] == [
        (trial.state, trial.reason) for trial in after.trials if trial.number in {one.number for one in slow(before)}
    ]


def test_a_request_to_stop_decides_nothing_before_the_limit(tmp_path):
    found = tuner_of(write(tmp_path, TO_THE_END))
    run, task = found.next()
    simulated.outcome_of(run, task)
    run.folder.write_history(run.folder.read_history()[:2])
    found.ended(run, Outcome("stopped"))
    assert found.trials[1].state == "running"


def test_if_all_are_refused_the_last_reason_is_given(tmp_path):
    found = search(write(tmp_path, TO_THE_END.replace("<= 5", "<= 0.001")))
    assert found.best == []
    with pytest.raises(
        InputError, match=r"all 9 trials were rejected, the last for 1\.\d s of training for 1 of 9 epochs \(limit 0"
    ):
        pipeline._check_success(found)
