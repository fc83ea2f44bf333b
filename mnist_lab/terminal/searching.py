"""A search in the terminal: what it will take, its progress, and what it found."""

import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from typing_extensions import override

from mnist_lab import search
from mnist_lab.config.searches import describe
from mnist_lab.search import Forecast, RunningTrial, Search, Trial, promotion
from mnist_lab.sweeps.verdicts import too_few
from mnist_lab.terminal import sweeping
from mnist_lab.terminal.output import echo, echo_prose, shortened
from mnist_lab.terminal.tables import renderable
from mnist_lab.text.quantities import count, estimate
from mnist_lab.text.tables import Column


def forecast_lines(record: Search, forecast: Forecast) -> list[str]:
    """Return how many runs a search will take, and roughly how long."""
    lines = [f"Search {record.name}: {_ended(record) if record.ended else _remaining(record, forecast)}."]
    if record.confirm and record.ended and record.best and not forecast.confirming:
        lines.append("Confirmation: all runs are finished.")
    elif forecast.confirming:
        lines.append(
            f"Confirmation: {count(forecast.confirming, 'run')}, about {estimate(forecast.confirming_seconds)}."
        )
        lines += _too_few_seeds(record)
    if record.most_seconds and forecast.longest_training:
        longest, most = estimate(forecast.longest_training), record.most_seconds
        lines.append(
            f"The slowest of the networks at the ends of the ranges takes about {longest} to train; the limit is "
            f"{most:.12g} s."
        )
    return [*lines, *forecast.problems]


def _ended(record: Search) -> str:
    trials = f"{count(_begun(record), 'trial')}{_all_of(record) if record.ended == 'space' else ''}"
    return f"finished{'' if record.best else ' without a result'}, {trials}"


def _remaining(record: Search, forecast: Forecast) -> str:
    budget, begun = record.budget, _begun(record)
    trials = "as many trials as fit" if forecast.trials is None else count(begun + forecast.trials, "trial")
    if budget.trials and begun + (forecast.trials or 0) < budget.trials:
        trials += _all_of(record)
    limit = f" within {budget.minutes:g} min" if budget.minutes else ""
    rungs = record.promotion.rungs if record.promotion else ()
    epochs = f"{'up to ' if rungs else ''}{count(budget.epochs, 'epoch')}"
    many = "s" if len(rungs) > 1 else ""
    stops = f"; rung{many} at epoch{many} {', '.join(map(str, rungs))}" if rungs else ""
    parallel = f"; {forecast.parallel} in parallel" if forecast.parallel > 1 else ""
    done = f"; {begun:,} begun" if begun else ""
    basis = f" (from {forecast.basis})" if forecast.basis else ""
    return f"{trials} of {epochs}{limit}{stops}{parallel}{done}; about {estimate(forecast.trial_seconds)}{basis}"


def _begun(record: Search) -> int:
    return sum(trial.counts for trial in record.trials)


def _all_of(record: Search) -> str:
    return f" (all that the space has{' within the limits' if record.limits else ''})"


def _too_few_seeds(record: Search) -> list[str]:
    """Return a warning if the confirmation has too few seeds."""
    if record.confirm is None:
        return []
    best = min(record.confirm.best, record.most_trials or record.confirm.best)
    few = too_few(record.base, [len(record.confirm.seeds)] * best, "confirm.seeds: %d")
    return [few] if few else []


def reported_line(trial: Trial, record: Search, left: float | None) -> str:
    """Return what a trial has reached, the best so far and the time left."""
    head, epoch = f"Trial {trial.number}: {describe(trial.values)}", f"epoch {trial.epochs}/{record.budget.epochs}"
    match trial.state:
        case "failed":
            return f"{head}  FAILED: {shortened(str(trial.reason))}"
        case "refused" if not trial.epochs:
            return f"{head}  rejected before training: {trial.reason}"
        case "refused":
            return f"{head}  {epoch}  rejected: {trial.reason}"
    parts = [head, epoch, f"{record.watched.measure} {record.value(trial)}"]
    best = record.best_trial
    if best and best.number != trial.number:
        parts.append(f"best {record.value(best)} (trial {best.number})")
    elif best:
        parts.append("best so far")
    return "  ".join([*parts, f"{estimate(left)} left"] if left else parts)


def standing(record: Search) -> str:
    """Return how many trials have begun, and the best so far: `7 of 12 trials, best 0.9712 (trial 5)`."""
    most, best, begun = record.most_trials, record.best_trial, _begun(record)
    text = f"{begun} of {count(most, 'trial')}" if most else count(begun, "trial")
    return f"{text}, best {record.value(best)} (trial {best.number})" if best else text


RUNNING = ("Trial", "Values", "Epoch", "Accuracy", "Time")
"""The headings of the table of trials in progress."""


def trial_row(each: RunningTrial) -> tuple[str, ...]:
    """Return the cells of a trial below `RUNNING`; the epoch is counted up to its next rung."""
    trial, running = each.trial, each.running
    accuracy = "" if running.accuracy is None else f"{running.accuracy:.4f}"
    epoch = f"{max(running.epoch, trial.epochs)}/{each.until}"
    return str(trial.number), describe(trial.values), epoch, accuracy, estimate(running.seconds)


class Lines(sweeping.Lines, search.Observer):
    """Prints what the search will take, and a line whenever a trial reaches a rung or ends."""

    @override
    def begun(self, record: Search, forecast: Forecast) -> None:
        echo_prose("\n".join(forecast_lines(record, forecast)), err=True)

    @override
    def reported(self, trial: Trial, record: Search, left: float | None) -> None:
        self.say(reported_line(trial, record, left))

    @override
    def ended_search(self, record: Search) -> None:
        if record.confirm:
            tried = min(record.confirm.best, len(promotion.best(record.trials, record.objectives)))
            best = "the best trial" if tried == 1 else f"the best {tried} trials"
            echo(f"The search has ended. Confirmation of {best}:", err=True)


class Live(sweeping.Live, Lines):
    """Shows the current trials with their epochs and a progress bar, below the lines of the rungs reached so far."""

    def __init__(self) -> None:
        super().__init__()
        self._record: Search | None = None
        self._left: float | None = None

    @override
    def begun(self, record: Search, forecast: Forecast) -> None:
        super().begun(record, forecast)
        self._record, self._left = record, forecast.trial_seconds
        self._start = time.monotonic()
        self._live.start()

    @override
    def reported(self, trial: Trial, record: Search, left: float | None) -> None:
        super().reported(trial, record, left)
        self._record, self._left = record, left

    @override
    def ended_search(self, record: Search) -> None:
        self._live.stop()
        self._record = None
        super().ended_search(record)

    @override
    def running(self, trials: Sequence[RunningTrial]) -> None:
        from rich.console import Group

        heads = [Column(heading, number=heading in RUNNING[2:]) for heading in RUNNING]
        table = [renderable(heads, map(trial_row, trials), self._console)] if trials else []
        self._live.update(Group(*table, self._bar()))

    @override
    def _bar(self) -> Any:
        if self._record is None:
            return super()._bar()
        passed = time.monotonic() - self._start
        text = f"{standing(self._record)}, {estimate(passed)}"
        if self._left is None:
            return text
        text += f", about {estimate(self._left)} left"
        return sweeping.bar(passed, passed + self._left, text, self._console.width)


def observer_for(*, quiet: bool) -> AbstractContextManager[search.Observer]:
    """Return the observer for this terminal."""
    if quiet:
        return nullcontext(search.Observer())
    return Live() if sys.stderr.isatty() else nullcontext(Lines())
