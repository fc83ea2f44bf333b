"""The pipeline of a sweep: plan, estimate, train, compare."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mnist_lab.config.names import MAX_BYTES, hashed
from mnist_lab.config.sweeps import Sweep
from mnist_lab.reports import Study, groups, reported_seeds, study, write_report
from mnist_lab.runs import Run
from mnist_lab.sweeps.appraisal import appraise
from mnist_lab.sweeps.launch import launch
from mnist_lab.sweeps.machine import Machine, ThisMachine
from mnist_lab.sweeps.observer import Observer
from mnist_lab.sweeps.plan import PlannedRun, make_plan
from mnist_lab.sweeps.schedule import Schedule, slots_for

_HASHED = 16
"""Bytes of a suffix that is little more than a hash, for a long name with many seeds."""


@dataclass(frozen=True)
class Swept:
    """The result of a sweep."""

    schedule: Schedule
    failures: tuple[tuple[PlannedRun, str], ...] = ()
    """The failed runs, each with the reason."""
    runs: tuple[Run, ...] = ()
    """The finished runs, in the order of the plan."""
    study: Study | None = None
    """Their comparison; None if no run is finished."""
    files: tuple[Path, ...] = ()
    """The files of the summary; the first is for reading."""

    @property
    def missing(self) -> int:
        """The number of runs without a result."""
        return len(self.schedule.plan.runs) - len(self.runs)


def sweep(
    declared: Sweep,
    results: Path,
    *,
    data_dir: Path | None = None,
    jobs: int | None = None,
    cluster: str | None = None,
    wait: bool = False,
    force: bool = False,
    retry_failed: bool = False,
    timeout: float | None = None,
    fail_fast: bool = False,
    dry_run: bool = False,
    observer: Observer | None = None,
) -> Swept:
    """Train the missing runs of a sweep and write its summary to `results/<name>/`.

    If that folder has the summary of a sweep with more seeds, this one goes to `results/<name>,seeds=<seeds>/`.

    Args:
        declared: as `load_sweep` gives it.
        results: the folder below which runs are.
        data_dir: where to look for data sets first.
        jobs: the number of parallel runs; None chooses it for this machine.
        cluster: where to train instead of on this machine: the address or the scheduler file of a Dask cluster, or
            `local` or `local:N`.
        wait: wait for the workers of the cluster.
        force: retrain finished runs.
        retry_failed: retry only failed runs.
        timeout: time limit of a run in seconds.
        fail_fast: stop scheduling after the first failure.
        dry_run: plan and estimate only; nothing is trained or written.
        observer: is notified of events.

    Raises:
        InputError: an argument or file is invalid; nothing was trained.
        Interruption: a KeyboardInterrupt; finished runs and checkpoints are kept.
        NoRoomError: the disk is full.
    """
    observer = observer or Observer()
    plan = make_plan(
        declared.configs, results, source=declared.source, data_dir=data_dir, force=force, retry_failed=retry_failed
    )
    folder = results / declared.name
    if not dry_run:
        plan.check_folders(folder)
        plan.settle()
    slots = slots_for(plan.todo, jobs=jobs)
    machine: Machine = ThisMachine(slots)
    if cluster and plan.todo:
        from mnist_lab.sweeps.dask import DaskMachine

        machine = DaskMachine(cluster, results, data_dir=data_dir, wait=wait)
    with closing(machine):
        if plan.todo:
            observer.appraising()
        costs = appraise(plan, slots[0], data_dir=data_dir) if plan.todo else {}
        schedule = Schedule(plan, (*declared.notes, *plan.notes), machine.parallel, costs)
        observer.planned(schedule)
        if dry_run:
            return Swept(schedule)
        failures = launch(
            schedule.longest_first,
            machine,
            data_dir=data_dir,
            force=force,
            timeout=timeout,
            fail_fast=fail_fast,
            observer=observer,
        )
    runs = tuple(result for run in plan.runs if (result := run.result()))
    if not runs:
        return Swept(schedule, tuple(failures))
    compared = study(f"{declared.name}{_suffix(folder, plan.runs)}", groups(runs))
    return Swept(schedule, tuple(failures), runs, compared, tuple(write_report(results / compared.title, compared)))


def _suffix(folder: Path, planned: Sequence[PlannedRun]) -> str:
    """The seeds, for the name of a summary that would replace one of more seeds in `folder`; empty if it would not."""
    mine: dict[tuple[str, str], set[int]] = {}
    for run in planned:
        config, fingerprint = run.identity.config, run.identity.group or run.identity.fingerprint
        mine.setdefault((str(config.experiment), fingerprint), set()).add(config.seed)
    theirs = reported_seeds(folder)
    if not any(theirs.get(experiment, seeds) - seeds for experiment, seeds in mine.items()):
        return ""
    chosen = sorted(set().union(*mine.values()))
    consecutive = len(chosen) > 1 and chosen == list(range(chosen[0], chosen[-1] + 1))
    text = f"{chosen[0]}..{chosen[-1]}" if consecutive else "+".join(map(str, chosen))
    suffix = f",seeds={text}"
    room = max(_HASHED, MAX_BYTES - len(folder.name.encode()))  # a file system takes the few bytes beyond MAX_BYTES
    return suffix if len(suffix) <= room else hashed(suffix, text, room)
