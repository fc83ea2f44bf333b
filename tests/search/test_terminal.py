"""A search in the terminal: its expected effort, and a line for what each trial has reached."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from mnist_lab.cli._search import print_found
from mnist_lab.search import Forecast, Tuned
from mnist_lab.search.record import Confirming, Limit, Trial
from mnist_lab.terminal.searching import Lines, forecast_lines, reported_line, standing
from mnist_lab.terminal.sweeping import bar
from tests.search.records import of_accuracy, of_tradeoff

RECORD = of_accuracy(confirmed=False)
FEW = "Too few seeds to reach significance against mlp_512"
KNOWN = {"number": 4, "values": {"model.dropout": 0.25}}


@pytest.mark.parametrize(
    ("trial", "line"),
    [
        (Trial(**KNOWN, state="failed", reason="The loss became nan.", epochs=1), "FAILED: The loss became nan."),
        (
            Trial(**KNOWN, state="refused", reason="9 parameters (limit 8)."),
            "rejected before training: 9 parameters (limit 8).",
        ),
        (
            Trial(**KNOWN, state="refused", reason="61.0 s of training for 6 of 20 epochs (limit 60 s).", epochs=6),
            "epoch 6/20  rejected: 61.0 s of training for 6 of 20 epochs (limit 60 s).",
        ),
    ],
)
def test_a_trial_without_a_result_is_reported_with_the_reason(trial, line):
    assert reported_line(trial, RECORD, None) == f"Trial 4: dropout 0.25  {line}"


def test_a_rung_is_reported_with_its_value_the_best_so_far_and_the_time_left():
    line = reported_line(RECORD.trials[2], RECORD, 40.0)
    assert line.startswith("Trial 3: learning_rate ")
    best = RECORD.best_trial
    ends = f"epoch 6/20  val_accuracy {RECORD.value(RECORD.trials[2])}  best {RECORD.value(best)} (trial {best.number})"
    assert line.endswith(f"{ends}  40 s left")


def test_no_more_trials_are_expected_than_the_space_has_configurations():
    refused = Trial(number=2, values={}, state="refused", reason="9 parameters (limit 8).")
    record = RECORD.model_copy(update={"trials": (RECORD.trials[0], refused), "points": 6})
    assert standing(record).startswith("1 of 5 trials")


@pytest.mark.parametrize(
    ("best", "said"), [(1, "the best trial:"), (2, "the best 2 trials:"), (9, "the best 3 trials:")]
)
def test_no_more_confirmed_trials_are_announced_than_there_are(best, said, capsys):
    ends = [trial for trial in RECORD.trials if trial.state == "finished"][:3]
    confirm = RECORD.confirm.model_copy(update={"best": best})
    Lines().ended_search(RECORD.model_copy(update={"trials": tuple(ends), "confirm": confirm}))
    assert capsys.readouterr().err == f"The search has ended. Confirmation of {said}\n"


def test_what_was_refused_before_it_was_trained_is_not_counted_among_those_that_have_begun():
    record = of_tradeoff()
    untrained = sum(trial.state == "refused" for trial in record.trials)
    assert standing(record).startswith(f"{len(record.trials) - untrained} of {len(record.trials)} trials, best ")
    late = record.trials[0].model_copy(update={"state": "refused", "epochs": 3, "reached": ()})
    again = record.model_copy(update={"trials": (late, *record.trials[1:])})
    begun = len(record.trials) - untrained + (record.trials[0].state == "refused")
    assert standing(again).startswith(f"{begun} of {len(record.trials)} trials")


@pytest.mark.parametrize(
    ("best", "seeds", "warning"),
    [
        (3, 6, [f"{FEW}: 6 seeds, at least 7 needed (confirm.seeds: 7)."]),
        (3, 7, []),
        (1, 1, [f"{FEW}: 1 seed, at least 6 needed (confirm.seeds: 6)."]),
        (1, 6, []),
    ],
)
def test_too_few_seeds_for_the_confirmation_are_reported_before_the_search(best, seeds, warning):
    confirm = Confirming(best=best, seeds=tuple(range(2, 2 + seeds)))
    forecast = Forecast(27, 600.0, 24, 100.0, 2, "a short benchmark", ())
    assert forecast_lines(RECORD.model_copy(update={"confirm": confirm}), forecast)[2:] == warning


def test_a_dry_run_says_that_the_search_has_ended_and_what_is_left_of_the_confirmation():
    done = Forecast(0, 0.0, 0, 0.0, 2, "a short benchmark", ())
    ended, confirmed = forecast_lines(RECORD, done)
    assert ended == "Search mlp: finished, 27 trials."
    assert confirmed == "Confirmation: all runs are finished."
    assert forecast_lines(RECORD, replace(done, confirming=3, confirming_seconds=9.0))[1].startswith(
        "Confirmation: 3 runs, about 9 s"
    )


def test_a_search_that_ended_because_the_limits_leave_nothing_is_reported_without_a_result():
    limits = (Limit(measure="parameters", most=10),)
    record = RECORD.model_copy(update={"trials": (), "best": None, "ended": "space", "limits": limits})
    [line] = forecast_lines(record, Forecast(0, 0.0, 0, 0.0, 1, "", ()))
    assert line == "Search mlp: finished without a result, 0 trials (all that the space has within the limits)."


def test_a_search_says_how_many_trials_it_will_have_and_that_not_all_get_all_epochs():
    forecast = Forecast(15, 29.0, 0, 0.0, 2, "a short benchmark", ())
    going = RECORD.model_copy(update={"trials": RECORD.trials[:12], "ended": None})
    assert forecast_lines(going, forecast) == [
        "Search mlp: 27 trials of up to 20 epochs; rungs at epochs 2, 6; 2 in parallel; 12 begun; about 29 s (from a "
        "short benchmark)."
    ]
    once = going.promotion.model_copy(update={"rungs": (9,)})
    [line] = forecast_lines(going.model_copy(update={"promotion": once}), forecast)
    assert "27 trials of up to 20 epochs; rung at epoch 9; 2 in parallel" in line
    [line] = forecast_lines(going.model_copy(update={"promotion": None}), forecast)
    assert "27 trials of 20 epochs; 2 in parallel" in line


def test_a_search_that_ran_out_of_time_has_only_the_trials_that_have_begun():
    record = RECORD.model_copy(update={"trials": RECORD.trials[:6], "ended": "minutes"})
    line, _ = forecast_lines(record, Forecast(21, 0.0, 0, 0.0, 1, "", ()))
    assert line == "Search mlp: finished, 6 trials."


def test_a_space_that_is_smaller_than_the_budget_is_reported():
    smaller = Forecast(0, 0.0, 0, 0.0, 1, "a short benchmark", ())
    record = RECORD.model_copy(update={"trials": RECORD.trials[:6], "ended": None})
    assert forecast_lines(record, smaller)[0].startswith("Search mlp: 6 trials (all that the space has) of up to 20 ")


def test_a_limit_on_the_training_time_is_given_beside_the_longest_training():
    forecast = Forecast(0, 600.0, 0, 0.0, 2, "a short benchmark", (), longest_training=75.2)
    going = RECORD.model_copy(update={"ended": None})
    assert len(forecast_lines(going, forecast)) == 1
    limited = going.model_copy(update={"limits": (Limit(measure="seconds", most=60.0),)})
    assert forecast_lines(limited, forecast)[1] == (
        "The slowest of the networks at the ends of the ranges takes about 75 s to train; the limit is 60 s."
    )


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (
            RECORD,
            "The 3 trained longest of 26 trials, compared on 12,000 validation images; 5 min 54 s in all; 1 failed.",
        ),
        (of_tradeoff(), "The Pareto front of 24 trials, compared on 12,000 validation images; 6 min 08 s in all"),
        (RECORD.model_copy(update={"trials": RECORD.trials[:4]}), "The one trained longest of 4 trials, "),
        (RECORD.model_copy(update={"trials": RECORD.trials[:1]}), "1 trial, "),
        (RECORD.model_copy(update={"trials": (RECORD.trials[0],) * 6}), "The best 5 of 6 trials, "),
    ],
)
def test_below_the_best_trials_it_is_said_which_part_of_all_they_are(record, said, tmp_path, capsys):
    print_found(Tuned(record, files=(tmp_path / "search.html", tmp_path / "best.yaml")), as_json=False)
    assert f"\n\n{said}" in capsys.readouterr().out


def test_the_verdict_on_each_confirmed_trial_is_printed_beside_it(tmp_path, capsys):
    record = of_accuracy()
    print_found(Tuned(record, files=(tmp_path / "search.html", tmp_path / "best.yaml")), as_json=False)
    first = record.confirmation.arms[1]
    said = capsys.readouterr().out
    assert f"\n\nTrial {first.trial}   {first.difference.text}\n" in said
    assert "  val_accuracy  val_accuracy in the search\n" in said


def test_files_that_are_not_beside_the_page_are_printed_with_their_folder(tmp_path, capsys):
    files = [tmp_path / "s" / name for name in ("search.html", "search.md", "best.yaml")]
    print_found(Tuned(RECORD, files=(*files, tmp_path / "s,seeds=2" / "report.md")), as_json=False)
    said = "".join(capsys.readouterr().out.split())
    assert said.endswith(f"search.md{tmp_path}/s,seeds=2/report.md")


@pytest.mark.parametrize("width", [120, 80, 50, 30])
def test_a_bar_and_its_text_are_on_one_line(width):
    screen = Console(width=width, record=True, file=io.StringIO())
    screen.print(bar(148.0, 300.0, "28 of 40 trials, 2 min", width))
    assert len([line for line in screen.export_text().splitlines() if line.strip()]) == 1
