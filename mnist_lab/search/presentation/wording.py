"""All sentences and terms about a search; every one is computed from its record.

Numbers and verdicts are written as in reports (`mnist_lab.reports.wording`).
"""

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence

from mnist_lab.analysis.verdicts import Kind
from mnist_lab.config.searches import worded
from mnist_lab.reports.wording import (
    CI,
    INTERVAL,
    PLANNED,
    SCOPE,
    TESTED,
    ends,
    ends_pp,
    listed,
    p_value,
    pp,
    signed,
    some_runs,
)
from mnist_lab.search import promotion
from mnist_lab.search.presentation import standings
from mnist_lab.search.presentation.importance import LEAST, SHARE, Unknown
from mnist_lab.search.record import Arm, Limit, Parameter, Search, Trial, Value
from mnist_lab.system.installation import extra_command
from mnist_lab.text.quantities import count, duration

MEASURES = {
    "val_accuracy": "validation accuracy",
    "val_loss": "validation loss",
    "parameters": "parameters",
    "multiply_adds": "multiply-adds",
}
SAMPLERS = {
    "tpe": "Optuna's tree-structured Parzen estimator (TPE)",
    "random": "at random",
    "gp": "Optuna's Gaussian process",
}
FRACTIONS = {2: "half", 3: "third", 4: "quarter", 5: "fifth"}
STATES = {"running": "in progress or interrupted", "failed": "failed", "refused": "rejected by a limit"}
KINDS = {"uniform": "uniform", "log_uniform": "log-uniform", "int": "integer"}


def capitalized(text: str) -> str:
    """Capitalize the first letter, and leave the rest as it is."""
    return text[:1].upper() + text[1:]


def number(measure: str, value: float | None) -> str:
    """Format a value of a measure: `0.9838`, `269,322`; empty for None."""
    if value is None:
        return ""
    return f"{value:.4f}" if measure.startswith("val_") else f"{value:,.0f}"


def value(given: Value) -> str:
    """Format the value of a parameter: `0.001`, `256, 256`."""
    return f"{given:.4g}" if isinstance(given, float) else worded(str(given))


def values(record: Search, trial: Trial) -> str:
    """Format a trial's values: `dropout 0.2, nodes 64`; with commas in them `dropout 0.2; nodes 64, 64`, and in their
    names `filters, layer 1: 8; learning rate: 0.001`.
    """
    names = standings.parameter_names(record.space)
    said = [(names.get(name, name), value(given)) for name, given in trial.values.items()]
    after = ":" if any("," in name for name, _ in said) else ""
    between = "; " if after or any("," in text for _, text in said) else ", "
    return between.join(f"{name}{after} {text}" for name, text in said)


def limit(one: Limit) -> str:
    """Format a limit: `at most 10,000 parameters`, `at most 60 s of training`."""
    if one.measure == "seconds":
        return f"at most {one.most:.12g} s of training"
    return f"at most {one.most:,} {MEASURES[one.measure]}"


def extent(record: Search) -> str:
    """Say what was searched, and on which images."""
    return (
        f"{count(len(record.trials), 'variant')} of {record.base} on {record.data}, with {record.train_images:,} "
        f"training and {record.validation_images:,} validation images"
    )


def outcome(record: Search) -> str:
    """Name the best configuration, by the validation images."""
    first = standings.best(record)
    if not first:
        return "No trial has a result so far."
    if record.front:
        return _outcome_of_two(record, first)
    trial, watched = first[0], record.watched
    value_of_it = trial.measured(watched.measure)
    same = [each for each in record.trials if each.reached and promotion.depth(each) == promotion.depth(trial)]
    equal = [str(each.number) for each in same if each is not trial and each.measured(watched.measure) == value_of_it]
    end, long = ("", "to the end") if trial.state == "finished" else (f" of {record.budget.epochs}", "that long so far")
    among = f" the best of {len(same):,} trained {long}" if len(same) > 1 else f" the only one trained {long}"
    return (
        f"Trial {trial.number} is the best: {values(record, trial)}. Its {MEASURES[watched.measure]} is "
        f"{number(watched.measure, value_of_it)} after {trial.epochs}{end} "
        f"{'epoch' if trial.epochs == 1 and not end else 'epochs'},{among}{_as_good(equal)}."
    )


def _as_good(numbers: Sequence[str]) -> str:
    if not numbers:
        return ""
    some = f"trial {numbers[0]} ties" if len(numbers) == 1 else f"trials {listed(numbers)} tie"
    return f"; {some} with it, and the earliest trial wins a tie"


def _outcome_of_two(record: Search, front: list[Trial]) -> str:
    one, other = record.objectives
    trained = sum(each.state == "finished" for each in record.trials)

    def both(trial: Trial) -> str:
        return (
            f"{number(one.measure, trial.measured(one.measure))} with "
            f"{number(other.measure, trial.measured(other.measure))} {MEASURES[other.measure]}"
        )

    where = f"on the Pareto front of {MEASURES[one.measure]} and {MEASURES[other.measure]}"
    reach = f", from {both(front[0])} to {both(front[-1])}" if len(front) > 1 else f": {both(front[0])}"
    are = "is" if len(front) == 1 else "are"
    if not trained:
        return f"No trial has been trained to the end; {count(len(front), 'trial')} {are} {where} so far{reach}."
    if trained == 1:
        return f"The only trial that was trained to the end is {where}{reach}."
    return f"{len(front)} of the {trained:,} trials that were trained to the end {are} {where}{reach}."


def confirmed(record: Search) -> str:
    """State the verdict on the search's first choice, with new seeds and the test images."""
    done, arm = record.confirmation, standings.chosen(record)
    if done is None:
        return _unconfirmed(record)
    if arm is None:
        who = f"Trial {record.best}" if record.best else "The best trial"
        if done.missing:
            return f"{who} is not confirmed: {count(done.missing, 'run')} of the confirmation failed or did not finish."
        return f"{who} is not confirmed: it is identical to the base."
    base, interval = done.base, f" ({CI} {ends(arm.interval)})" if arm.interval else ""
    accuracy = f"{'a mean' if len(arm.test) > 1 else 'a'} test accuracy of {arm.mean:.4f}{interval}"
    text = f"With {count(len(arm.seeds), 'new seed')}, trial {arm.trial} has {accuracy}"
    text += f"; {record.base}, the base, has {base.mean:.4f}." if base else "; the base has no finished run."
    return f"{text} {arm.difference.text}" if arm.difference else text


def _unconfirmed(record: Search) -> str:
    if record.confirm is None:
        return "Nothing was confirmed (confirm: off), so it is unknown how much of this is luck."
    if record.ended is None:
        return "Nothing is confirmed before the search has ended, so it is unknown how much of this is luck."
    return "The confirmation is still to come; the same command continues it."


def certainty(arm: Arm) -> str:
    """Say how certain an arm's difference is, for use beside the verdict and the difference."""
    found = arm.difference
    if found is None or found.mean is None:
        return "No seed in common with the base."
    seeds = count(len(arm.seeds), "seed")
    if found.kind is Kind.IMPOSSIBLE or found.p is None:
        return f"{seeds.capitalize()}; too few for a verdict."
    interval = f"{ends_pp(found.interval)}, " if found.interval else ""
    return f"{interval}{p_value(found.p)}, {seeds}; test accuracy {arm.mean:.4f}."


def optimism(record: Search) -> str:
    """Say how optimistic the validation number of the search's first choice was; empty if that is not known."""
    arm = standings.chosen(record)
    if arm is None or arm.optimism is None or arm.in_search is None:
        return ""
    watched = record.watched
    measure, in_search = MEASURES[watched.measure], number(watched.measure, arm.in_search)
    mean = " on average" if len(arm.validation) > 1 else ""
    said = (
        f"The {measure} of trial {arm.trial} was {in_search} in the search and is "
        f"{number(watched.measure, arm.validated)}{mean} with {count(len(arm.seeds), 'new seed')}"
    )
    flattering = arm.optimism if watched.direction == "maximize" else -arm.optimism
    amount = pp(abs(flattering)).removeprefix("+") if watched.measure == "val_accuracy" else f"{abs(flattering):.4f}"
    if float(amount.split()[0]) == 0:
        return f"{said}: the search was not optimistic."
    return f"{said}: the search was {'optimistic' if flattering > 0 else 'pessimistic'} by {amount}."


def tried(record: Search) -> str:
    """Say how many configurations were tried, and with what outcomes."""
    states = Counter(trial.state for trial in record.trials)
    stopped = Counter(trial.reached[-1].epoch for trial in record.trials if trial.state == "stopped" and trial.reached)
    parts = [f"{n:,} stopped after {count(epoch, 'epoch')}" for epoch, n in sorted(stopped.items())]
    if states["finished"]:
        full = all(trial.epochs == record.budget.epochs for trial in record.trials if trial.state == "finished")
        epochs = f"{'' if full else 'up to '}{count(record.budget.epochs, 'epoch')}"
        parts.append(f"{states['finished']:,} trained to the end ({epochs})")
    parts += [f"{states[state]:,} {STATES[state]}" for state in ("running", "failed", "refused") if states[state]]
    return f"{count(len(record.trials), 'trial')}: {listed(parts)}." if parts else "No trial has begun."


def progress(record: Search) -> str:
    """Say whether the search has ended, why, and how long it took."""
    if record.ended is None:
        return f"The search has not ended; the same command continues it. So far: {duration(record.seconds)}."
    why = {
        "trials": f"its budget of {count(record.budget.trials or 0, 'trial')} is used up",
        "minutes": f"its budget of {record.budget.minutes or 0:g} min is used up",
        "space": "every configuration of the space was tried",
    }
    return (
        f"The search has ended: {why[record.ended]}. It took {duration(record.seconds)}, not counting the confirmation."
    )


def unseen(record: Search) -> str:
    """Say how the test images were used."""
    models = sum(len(arm.test) for arm in standings.arms(record))
    if not models:
        return "No trial was scored on the test images."
    return (
        "No trial of the search was scored on the test images. They were used only in the confirmation, to score "
        f"{count(models, 'model')} of configurations that had been chosen beforehand."
    )


def command(record: Search) -> str:
    """Return the command that trains the best, run in the results folder; empty before the search has ended."""
    if record.best is None or record.ended is None:
        return ""
    return f"mnist-lab run {shlex.quote(f'{record.name}/best.yaml')} --results ."


def settings(record: Search) -> dict[str, str]:
    """Return the settings of the search, by term."""
    budget, confirm = record.budget, record.confirm
    ends_at = [count(budget.trials, "trial")] if budget.trials else []
    ends_at += [f"{budget.minutes:g} min"] if budget.minutes else []
    known = {
        "Objective": listed([f"{each.direction} {MEASURES[each.measure]}" for each in record.objectives]),
        "Limits": listed([limit(each) for each in record.limits]),
        "Budget": f"{' or '.join(ends_at)}; {count(budget.epochs, 'epoch')} for a trial that is trained to the end",
        "Proposals": SAMPLERS[record.sampler],
        "Promotion": _promotion(record),
        "Confirmation": "off",
        "Seed": f"{record.seed} for the sampler and all trials",
        "Environment": ", ".join(f"{key} {value}" for key, value in record.environment.items() if value is not None),
    }
    if confirm:
        best = "the best trial" if confirm.best == 1 else f"the best {confirm.best} trials"
        known["Confirmation"] = f"{best} and {record.base}, each with {some_runs(confirm.seeds)}"
    return {term: text for term, text in known.items() if text}


def _promotion(record: Search) -> str:
    if record.promotion is None:
        return "off: every trial is trained to the end"
    factor, rungs = record.promotion.factor, record.promotion.rungs
    best = f"the best {FRACTIONS[factor]}" if factor in FRACTIONS else f"the best 1 in {factor}"
    at = f"after {listed(list(map(str, rungs)))} {'epoch' if rungs == (1,) else 'epochs'}"
    return f"{at}, {best} of the trials trained that long continue from their checkpoints"


def bounds(parameter: Parameter) -> str:
    """Format the range or the options of a parameter, and when it exists: `0.0001 to 0.01, log-uniform`."""
    if parameter.choices:
        text = "; ".join(map(value, parameter.choices))
    else:
        text = f"{value(parameter.low or 0)} to {value(parameter.high or 0)}, {KINDS[parameter.kind]}"
    return f"{text} (only with {value(parameter.within[1])})" if parameter.within else text


def importance(found: Mapping[str, float] | Unknown) -> str:
    """Say what the importance means, or why there is none."""
    match found:
        case Unknown.ONE_PARAMETER:
            return "The importance of parameters is not shown, as only one was searched."
        case Unknown.TOO_FEW:
            return f"The importance of the parameters is shown once at least {LEAST} trials have results."
        case Unknown.NOT_INSTALLED:
            return f"The importance of the parameters needs Optuna, which is not installed ({extra_command('tune')})."
        case _:
            return (
                f"Importance: how far the values of a parameter among the best {SHARE:.0%} of the trials differ from "
                "those among all trials (PED-ANOVA), each parameter by itself. With few trials it is a rough guide."
            ).replace("%", " %")


def order(record: Search) -> str:
    """Say how the trials are sorted."""
    last = "Pareto front" if record.front else MEASURES[record.watched.measure]
    return f"Sorted by number of epochs, then by {last}."


def notes(record: Search) -> list[str]:
    """Return notes on how to read the page."""
    watched = MEASURES[record.watched.measure]
    tests = any(arm.difference for arm in standings.arms(record))
    rungs = len({trial.reached[-1].epoch for trial in record.trials if trial.reached}) > 1
    shown = {
        f"A trial's numbers are those of the weights that a run would keep: {watched} of the best epoch so far where "
        "train.restore_best is set, else of the last one.": True,
        "Trials are compared only at the same number of epochs; those trained longer are listed first.": rungs,
        f"The {watched} of the best of many trials is optimistic: the trial was selected on it, and all trials share a "
        "seed.": True,
        "The confirmation uses new seeds and the test images, so its numbers are not optimistic.": bool(record.confirm),
        "Training times depend on the machine and its load, including other trials trained at the same time.": (
            record.most_seconds is not None
        ),
        "The front rests on one seed; differences between neighbours on it may be due to chance.": bool(record.front),
        TESTED: tests,
        INTERVAL: tests,
        SCOPE: tests,
        PLANNED: tests,
    }
    return [text for text, applies in shown.items() if applies]


def difference(arm: Arm) -> str:
    """Format the difference in percentage points: `+0.23`; empty without one."""
    return signed(100 * arm.difference.mean) if arm.difference and arm.difference.mean is not None else ""
