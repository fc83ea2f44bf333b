"""Sentences about a search agree with its record: every number is computed here again."""

from statistics import fmean

import pytest

from mnist_lab.analysis.verdicts import Kind
from mnist_lab.search.presentation import standings, wording
from mnist_lab.search.presentation.importance import LEAST, Unknown, importance
from mnist_lab.search.record import Limit, Search
from tests.search.records import of_accuracy, of_tradeoff


def changed(record, **values):
    return record.model_copy(update=values)


def first_arm(record, **values):
    """The record with another arm of the best trial."""
    base, first, *others = record.confirmation.arms
    arms = (base, first.model_copy(update=values), *others)
    return changed(record, confirmation=record.confirmation.model_copy(update={"arms": arms}))


def test_the_best_is_given_with_its_values_its_number_and_how_many_were_trained_as_long():
    record = of_accuracy()
    best = max(
        (trial for trial in record.trials if trial.state == "finished"),
        key=lambda trial: trial.reached[-1].val_accuracy,
    )
    said = wording.outcome(record)
    assert said.startswith(
        f"Trial {best.number} is the best: learning rate {best.values['train.optimizer.learning_rate']}"
    )
    assert f"; nodes per hidden layer {best.values['model.nodes'].replace('-', ', ')}." in said
    finished = sum(trial.state == "finished" for trial in record.trials)
    assert f"is {best.reached[-1].val_accuracy:.4f} after 20 epochs, the best of {finished} trained to the end." in said


def test_values_of_layers_are_separated_by_colons_since_their_names_have_commas():
    record = of_tradeoff()
    cnn = next(trial for trial in record.trials if trial.values["model"] == "cnn")
    rate, filters = cnn.values["train.optimizer.learning_rate"], cnn.values["model.layers.0.conv.filters"]
    said = wording.values(record, cnn)
    assert said == f"model: cnn; conv filters, layer 1: {filters}; learning rate: {wording.value(rate)}"


def test_trials_as_good_as_the_best_are_named():
    record = of_accuracy()
    first, second, third = (trial for trial in record.trials if trial.state == "finished")
    same = [trial.model_copy(update={"reached": first.reached}) for trial in (second, third)]
    others = [trial for trial in record.trials if trial.state != "finished"]
    tied = changed(record, best=first.number, trials=(*others, first, *same))
    assert wording.outcome(tied).endswith(
        f"of 3 trained to the end; trials {second.number} and {third.number} tie with it, and the earliest "
        "trial wins a tie."
    )


def test_with_two_objectives_the_front_is_described_from_end_to_end():
    record = of_tradeoff()
    front = [next(trial for trial in record.trials if trial.number == number) for number in record.front]
    trained = sum(trial.state == "finished" for trial in record.trials)
    ends = [f"{trial.reached[-1].val_accuracy:.4f} with {trial.parameters:,} parameters" for trial in front]
    assert wording.outcome(record) == (
        f"{len(front)} of the {trained} trials that were trained to the end are on the Pareto front of validation "
        f"accuracy and parameters, from {ends[0]} to {ends[-1]}."
    )


def test_the_verdict_is_that_on_the_first_choice_of_the_search_with_its_mean_and_interval():
    record = of_accuracy()
    base, arm = record.confirmation.arms[:2]
    low, high = arm.interval
    assert wording.confirmed(record) == (
        f"With 6 new seeds, trial {record.best} has a mean test accuracy of {fmean(arm.test):.4f} (95 % confidence "
        f"interval {low:.4f} to {high:.4f}); mlp_512, the base, has {fmean(base.test):.4f}. {arm.difference.text}"
    )


def test_optimism_is_the_number_in_the_search_less_the_mean_of_fresh_seeds_in_points():
    record = of_accuracy()
    again = fmean(record.confirmation.arms[1].validation)
    flattered = first_arm(record, in_search=again + 0.0023)
    assert wording.optimism(flattered) == (
        f"The validation accuracy of trial {record.best} was {again + 0.0023:.4f} in the search and is {again:.4f} on "
        "average with 6 new seeds: the search was optimistic by 0.23 pp."
    )
    assert wording.optimism(first_arm(record, in_search=again - 0.0011)).endswith("pessimistic by 0.11 pp.")
    assert wording.optimism(first_arm(record, in_search=again)).endswith("the search was not optimistic.")


def test_optimism_about_a_loss_is_one_that_was_too_low():
    record = of_accuracy()
    again = fmean(record.confirmation.arms[1].validation)
    loss = [{"direction": "minimize", "measure": "val_loss"}]
    minimized = Search.model_validate(first_arm(record, in_search=again - 0.02).model_dump() | {"objectives": loss})
    assert wording.optimism(minimized).endswith("the search was optimistic by 0.0200.")


def test_the_number_of_trials_that_reached_each_rung_is_given():
    record = of_accuracy()
    assert wording.tried(record) == (
        "27 trials: 17 stopped after 2 epochs, 6 stopped after 6 epochs, 3 trained to the end (20 epochs) and 1 failed."
    )
    assert sum(trial.state == "stopped" and trial.epochs == 2 for trial in record.trials) == 17
    refused = sum(trial.state == "refused" for trial in of_tradeoff().trials)
    assert f"{refused} rejected by a limit" in wording.tried(of_tradeoff())


def test_the_test_images_were_used_by_the_models_of_the_confirmation_alone():
    record = of_accuracy()
    models = sum(len(arm.test) for arm in record.confirmation.arms)
    assert f"in the confirmation, to score {models} models" in wording.unseen(record)
    assert wording.unseen(of_accuracy(confirmed=False)) == "No trial was scored on the test images."


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"confirm": None}, "Nothing was confirmed (confirm: off), so it is unknown how much of this is luck."),
        (
            {"ended": None},
            "Nothing is confirmed before the search has ended, so it is unknown how much of this is luck.",
        ),
        ({}, "The confirmation is still to come; the same command continues it."),
    ],
)
def test_the_reason_for_a_missing_confirmation_is_given(values, expected):
    assert wording.confirmed(changed(of_accuracy(confirmed=False), **values)) == expected


def test_a_best_trial_that_was_not_confirmed_is_reported_as_the_base_or_as_failed():
    record = of_accuracy()
    without = record.confirmation.model_copy(update={"arms": record.confirmation.arms[:1]})
    said = wording.confirmed(changed(record, confirmation=without))
    assert said == f"Trial {record.best} is not confirmed: it is identical to the base."
    missing = without.model_copy(update={"missing": 6})
    said = wording.confirmed(changed(record, confirmation=missing))
    assert said == f"Trial {record.best} is not confirmed: 6 runs of the confirmation failed or did not finish."


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, "The search has ended: its budget of 27 trials is used up."),
        ({"ended": "space"}, "The search has ended: every configuration of the space was tried."),
        ({"ended": None}, "The search has not ended; the same command continues it."),
    ],
)
def test_what_ended_the_search_is_reported(values, expected):
    assert wording.progress(changed(of_accuracy(), **values)).startswith(expected)


def test_the_command_for_the_best_is_shown_once_its_file_is_there():
    assert wording.command(of_accuracy()) == "mnist-lab run mlp/best.yaml --results ."
    assert wording.command(changed(of_accuracy(), ended=None)) == ""


def test_a_search_without_results_says_so():
    record = changed(of_accuracy(confirmed=False), trials=(), best=None, ended=None)
    assert wording.outcome(record) == "No trial has a result so far."
    assert wording.tried(record) == "No trial has begun."
    assert wording.optimism(record) == ""


def test_a_verdict_with_too_few_seeds_has_no_p():
    record = of_accuracy()
    arm = record.confirmation.arms[1]
    found = arm.difference.model_copy(update={"kind": Kind.IMPOSSIBLE, "p": 1.0, "interval": None})
    few = arm.model_copy(update={"difference": found, "seeds": (2,), "test": arm.test[:1]})
    assert wording.certainty(few) == "1 seed; too few for a verdict."


def test_the_method_of_the_search_is_described_with_every_number_of_the_file():
    said = wording.settings(of_accuracy())
    assert said["Objective"] == "maximize validation accuracy"
    assert said["Budget"] == "27 trials; 20 epochs for a trial that is trained to the end"
    assert said["Promotion"].startswith("after 2 and 6 epochs, the best third of the trials")
    assert said["Confirmation"] == "the best 3 trials and mlp_512, each with seeds 2 to 7"
    assert wording.settings(of_tradeoff())["Limits"] == "at most 30,000 parameters"
    both = (*of_tradeoff().limits, Limit(measure="seconds", most=90.5))
    limited = changed(of_tradeoff(), limits=both)
    assert wording.settings(limited)["Limits"] == "at most 30,000 parameters and at most 90.5 s of training"
    assert any("including other trials" in note for note in wording.notes(limited))
    assert not any("including other trials" in note for note in wording.notes(of_tradeoff()))
    assert wording.settings(of_tradeoff())["Promotion"] == "off: every trial is trained to the end"


def test_the_longest_trained_come_first_and_among_equals_the_best():
    ranked = standings.standings(of_accuracy())
    keys = [(-trial.epochs, -trial.reached[-1].val_accuracy) for trial in ranked]
    assert keys == sorted(keys)
    assert ranked[0].number == of_accuracy().best


def test_a_trial_that_stopped_early_counts_as_trained_to_the_end():
    record = of_accuracy()
    finished = next(trial for trial in record.trials if trial.state == "finished")
    ends = finished.reached[-1].model_copy(update={"epoch": 12, "val_accuracy": 0.999})
    early = finished.model_copy(update={"epochs": 12, "reached": (*finished.reached[:-1], ends)})
    trials = tuple(early if trial is finished else trial for trial in record.trials)
    assert standings.standings(changed(record, trials=trials))[0].number == finished.number


def test_parameters_have_the_names_of_figures_unless_two_would_have_the_same():
    record = of_tradeoff()
    names = standings.parameter_names(record.space)
    assert list(names.values()) == ["model", "nodes per hidden layer", "conv filters, layer 1", "learning rate"]
    layer = record.space[2].model_copy(
        update={"key": "model.layers[2].conv.filters", "name": "model.layers[2].conv.filters (a)"}
    )
    assert list(standings.parameter_names([layer]).values()) == ["conv filters, layer 3 (a)"]
    twice = (record.space[2], record.space[2].model_copy(update={"name": "again", "key": record.space[2].key}))
    assert len(set(standings.parameter_names(twice).values())) == 2


def test_importance_needs_several_parameters_and_enough_trials():
    record = of_accuracy()
    assert importance(changed(record, space=record.space[:1])) is Unknown.ONE_PARAMETER
    few = changed(record, trials=record.trials[: LEAST - 1])
    assert importance(few) is Unknown.TOO_FEW
    assert f"at least {LEAST} trials" in wording.importance(Unknown.TOO_FEW)


@pytest.mark.parametrize("record", [of_accuracy(trials=60), of_tradeoff(trials=60)])
def test_importance_is_a_share_for_every_parameter(record):
    pytest.importorskip("optuna")
    found = importance(record)
    assert found.keys() == {each.name for each in record.space}
    assert sum(found.values()) == pytest.approx(1)
    assert min(found.values()) >= 0
