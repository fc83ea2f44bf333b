"""Prints a sweep in the terminal: its plan, progress and failures."""

import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import groupby
from typing import Any, Self

from typing_extensions import override

from mnist_lab.sweeps import STATES, Observer, Outcome, PlannedRun, Running, Schedule
from mnist_lab.terminal.consoles import console
from mnist_lab.terminal.output import echo, echo_notes, echo_prose, shortened
from mnist_lab.terminal.tables import print_table, renderable
from mnist_lab.text.quantities import count, estimate, megabytes
from mnist_lab.text.tables import MINOR, Column

WORDS = {"done": "finished", "resumable": "interrupted"}
"""Words for the states of runs, if they differ from the states' names."""
NARROWEST_BAR, WIDEST_BAR = 8, 32
"""The least and greatest width of a progress bar, in columns of the terminal."""
RUNNING = ("Running", "Epoch", "Accuracy", "Time", "Left")
"""The headings of the table of what is running."""


def print_plan(schedule: Schedule, *, to_stdout: bool) -> None:
    """Print one row per experiment: seeds, state of the runs, parameters, estimated time."""
    plan, costs = schedule.plan, schedule.costs
    output = console(stderr=not to_stdout)
    rows = []
    for experiment, group in groupby(plan.runs, key=lambda run: str(run.identity.config.experiment)):
        runs = list(group)
        todo = [costs[run] for run in runs if run in costs and not costs[run].problem]
        counts = [cost.parameters for cost in todo] + [run.found.measured.parameters.total for run in runs if run.found]
        parameters = f"{counts[0]:,}" if counts else ""
        seconds = estimate(sum(cost.seconds for cost in todo)) if todo else ""
        too_large = any(run in costs and costs[run].problem for run in runs)
        state = "too large" if too_large else _states(runs)
        rows.append((experiment, _seeds(runs), state, parameters, seconds))
    parameters = Column("Parameters", number=True, priority=MINOR)
    print_table(("Experiment", "Seeds", "State", parameters, Column("Time", number=True)), rows, output=output)
    echo_notes(schedule.notes if to_stdout else [*schedule.notes, *schedule.problems])
    if not plan.todo:
        if plan.count("done") == len(plan.runs):
            runs = "the only run is" if len(plan.runs) == 1 else f"all {len(plan.runs):,} runs are"
            echo(f"Nothing to do: {runs} finished.", err=True)
        elif not plan.count("queued") + plan.count("running") + plan.count("unreadable"):
            echo("Nothing to do: no failed runs.", err=True)
        return
    parallel = f", {schedule.parallel} in parallel" if schedule.parallel > 1 else ""
    trainable = sum(not cost.problem for cost in costs.values())
    basis = f" (from {schedule.basis})" if schedule.basis else ""
    text = (
        f"{trainable} of {count(len(plan.runs), 'run')} to train{parallel}: "
        f"about {estimate(schedule.seconds)}{basis}, {megabytes(schedule.bytes)} of disk space."
    )
    echo_prose(text, err=not to_stdout)


def plan_as_json(schedule: Schedule) -> dict[str, Any]:
    """Return the plan for programs, run by run."""

    def facts(run: PlannedRun) -> dict[str, Any]:
        cost = schedule.costs.get(run)
        return {
            "experiment": run.identity.config.experiment,
            "seed": run.identity.config.seed,
            "fingerprint": run.identity.fingerprint,
            "state": run.state,
            "folder": str(run.found.folder.path if run.found else run.folder.path),
            "to_do": run in schedule.plan.todo,
            "parameters": cost.parameters if cost else run.found and run.found.measured.parameters.total,
            "seconds": round(cost.seconds, 1) if cost else run.found and run.found.measured.seconds.total,
            "seconds_from": (cost and cost.basis) or None,
            "bytes": cost.bytes if cost else None,
            "problem": (cost and cost.problem) or None,
        }

    return {
        "runs": [facts(run) for run in schedule.plan.runs],
        "jobs": schedule.parallel,
        "seconds": round(schedule.seconds, 1),
        "bytes": schedule.bytes,
        "notes": list(schedule.notes),
    }


def print_failures(failures: Sequence[tuple[PlannedRun, str]], again: str) -> None:
    """Print the failed runs, the reasons, and the command to retry."""
    rows = [(run.label, shortened(reason.splitlines()[0]), str(run.folder.current.path)) for run, reason in failures]
    output = console(stderr=True)
    output.print()
    print_table(("Failed", "Error", "Folder"), rows, output=output)
    if len(failures) == 1:
        where, which = "The full error is in error.txt in its folder.", "this run"
    else:
        where, which = "Each folder has the full error in error.txt.", "these runs"
    echo_prose(f"\n{where} To retry only {which}:\n  {again}", err=True)


class DryRun(Observer):
    """Prints only what takes time."""

    @override
    def appraising(self) -> None:
        echo("Building the networks and estimating the training time ...", err=True)


class Lines(DryRun):
    """Prints the plan, and a line for each run that ends."""

    total = 0
    ended_runs = 0

    @override
    def planned(self, schedule: Schedule) -> None:
        print_plan(schedule, to_stdout=False)
        plan = schedule.plan
        self.total = len(plan.todo) + plan.count("queued") + plan.count("running")

    @override
    def ended(self, run: PlannedRun, outcome: Outcome, seconds: float) -> None:
        self.ended_runs += 1
        self.say(f"[{self.ended_runs}/{self.total}] {run.label}  {ending(run, outcome)}  {seconds:.1f} s")

    @override
    def note(self, text: str) -> None:
        self.say(text)

    def say(self, text: str) -> None:
        """Print a line."""
        echo_prose(text, err=True)


class Live(Lines):
    """Shows the current runs with their epochs and a progress bar, below a line per run that ended."""

    def __init__(self) -> None:
        from rich.live import Live as RichLive

        from mnist_lab.terminal.consoles import live_console

        self._console = live_console()
        self._live = RichLive(console=self._console, transient=True, refresh_per_second=4)
        self._start = time.monotonic()

    @override
    def planned(self, schedule: Schedule) -> None:
        super().planned(schedule)
        self._start = time.monotonic()
        if self.total:
            self._live.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    @override
    def say(self, text: str) -> None:
        self._console.print(text, markup=False)

    @override
    def tick(self, running: Sequence[Running]) -> None:
        from rich.console import Group

        if not running:
            self._live.update(self._bar())
            return
        workers = any(each.worker for each in running)
        numbers = [Column(heading, number=True) for heading in RUNNING[1:]]
        heads = (RUNNING[0], *numbers, *(("Worker",) if workers else ()))
        rows = [(*progress_row(each), *((each.worker,) if workers else ())) for each in running]
        self._live.update(Group(renderable(heads, rows, self._console), self._bar()))

    def _bar(self) -> Any:
        passed = time.monotonic() - self._start
        text = f"{self.ended_runs} of {count(self.total, 'run')}, {estimate(passed)}"
        if self.ended_runs:
            text += f", about {estimate(passed / self.ended_runs * (self.total - self.ended_runs))} left"
        return bar(self.ended_runs, self.total, text, self._console.width)


def bar(done: float, total: float, text: str, width: int) -> Any:
    """Return a progress bar with a text beside it, on one line of a terminal; only the text if both do not fit.

    Args:
        done, total: how much of it is filled.
        text: the text beside it.
        width: the width of the terminal, in columns.
    """
    from rich.padding import Padding
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    line = Table.grid(padding=(0, 2))
    room = min(WIDEST_BAR, width - len(text) - 2)
    line.add_row(*([ProgressBar(total, done, width=room)] if room >= NARROWEST_BAR else []), text)
    return Padding(line, (1, 0, 0, 0))


def observer_for(*, quiet: bool, dry_run: bool = False) -> AbstractContextManager[Observer]:
    """Return the observer for this terminal."""
    if quiet:
        return nullcontext(Observer())
    if dry_run:
        return nullcontext(DryRun())
    return Live() if sys.stderr.isatty() else nullcontext(Lines())


def progress_row(running: Running) -> tuple[str, ...]:
    """Return the cells of a run below `RUNNING`."""
    epochs = running.run.identity.config.train.epochs
    accuracy = "" if running.accuracy is None else f"{running.accuracy:.4f}"
    left = estimate((epochs - running.epoch) * running.epoch_seconds) if running.epoch_seconds else ""
    return running.run.label, f"{running.epoch}/{epochs}", accuracy, estimate(running.seconds), left


def ending(run: PlannedRun, outcome: Outcome) -> str:
    """Return how a run ended, in a few words."""
    match outcome.kind:
        case "done":
            result = run.result()
            if result is None:
                return "finished, but its result cannot be read"
            return f"test accuracy {result.measured.test.accuracy:.4f}"
        case "stopped":
            return "interrupted; can be resumed"
        case "no_room":
            return "stopped: disk full"
        case _:
            return f"FAILED: {shortened(outcome.reason.splitlines()[0])}"


def _seeds(runs: Sequence[PlannedRun]) -> str:
    configs = [run.identity.config for run in runs]
    seeds = sorted({config.seed for config in configs})
    consecutive = len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1))
    text = f"{seeds[0]}..{seeds[-1]}" if consecutive else ", ".join(map(str, seeds))
    folds = max(config.data.validation.folds or 0 for config in configs)
    return f"{text}, {count(folds, 'fold')}" if folds else text


def _states(runs: Sequence[PlannedRun]) -> str:
    changed = sum(run.state == "changed" for run in runs)
    new = f"new ({changed} finished with another configuration)" if changed else "new"
    words = WORDS | {"changed": new, "new": new}

    def word(run: PlannedRun) -> str:
        elsewhere = run.state in ("new", "resumable") and run.folder.in_progress
        return "running elsewhere" if elsewhere else words.get(run.state, run.state)

    counts = Counter(map(word, sorted(runs, key=lambda run: STATES.index(run.state))))
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{number} {word}" for word, number in counts.items())
