"""Sweeps on SLURM: submitted as a job array, and continued by the same command later.

`results/.slurm/<job>/runs.json` records which task trains which run. The state of a run is read from its folder, and
from its task only if it has no result.
"""

import json
import math
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from mnist_lab.config.clusters import SlurmOptions, load_slurm_options
from mnist_lab.errors import InputError, UnreadableError
from mnist_lab.executors.slurm import Slurm, Status, job_of
from mnist_lab.experiment import record_failure
from mnist_lab.runs import RunFolder
from mnist_lab.sweeps.launch import set_aside, task_for
from mnist_lab.sweeps.observer import Observer, Running
from mnist_lab.sweeps.plan import Plan, PlannedRun, by_server
from mnist_lab.sweeps.slurm_task import train, versions
from mnist_lab.sweeps.worker import Outcome, progress_of
from mnist_lab.system import atomic, signals
from mnist_lab.text.quantities import count

POLL = 5.0
"""Seconds between queries to SLURM while following a sweep."""
SETTLE = 10.0
"""Seconds that the results of a task may take to appear here after it has ended."""


@dataclass(frozen=True)
class Submitted:
    """The last task that was given the run."""

    task: str
    place: int
    """Position of the run among those of the task."""
    status: Status

    @property
    def waits(self) -> bool:
        """Whether the task may still train the run."""
        return self.status.state != "ended"

    @property
    def outcome(self) -> Outcome:
        """How the task ended, if the run has no result."""
        result = self.status.result
        if isinstance(result, list) and isinstance(outcome := result[self.place], Outcome):
            return outcome
        return Outcome("failed", self.status.why)


class SlurmSweep:
    """The tasks of SLURM that train the runs of a results folder.

    Args:
        where: `slurm`, or the path of a file of options.
        results: the results folder; every node must see it.

    Raises:
        ConfigError: the options are invalid.
        SetupError: submitit is not installed.
    """

    def __init__(self, where: str, results: Path) -> None:
        self.options = SlurmOptions() if where == "slurm" else load_slurm_options(Path(where))
        self.results = results.absolute()
        self.slurm = Slurm(self.results / ".slurm", self.options)

    def submitted(self, runs: Iterable[PlannedRun]) -> dict[PlannedRun, Submitted]:
        """Return the last task of each run that was submitted."""
        last: dict[str, tuple[str, int]] = {}
        for _, tasks in self._records():
            for task, folders in tasks.items():
                last |= {folder: (task, place) for place, folder in enumerate(folders)}
        given = {run: last[name] for run in runs if (name := self._name(run)) in last}
        statuses = self.slurm.statuses(dict.fromkeys(task for task, _ in given.values()))
        return {run: Submitted(task, place, statuses[task]) for run, (task, place) in given.items()}

    def marked(self, plan: Plan, submitted: dict[PlannedRun, Submitted]) -> tuple[Plan, list[PlannedRun]]:
        """Return the plan with queued and running runs marked and taken out of `todo`, and those runs."""
        waiting = {run: replace(run, state=it.status.state) for run, it in submitted.items() if it.waits}
        runs = tuple(waiting.get(run, run) for run in plan.runs)
        todo = tuple(run for run in plan.todo if run not in waiting)
        return replace(plan, runs=runs, todo=todo), list(waiting.values())

    def _records(self) -> list[tuple[Path, dict[str, list[str]]]]:
        """Return the records, in the order of submission: the file, and the names of each task's runs."""
        records = []
        for file in self.slurm.folder.glob("*/runs.json"):
            with suppress(OSError, ValueError, KeyError, TypeError):
                record = json.loads(file.read_bytes())
                records.append((float(record["submitted"]), file, record["tasks"]))
        return [(file, tasks) for _, file, tasks in sorted(records, key=lambda record: record[0])]

    def tidy(self) -> None:
        """Remove the files of tasks whose runs are finished."""
        for file, tasks in self._records():
            for task, names in tasks.items():
                with suppress(OSError, UnreadableError):
                    if all(RunFolder(self.results / name).finished for name in names):
                        shutil.rmtree(self.slurm.folder / task, ignore_errors=True)
            with suppress(OSError):
                if not any((self.slurm.folder / task).exists() for task in tasks):
                    shutil.rmtree(file.parent)
        with suppress(OSError):
            if not any(self.slurm.folder.glob("*/runs.json")):
                for script in self.slurm.folder.glob(".submission_file_*.sh"):
                    script.unlink()
        self.slurm.remove_folder()

    def _name(self, run: PlannedRun) -> str:
        return run.folder.path.absolute().relative_to(self.results).as_posix()

    def parallel(self, runs: int) -> int:
        """Return the number of runs at a time, if SLURM starts all tasks at once."""
        return min(self.options.parallel, math.ceil(runs / self.options.runs_per_task))

    def submit(
        self,
        todo: Sequence[PlannedRun],
        name: str,
        *,
        data_dir: Path | None,
        force: bool,
        timeout: float | None,
        note: Callable[[str], object],
    ) -> None:
        """Submit the runs, one job array per backend and device.

        Raises:
            InputError: SLURM refuses the job.
        """
        for runs in by_server(todo):
            for run in runs:
                if run.state == "damaged":
                    set_aside(run, note)
            number = math.ceil(len(runs) / self.options.runs_per_task)
            parts = [runs[i::number] for i in range(number)]  # each gets long and short ones
            server = runs[0].server
            how = (server, self.options.cpus, timeout, versions(server[0]))
            calls = [([task_for(run, data_dir, force=force).anywhere() for run in part], *how) for part in parts]
            tasks = self.slurm.submit(f"mnist-lab {name}", train, calls)
            jobs: dict[str, dict[str, list[str]]] = {}
            for task, part in zip(tasks, parts, strict=True):
                jobs.setdefault(job_of(task), {})[task] = [self._name(run) for run in part]
            for job, named in jobs.items():
                record = {"submitted": time.time(), "sweep": name, "tasks": named}
                atomic.write_text(self.slurm.folder / job / "runs.json", json.dumps(record, indent=1))
            note(f"Submitted job {', '.join(jobs)}: {count(len(tasks), 'task')} for {count(len(runs), 'run')}.")

    def follow(self, waiting: Iterable[PlannedRun], observer: Observer) -> list[tuple[PlannedRun, str]]:
        """Wait until the runs have ended, and return those that failed, each with the reason.

        Raises:
            Interruption: a KeyboardInterrupt; the tasks continue.
        """
        begun: dict[PlannedRun, float] = {}
        ended: dict[PlannedRun, float] = {}
        failures = []
        left = list(waiting)
        try:
            while left:
                submitted = self.submitted(left)
                now = time.monotonic()
                for run in list(left):
                    it = submitted[run]
                    if it.status.state == "running" and run not in begun:
                        begun[run] = now
                        observer.started(run)
                    outcome = self._outcome(run, it)
                    if outcome is None or (outcome.kind != "done" and now - ended.setdefault(run, now) < SETTLE):
                        continue
                    left.remove(run)
                    if outcome.kind == "failed":
                        failures.append((run, outcome.reason))
                    observer.ended(run, outcome, now - begun.get(run, now))
                observer.tick([_progress(run, submitted[run], now - begun[run]) for run in left if run in begun])
                if left:
                    time.sleep(POLL)
        except KeyboardInterrupt as interrupt:
            jobs = " ".join(sorted({job_of(it.task) for it in self.submitted(left).values()}))
            raise signals.Interruption(
                f"The job keeps running, and the same command follows it. To cancel it: scancel {jobs}",
                signals.number_of(interrupt),
            ) from interrupt
        return failures

    @staticmethod
    def _outcome(run: PlannedRun, submitted: Submitted) -> Outcome | None:
        """Return how the run ended, if it has."""
        with suppress(UnreadableError):
            if run.folder.finished and not run.folder.unsettled:
                return Outcome("done")
        return None if submitted.waits else submitted.outcome


def note_ends(submitted: dict[PlannedRun, Submitted], observer: Observer, *, record: bool) -> None:
    """Report why submitted runs have ended without a result, and record it in their folders."""
    for run, it in submitted.items():
        outcome = it.outcome
        if it.waits or outcome.kind == "done":
            continue
        reason = outcome.reason or "stopped; the next submission resumes it"
        task = f"task {it.task}{f' on {it.status.node}' if it.status.node else ''}"
        observer.note(f"{run.label}: {reason.splitlines()[0].rstrip('.')} ({task}).")
        with suppress(UnreadableError):
            known = run.folder.failed or run.folder.interrupted or run.folder.finished
            if record and outcome.kind == "failed" and not known:
                record_failure(run.folder, reason)


def _progress(run: PlannedRun, submitted: Submitted, seconds: float) -> Running:
    """Return the progress of a run, read from its folder."""
    history = []
    with suppress(InputError):
        history = run.folder.current.read_history()
    return Running(run, seconds, submitted.status.node, **(progress_of(history) if history else {}))
