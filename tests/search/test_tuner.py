"""What a search trains next, and that it decides the same after it was killed."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab.errors import DamagedError, InputError
from mnist_lab.search import tuner
from mnist_lab.search.promotion import rungs
from mnist_lab.sweeps import Outcome
from tests.search import simulated
from tests.search.simulated import SEARCH, SPACE, Killed, search, tuner_of, without_clock, write

SHORT = SEARCH.replace("trials: 12", "trials: 7")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted search."""
    return search(write(tmp_path_factory.mktemp("whole"))).record


def epochs_of(record) -> list[int]:
    return [trial.epochs for trial in record.trials]


def test_a_third_goes_on_from_each_rung_and_as_many_as_are_confirmed_reach_the_end(whole):
    assert whole.promotion.rungs == rungs(1, 3, 9) == (1, 3)
    assert (len(whole.trials), whole.ended) == (12, "trials")
    at_3, at_9 = (sum(epochs >= rung for epochs in epochs_of(whole)) for rung in (3, 9))
    assert 4 <= at_3 <= 6
    assert at_9 >= whole.confirm.best
    assert [trial.state for trial in whole.trials if trial.epochs == 9] == ["finished"] * at_9
    assert all(trial.state == "stopped" for trial in whole.trials if trial.epochs < 9)


def test_those_that_go_on_from_a_rung_are_better_there_than_those_that_wait_when_it_ends(whole):
    first = {trial.number: trial.reached[0].val_accuracy for trial in whole.trials}
    best_four = sorted(first, key=lambda number: -first[number])[:4]
    assert all(trial.epochs > 1 for trial in whole.trials if trial.number in best_four)


def test_trials_that_were_trained_to_the_end_keep_no_checkpoint_and_those_that_wait_do(tmp_path):
    found = search(write(tmp_path))
    for trial in found.record.trials:
        checkpoint = found.folder / trial.run / "checkpoint.npz"
        assert checkpoint.exists() == (trial.state == "stopped"), trial.number


def test_without_promotion_all_are_trained_to_the_end(tmp_path):
    record = search(write(tmp_path, SPACE + "budget: {trials: 4, epochs: 5}\npromote: off\n")).record
    assert (record.promotion, epochs_of(record)) == (None, [5] * 4)


@pytest.fixture(scope="module", params=["", 'where: {seconds: "<= 5"}\n'], ids=["", "limited"])
def short(request, tmp_path_factory):
    """A search file and the resulting record."""
    text = SHORT + request.param
    return text, search(write(tmp_path_factory.mktemp("short"), text)).record


@given(kills=st.lists(st.integers(0, 24).map(lambda n: n / 2), min_size=1, max_size=3))
def test_killed_at_any_moment_it_ends_with_the_same_trials(short, kills):
    text, whole = short
    with tempfile.TemporaryDirectory() as folder:
        file = write(Path(folder), text)
        for moment in kills:
            try:
                search(file, kill_after=moment)
            except Killed:
                continue
        assert without_clock(search(file).record) == without_clock(whole)


def test_a_search_that_has_ended_has_nothing_more_to_train_and_keeps_its_record(tmp_path):
    file = write(tmp_path)
    first = search(file).record
    found = tuner_of(file)
    assert (found.ended_by, found.next()) == ("trials", None)
    assert found.record == first


def test_a_larger_budget_goes_on_with_the_trials_that_are_there(tmp_path):
    file = write(tmp_path, SEARCH.replace("trials: 12", "trials: 6"))
    before = search(file).record
    file.write_text(file.read_text().replace("trials: 6", "trials: 9"))
    after = search(file).record
    assert len(after.trials) == 9
    assert [trial.values for trial in after.trials[:6]] == [trial.values for trial in before.trials]


def test_several_trials_at_a_time_are_all_different(tmp_path):
    record = search(write(tmp_path), jobs=4).record
    assert len({str(trial.values) for trial in record.trials}) == len(record.trials) == 12


def test_no_trial_is_promoted_for_lack_of_rivals_while_some_are_still_on_their_way_to_the_rung(tmp_path):
    found = tuner_of(write(tmp_path, SPACE + "budget: {trials: 2}\npromote: {first: 3}\nconfirm: {best: 1}\n"))
    first, second = found.next(), found.next()
    assert first
    assert second
    found.ended(first[0], simulated.outcome_of(*first))
    assert found.next() is None
    found.ended(second[0], simulated.outcome_of(*second))
    run, task = found.next()
    assert task.until == 9
    values = {trial.number: trial.reached[0].val_accuracy for trial in found.trials.values()}
    assert run.identity.config.name == f"trial-{max(values, key=values.get):03}"


def test_what_the_limits_refuse_is_not_trained_and_does_not_count(tmp_path):
    record = search(write(tmp_path, SEARCH + 'where: {parameters: "<= 500"}\n')).record
    refused = [trial for trial in record.trials if trial.state == "refused"]
    assert refused
    assert len(record.trials) == 12 + len(refused)
    assert {(trial.values["model.nodes"], trial.epochs, trial.run) for trial in refused} == {("8", 0, None)}
    assert {trial.values["model.nodes"] for trial in record.trials if trial.state != "refused"} <= {"2", "4"}


def test_a_search_ends_if_the_limits_leave_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(tuner, "REFUSALS", 20)
    ended = search(write(tmp_path, SEARCH + 'where: {parameters: "< 10"}\n'))
    assert len(ended.trials) == 20
    assert "20 in a row were rejected, the last for" in ended.refusing


def test_a_search_ends_after_five_failures_and_says_what_they_have_in_common(tmp_path):
    file = write(tmp_path, SEARCH.replace("[1e-4, 1e-1]", "[0.095, 0.1]"))
    found = search(file, jobs=2)
    assert len(found.trials) <= 6
    assert found.failing.startswith("The loss became nan in epoch 1.\n  trial 1 (learning_rate 0.09")
    assert tuner_of(file).next() is None


def test_after_a_success_failures_do_not_end_it(tmp_path):
    found = search(write(tmp_path, SEARCH.replace("[1e-4, 1e-1]", "[0.08, 0.1]")))
    states = [trial.state for trial in found.record.trials]
    assert (len(states), found.failing) == (12, "")
    assert states.count("failed") > 1


def test_a_space_of_a_few_configurations_is_exhausted_without_trying_one_twice(tmp_path):
    record = search(write(tmp_path, "space: {model.nodes: {choice: [[2], [4], [8]]}}\nbudget: {trials: 9}\n")).record
    assert sorted(str(trial.values["model.nodes"]) for trial in record.trials) == ["2", "4", "8"]
    assert record.ended == "space"
    assert (record.points, record.most_trials) == (3, 3)


def test_every_configuration_of_a_space_is_tried_before_it_counts_as_exhausted(tmp_path, monkeypatch):
    monkeypatch.setattr(tuner, "ATTEMPTS", 1)
    text = "space: {model.nodes: {choice: [[2], [4], [8]]}, train.batch_size: {int: [8, 17]}}\nbudget: {trials: 40}\n"
    assert len(search(write(tmp_path, text)).record.trials) == 30


def test_an_exhausted_space_is_still_exhausted_after_a_restart(tmp_path):
    file = write(tmp_path, "space: {model.nodes: {choice: [[2], [4], [8]]}}\nbudget: {trials: 9}\n")
    assert tuner_of(file).to_begin == 3
    search(file)
    assert (tuner_of(file).ended_by, tuner_of(file).to_begin) == ("space", 0)


def test_a_budget_that_takes_the_whole_space_has_ended_the_search_also_after_a_restart(tmp_path):
    file = write(tmp_path, "space: {model.nodes: {choice: [[2], [4], [8]]}}\nbudget: {trials: 3}\n")
    record = search(file).record
    assert record.ended == tuner_of(file).ended_by == "trials"
    assert (record.points, record.most_trials) == (None, 3)


def test_when_the_time_is_up_nothing_begins_and_those_in_progress_are_asked_to_stop(tmp_path):
    found = tuner_of(write(tmp_path, SPACE + "budget: {minutes: 1}\n"))
    assert (found.over, found.ended_by) == ("", None)
    assert found.next()
    found._before = 60.0
    assert found.over == "The time budget is used up."
    assert (found.next(), found.ended_by) == (None, "minutes")


def test_training_that_stopped_early_is_at_its_end(tmp_path):
    def work(run, task) -> Outcome:
        outcome = simulated.outcome_of(run, task)
        run.folder.write_history(run.folder.read_history()[:2])
        return outcome

    record = search(write(tmp_path, SPACE + "budget: {trials: 3, epochs: 8}\n"), work=work).record
    assert [(trial.state, trial.epochs) for trial in record.trials] == [("finished", 2)] * 3


def test_two_objectives_yield_the_front_of_those_trained_to_the_end(tmp_path):
    text = SEARCH + "objective: {maximize: val_accuracy, minimize: parameters}\n"
    record = search(write(tmp_path, text)).record
    ends = {trial.number: trial for trial in record.trials if trial.state == "finished"}
    assert record.front
    assert set(record.front) <= set(ends)
    assert record.best == record.front[0]
    for number in record.front:
        mine = ends[number]
        assert not any(
            other.measured("val_accuracy") >= mine.measured("val_accuracy") and other.parameters < mine.parameters
            for other in ends.values()
        )


def test_the_loss_can_be_the_objective(tmp_path):
    record = search(write(tmp_path, SEARCH + "objective: {minimize: val_loss}\n")).record
    ends = [trial for trial in record.trials if trial.state == "finished"]
    assert record.best_trial.measured("val_loss") == min(trial.measured("val_loss") for trial in ends)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("1e-1", "5e-2"), "space"),
        (("first: 1", "first: 2"), "promotion"),
        (("confirm: {best: 2}", "sampler: random"), "sampler"),
        (("confirm: {best: 2}", "seed: 2"), "seed"),
        (("trials: 12", "trials: 12, epochs: 6"), "epochs"),
    ],
)
def test_another_search_of_the_same_name_is_refused_with_what_differs(tmp_path, change, what):
    file = write(tmp_path)
    search(file)
    file.write_text(file.read_text().replace(*change))
    with pytest.raises(InputError, match=f"contains trials of a different search, which differs in .*({what})"):
        tuner_of(file)


def test_another_base_is_named_as_what_differs(tmp_path):
    file = write(tmp_path)
    search(file)
    (tmp_path / "base.yaml").write_text(simulated.BASE.replace("subset: 100", "subset: 90"))
    with pytest.raises(InputError, match="differs in the configuration of the base, its data set or the backend"):
        tuner_of(file)


def test_trials_of_another_base_are_refused_even_if_the_record_is_gone(tmp_path):
    file = write(tmp_path)
    search(file, jobs=2)
    (tmp_path / "results" / "s" / "search.json").unlink()
    (tmp_path / "base.yaml").write_text(simulated.BASE.replace("subset: 100", "subset: 90"))
    with pytest.raises(InputError, match="trial 1 was trained with another base, data set or backend"):
        tuner_of(file)


@pytest.mark.parametrize(
    "space",
    [
        "train.optimizer.learning_rate: {log_uniform: [1e-4, 1e-1]}",
        "train.optimizer.learning_rate: {log_uniform: [1e-4, 1e-1]}, model.nodes: {choice: [[3], [5]]}",
        "train.optimizer.learning_rate: {log_uniform: [1e-9, 1e-8]}, model.nodes: {choice: [[2], [4], [8]]}",
    ],
)
def test_trials_of_another_space_are_refused_even_if_the_record_is_gone(tmp_path, space):
    file = write(tmp_path)
    search(file)
    (tmp_path / "results" / "s" / "search.json").unlink()
    file.write_text(file.read_text().replace(SPACE, f"space: {{{space}}}\n"))
    with pytest.raises(InputError, match=r"trial 1 has values outside the space of .*: learning_rate "):
        tuner_of(file)


@pytest.mark.parametrize("text", ["{", "{}"])
def test_a_damaged_file_is_refused_with_what_may_be_removed(tmp_path, text):
    file = write(tmp_path)
    folder = search(file).folder
    for damaged, removed in (("trial-002/trial.json", "trial-002"), ("search.json", "search.json")):
        (folder / damaged).write_text(text)
        with pytest.raises(DamagedError, match=f"{damaged}: damaged ") as error:
            tuner_of(file)
        assert str(folder / removed) in error.value.hint
        (folder / removed).unlink() if removed == damaged else shutil.rmtree(folder / removed)
    assert len(tuner_of(file).trials) == 11


def test_a_trial_whose_run_folder_was_removed_is_trained_again_when_it_goes_on(tmp_path):
    file = write(tmp_path, SEARCH.replace("trials: 12", "trials: 5"))
    found = search(file)
    for trial in found.record.trials:
        shutil.rmtree(found.folder / trial.run)
    file.write_text(file.read_text().replace("trials: 5", "trials: 12"))
    assert len(search(file).record.trials) == 12
