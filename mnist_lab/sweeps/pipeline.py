"""The pipeline of a sweep: plan, estimate, train, compare."""

from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

from mnist_lab.config.clusters import kind_of
from mnist_lab.config.names import MAX_BYTES, hashed
from mnist_lab.config.sweeps import Sweep
from mnist_lab.executors import Slot
from mnist_lab.reports import Study, groups, reported_seeds, study, write_report
from mnist_lab.runs import Run
from mnist_lab.sweeps.appraisal import appraise
from mnist_lab.sweeps.launch import launch
from mnist_lab.sweeps.machine import Machine, ThisMachine
from mnist_lab.sweeps.observer import Observer
from mnist_lab.sweeps.plan import Plan, PlannedRun, make_plan
from mnist_lab.sweeps.queue import recorded
from mnist_lab.sweeps.schedule import Schedule, slots_for

Failures = list[tuple[PlannedRun, str]]
"""Runs that failed, each with the reason."""

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
    queued: tuple[PlannedRun, ...] = ()
    """The runs that SLURM will train, or is training."""

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
        cluster: where to train instead of on this machine: the address or the scheduler file of a Dask cluster,
            `local` or `local:N`, or `slurm` or a file of SLURM options, to which the runs are only submitted.
        wait: wait for the workers of the Dask cluster, or until SLURM has trained the runs.
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
    how = _How(data_dir, force, timeout, fail_fast, dry_run, wait)
    notes = (*declared.notes, *plan.notes)
    queued: tuple[PlannedRun, ...] = ()
    slots = slots_for(plan.todo, jobs=jobs)
    with nullcontext(observer) if dry_run else recorded(results, declared.name, observer) as observer:
        if cluster and kind_of(cluster) == "slurm":
            slot, name = slots[0], declared.name
            schedule, failures, queued = _on_slurm(cluster, name, plan, notes, results, slot, how, observer)
        else:
            schedule, failures = _at_once(cluster, plan, notes, results, slots, how, observer)
    if dry_run:
        return Swept(schedule, queued=queued)
    runs = tuple(result for run in plan.runs if (result := run.result()))
    if not runs:
        return Swept(schedule, tuple(failures), queued=queued)
    compared = study(f"{declared.name}{_suffix(folder, plan.runs)}", groups(runs))
    files = tuple(write_report(results / compared.title, compared))
    return Swept(schedule, tuple(failures), runs, compared, files, queued)


@dataclass(frozen=True)
class _How:
    """How runs are trained."""

    data_dir: Path | None
    force: bool
    timeout: float | None
    fail_fast: bool
    dry_run: bool
    wait: bool


def _at_once(
    cluster: str | None,
    plan: Plan,
    notes: tuple[str, ...],
    results: Path,
    slots: Sequence[Slot],
    how: _How,
    observer: Observer,
) -> tuple[Schedule, Failures]:
    """Train on this machine or on a Dask cluster, until all is done."""
    machine: Machine = ThisMachine(slots)
    if cluster and plan.todo:
        from mnist_lab.sweeps.dask import DaskMachine

        machine = DaskMachine(cluster, results, data_dir=how.data_dir, wait=how.wait)
    with closing(machine):
        if not how.dry_run:
            machine.await_workers(observer.note)
        schedule = _schedule(plan, notes, machine.parallel, slots[0], how, observer)
        if how.dry_run:
            return schedule, []
        failures = launch(
            schedule.longest_first,
            machine,
            data_dir=how.data_dir,
            force=how.force,
            timeout=how.timeout,
            fail_fast=how.fail_fast,
            observer=observer,
        )
    return schedule, failures


def _on_slurm(
    cluster: str,
    name: str,
    plan: Plan,
    notes: tuple[str, ...],
    results: Path,
    slot: Slot,
    how: _How,
    observer: Observer,
) -> tuple[Schedule, Failures, tuple[PlannedRun, ...]]:
    """Submit what is neither done nor submitted; gives the runs that are queued or running, too."""
    from mnist_lab.sweeps.slurm import SlurmSweep, note_ends

    slurm = SlurmSweep(cluster, results)
    submitted = slurm.submitted(plan.todo)
    plan, waiting = slurm.marked(plan, submitted)
    schedule = _schedule(plan, notes, slurm.parallel(len(plan.todo)), slot, how, observer)
    note_ends(submitted, observer, record=not how.dry_run)
    if how.dry_run:
        return schedule, [], tuple(waiting)
    todo = schedule.longest_first
    if todo:
        slurm.submit(todo, name, data_dir=how.data_dir, force=how.force, timeout=how.timeout, note=observer.note)
    expected = (*waiting, *todo)
    failures = slurm.follow(expected, observer) if how.wait else []
    slurm.tidy()
    return schedule, failures, () if how.wait else expected


def _schedule(plan: Plan, notes: tuple[str, ...], parallel: int, slot: Slot, how: _How, observer: Observer) -> Schedule:
    if plan.todo:
        observer.appraising()
    costs = appraise(plan, slot, data_dir=how.data_dir) if plan.todo else {}
    schedule = Schedule(plan, notes, parallel, costs)
    observer.planned(schedule)
    return schedule


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
