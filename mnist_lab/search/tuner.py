"""Decides what a search trains next, and records the results."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from math import inf
from pathlib import Path
from typing import Any

from typing_extensions import override

from mnist_lab.config.searches import Point, describe
from mnist_lab.config.searches import Search as Declared
from mnist_lab.datasets import Dataset
from mnist_lab.errors import ConfigError, InputError
from mnist_lab.experiment import identify
from mnist_lab.history import training_seconds
from mnist_lab.runs import CHECKPOINT
from mnist_lab.search import promotion, timing, trials
from mnist_lab.search.record import Search, Trial
from mnist_lab.search.sampler import Sampler
from mnist_lab.sweeps import Outcome, PlannedRun, Supply, task_for
from mnist_lab.sweeps.worker import Task

FAILURES = 5
"""Failed trials after which a search stops if none has succeeded."""
REFUSALS = 100
"""Refused trials in a row after which a search stops."""
ATTEMPTS = 50
"""Proposals tried before, after which any untried point is taken; if none is known, the space is exhausted."""


class Tuner(Supply):
    """The state of a search.

    Args:
        record: the record of the search without its trials.
        data_dir: where processes look for data sets first.
        reported: called when a trial has reached a rung or its end, has failed or was refused, with the trial, the
            record and the estimated seconds left.

    Raises:
        InputError: the trials on disk are of another search, or cannot be read.
    """

    def __init__(
        self,
        declared: Declared,
        record: Search,
        results: Path,
        dataset: Dataset,
        *,
        data_dir: Path | None = None,
        reported: Callable[[Trial, Search, float | None], None] = lambda *_: None,
    ) -> None:
        self.declared = declared
        self.results = results
        self.folder = results / declared.name
        self.dataset = dataset
        self.data_dir = data_dir
        self.sampler = Sampler(record.sampler, declared.space, record.objectives, record.limits, record.seed)
        self.trials = trials.read(self.folder)
        self.epochs = record.budget.epochs
        self.rungs = record.promotion.rungs if record.promotion else ()
        self.factor = record.promotion.factor if record.promotion else 1
        self._record = record
        self._reported = reported
        self._before = max([record.seconds, *(at.clock for trial in self.trials.values() for at in trial.reached)])
        self._start: float | None = None
        self._saved = time.monotonic()
        self._in_progress: dict[PlannedRun, int] = {}
        self._interrupted = [trial for trial in self.trials.values() if trial.state == "running"]
        for trial in self.trials.values():
            if not declared.space.has(trial.values):
                raise InputError(
                    f"{self.folder}: trial {trial.number} has values outside the space of {declared.file}: "
                    f"{describe(trial.values)}.",
                    "Give the search another `name`, or remove that folder to start it again.",
                )
            if trial.run and self._run(trial).folder.id != Path(trial.run).name:
                raise InputError(
                    f"{self.folder}: trial {trial.number} was trained with another base, data set or backend.",
                    "Give the search another `name`, or remove that folder to start it again.",
                )

        self._exhausted = declared.space.finite and not any(self._untried())

    @property
    def clock(self) -> float:
        """Seconds that the search has taken, over all sessions."""
        return self._before + (0.0 if self._start is None else time.monotonic() - self._start)

    @contextmanager
    def session(self) -> Iterator[None]:
        """Run the clock while open; `search.json` is written however it ends."""
        self._start = time.monotonic()
        try:
            yield
        finally:
            self._before, self._start = self.clock, None
            self.save()

    @property
    def record(self) -> Search:
        """The record of the search so far."""
        ahead, two = self.best, len(self._record.objectives) > 1
        return self._record.model_copy(
            update={
                "seconds": round(self.clock, 3),
                "ended": self.ended_by,
                "trials": tuple(self.trials.values()),
                "best": ahead[0].number if ahead else None,
                "front": tuple(trial.number for trial in ahead) if two else (),
            }
        )

    @property
    def best(self) -> list[Trial]:
        """The best trials; with two objectives, the Pareto front."""
        return promotion.best(self.trials.values(), self._record.objectives)

    @property
    def failing(self) -> str:
        """What the first `FAILURES` failed trials have in common; empty if fewer failed or one succeeded."""
        failed = [trial for trial in self.trials.values() if trial.state == "failed"]
        if len(failed) < FAILURES or any(trial.reached for trial in self.trials.values()):
            return ""
        return in_common(failed[:FAILURES])

    @property
    def failed(self) -> str:
        """What all trials that failed have in common; empty if none failed."""
        return in_common(trial for trial in self.trials.values() if trial.state == "failed")

    @property
    def refusing(self) -> str:
        """Why the last `REFUSALS` trials were refused, all in a row; else empty."""
        last = list(self.trials.values())[-REFUSALS:]
        refused = len(last) == REFUSALS and all(trial.state == "refused" for trial in last)
        return f"{REFUSALS} in a row were rejected, the last for {last[-1].reason}" if refused else ""

    @property
    def refused(self) -> str:
        """Why the limits refused all trials, if they did; else empty."""
        tried = list(self.trials.values())
        if not tried or any(trial.state != "refused" for trial in tried):
            return ""
        which = {1: "the only trial was rejected", 2: "both trials were rejected, the last"}
        return f"{which.get(len(tried), f'all {len(tried):,} trials were rejected, the last')} for {tried[-1].reason}"

    @property
    @override
    def over(self) -> str:
        minutes = self._record.budget.minutes
        return "The time budget is used up." if minutes and self.clock >= 60 * minutes else ""

    @property
    def ended_by(self) -> str | None:
        """What has ended the search; None if it continues."""
        if self.over:
            return "minutes"
        if self._in_progress or self._interrupted or self._waiting() or self.failing or self.refusing:
            return None
        if self._may_begin():
            return None
        return "trials" if self._begun >= (self._record.budget.trials or inf) else "space"

    @property
    def to_begin(self) -> int | None:
        """Trials still to begin within the budget, at most the untried points; None if only time limits them."""
        most = self._record.budget.trials
        if most is None:
            return None
        left = max(0, most - self._begun)
        return sum(1 for _ in islice(self._untried(), left)) if self.declared.space.finite else left

    @property
    def left(self) -> float | None:
        """Estimated seconds that remain; without a time budget, None before the first epoch."""
        budget = self._record.budget
        done = sum(trial.epochs for trial in self.trials.values())
        by_time = max(0.0, 60 * budget.minutes - self.clock) if budget.minutes else None
        if not done or self.to_begin is None:
            return by_time
        expected = expected_epochs(self._begun + self.to_begin, self.epochs, self.rungs, self.factor)
        by_trials = max(0.0, expected - done) * self.clock / done
        return by_trials if by_time is None else min(by_trials, by_time)

    @override
    def next(self) -> tuple[PlannedRun, Task] | None:
        if self.over or self.failing or self.refusing:
            return None
        if self._interrupted:
            return self._segment(self._interrupted.pop(0))
        if waiting := promotion.promotable(self.trials.values(), self.rungs, self.factor, self._record.objectives):
            return self._segment(waiting)
        while self._may_begin() and not self.failing:
            if trial := self._new():
                return self._segment(trial)
        if waiting := self._waiting():
            return self._segment(waiting)
        return None

    @override
    def ended(self, run: PlannedRun, outcome: Outcome) -> None:
        trial = self.trials[self._in_progress.pop(run)]
        sizes = {name: size for name, size in outcome.sizes.items() if size is not None}
        history = []
        with suppress(InputError):
            history = run.folder.current.read_history()
        taken = training_seconds(history)
        known: dict[str, Any] = {**sizes, "epochs": len(history), "seconds": taken}
        until = self._until(trial)
        ends = len(history) >= self.epochs or (outcome.kind == "done" and len(history) < until)
        match outcome.kind:
            case "done" if history:
                config = run.identity.config
                at = trials.reached(history[:until], config.train.restore_best, self.clock)
                known |= {"reached": (*trial.reached, at), "state": "finished" if ends else "stopped"}
                known |= timing.judged(self._record, history, ended=ends)
            case "stopped" if taken > (self._record.most_seconds or inf):
                known |= timing.judged(self._record, history, ended=ends)
            case "failed" | "done":
                reason = outcome.reason or f"{run.folder.path}: its history cannot be read."
                known |= {"state": "failed", "reason": reason.splitlines()[0]}
            case "refused":
                known |= {"state": "refused", "reason": outcome.reason, "run": None}
        trial = trial.model_copy(update=known)
        self._keep(trial)
        if trial.state in ("finished", "refused"):
            (run.folder.path / CHECKPOINT).unlink(missing_ok=True)  # resuming from it would only test the network
        if trial.state != "running":
            self.save()
            self._reported(trial, self.record, self.left)

    def tried_in(self, run: PlannedRun) -> tuple[Trial, int]:
        """Return the trial of a run in progress, and the epoch up to which it is trained."""
        trial = self.trials[self._in_progress[run]]
        return trial, self._until(trial)

    def note_environment(self, **facts: object) -> None:
        """Record facts about this session; those that are None are skipped."""
        known = {name: value for name, value in facts.items() if value is not None}
        self._record = self._record.model_copy(update={"environment": self._record.environment | known})

    def save(self) -> None:
        """Write `search.json`."""
        self._saved = time.monotonic()
        self.record.write(self.folder)

    def autosave(self, every: float = 10.0) -> None:
        """Write `search.json` every few seconds, so that the clock of a search that is killed is not far behind."""
        if time.monotonic() - self._saved > every:
            self.save()

    def _until(self, trial: Trial) -> int:
        """Return the epoch of a trial's next rung or of its end."""
        return promotion.target(trial, self.rungs, self.epochs)

    def _may_begin(self) -> bool:
        """Return whether another trial may begin."""
        return not self._exhausted and self._begun < (self._record.budget.trials or inf)

    @property
    def _begun(self) -> int:
        """Trials that count towards the budget."""
        return sum(trial.counts for trial in self.trials.values())

    def _waiting(self) -> Trial | None:
        """Return the best waiting trial, while fewer were trained to the end than are to be confirmed.

        None while others are on their way to a rung, where they may turn out to be better.
        """
        wanted = self._record.confirm.best if self._record.confirm else 1
        targets = [self._until(self.trials[number]) for number in self._in_progress.values()]
        if any(until < self.epochs for until in targets):
            return None
        ends = len(targets) + sum(trial.state == "finished" for trial in self.trials.values())
        return promotion.furthest(self.trials.values(), self._record.objectives) if ends < wanted else None

    def _new(self) -> Trial | None:
        """Return a new trial; None if its values do not go together, or there is nothing new to try."""
        number = max(self.trials, default=0) + 1
        tried = [trial.values for trial in self.trials.values()]
        proposals = (self.sampler.ask(number, self.trials.values(), attempt) for attempt in range(ATTEMPTS))
        new = (proposal for proposal in proposals if proposal not in tried)
        values = next(new, None) or next(self._untried(), None)
        if values is None:
            self._exhausted = True
            return None
        trial = Trial(number=number, values=dict(values), state="running")
        try:
            folder = self._run(trial).folder
        except ConfigError as error:
            self._keep(trial.model_copy(update={"state": "failed", "reason": error.message.splitlines()[-1]}))
            return None
        return trial.model_copy(update={"run": folder.path.relative_to(self.folder).as_posix()})

    def _untried(self) -> Iterator[Point]:
        """Return the untried points of a finite space; none for any other."""
        tried = {frozenset(trial.values.items()) for trial in self.trials.values()}
        points = self.declared.space.points() if self.declared.space.finite else ()
        return (point for point in points if frozenset(point.items()) not in tried)

    def _segment(self, trial: Trial) -> tuple[PlannedRun, Task]:
        """Begin the training of a trial up to its next rung."""
        self._keep(trial.model_copy(update={"state": "running"}))
        run = self._run(trial)
        self._in_progress[run] = trial.number
        sizes = {limit.measure: int(limit.most) for limit in self._record.limits if limit.measure != "seconds"}
        task = task_for(run, self.data_dir, force=False)
        return run, replace(task, until=self._until(trial), limits=sizes, seconds=self._record.most_seconds)

    def _run(self, trial: Trial) -> PlannedRun:
        config = self.declared.configure(trial.values, trial.number)
        identity = identify(config, self.dataset, self.results)
        return PlannedRun(identity, "resumable" if identity.folder.interrupted else "new")

    def _keep(self, trial: Trial) -> None:
        self.trials[trial.number] = trial
        trials.write(self.folder, trial)


def expected_epochs(trials: int, epochs: int, rungs: Sequence[int], factor: int) -> float:
    """Estimate the epochs that this many trials will take, if 1/`factor` of them continue from each rung."""
    total, before, there = 0.0, 0, float(trials)
    for until in (*rungs, epochs):
        total += there * (until - before)
        before, there = until, max(1.0, there / factor)
    return total


def in_common(failed: Iterable[Trial]) -> str:
    """Return why trials failed: their common reason and their values, or each with its own reason."""
    failed = list(failed)
    reasons = list(dict.fromkeys(str(trial.reason) for trial in failed))
    said = [f"trial {trial.number} ({describe(trial.values)})" for trial in failed]
    if len(reasons) == 1:
        return f"{reasons[0]}\n  " + "\n  ".join(said)
    return "\n  ".join(f"{text}: {trial.reason}" for text, trial in zip(said, failed, strict=True))
