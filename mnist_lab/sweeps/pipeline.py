"""The pipeline of a sweep: plan, estimate, train, compare."""

from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
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
    """The runs that SLURM will train or is training."""

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
        declared: from `load_sweep`.
        results: the results folder.
        dry_run: plan and estimate only; nothing is trained or written.
        observer: is notified of events.
        data_dir, jobs, cluster, wait, force, retry_failed, timeout, fail_fast: as for `mnist_lab.sweep`.

    Raises:
        InputError: an argument or file is invalid; nothing was trained.
        Interruption: a KeyboardInterrupt; finished runs and checkpoints are kept.
        NoRoomError: the disk is full.
    """
    observer = observer or Observer()
    plan = make_plan(
        declared.configs,
        results,
        source=declared.source,
        data_dir=data_dir,
        force=force,
        retry_failed=retry_failed,
        more_seeds=declared.more_seeds,
    )
    folder = results / declared.name
    if not dry_run:
        plan.check_folders(folder)
        plan.settle()
    options = _Options(
        declared, results, slots_for(plan.todo, jobs=jobs), data_dir, force, timeout, fail_fast, dry_run, wait
    )
    with nullcontext(observer) if dry_run else recorded(results, declared.name, observer) as observer:
        if cluster and kind_of(cluster) == "slurm":
            swept = _on_slurm(cluster, plan, options, observer)
        else:
            swept = _at_once(cluster, plan, options, observer)
    runs = () if dry_run else tuple(result for run in plan.runs if (result := run.result()))
    if not runs:
        return swept
    compared = study(f"{declared.name}{_suffix(folder, plan.runs)}", groups(runs))
    return replace(swept, runs=runs, study=compared, files=tuple(write_report(results / compared.title, compared)))


@dataclass(frozen=True)
class _Options:
    """The options with which runs are trained."""

    declared: Sweep
    results: Path
    slots: Sequence[Slot]
    data_dir: Path | None
    force: bool
    timeout: float | None
    fail_fast: bool
    dry_run: bool
    wait: bool


def _at_once(cluster: str | None, plan: Plan, options: _Options, observer: Observer) -> Swept:
    """Train on this machine or on a Dask cluster, until all is done."""
    machine: Machine = ThisMachine(options.slots)
    if cluster and plan.todo:
        from mnist_lab.sweeps.dask import DaskMachine

        machine = DaskMachine(cluster, options.results, data_dir=options.data_dir, wait=options.wait)
    with closing(machine):
        if not options.dry_run:
            machine.await_workers(observer.note)
        schedule = _schedule(plan, machine.parallel, options, observer)
        if options.dry_run:
            return Swept(schedule)
        failures = launch(
            schedule.longest_first,
            machine,
            data_dir=options.data_dir,
            force=options.force,
            timeout=options.timeout,
            fail_fast=options.fail_fast,
            observer=observer,
        )
    return Swept(schedule, tuple(failures))


def _on_slurm(cluster: str, plan: Plan, options: _Options, observer: Observer) -> Swept:
    """Submit the runs that are neither done nor submitted."""
    from mnist_lab.sweeps.slurm import SlurmSweep, note_ends

    slurm = SlurmSweep(cluster, options.results)
    submitted = slurm.submitted(plan.todo)
    plan, waiting = slurm.marked(plan, submitted)
    schedule = _schedule(plan, slurm.parallel(len(plan.todo)), options, observer)
    note_ends(submitted, observer, record=not options.dry_run)
    if options.dry_run:
        return Swept(schedule, queued=tuple(waiting))
    todo, name = schedule.longest_first, options.declared.name
    if todo:
        slurm.submit(
            todo, name, data_dir=options.data_dir, force=options.force, timeout=options.timeout, note=observer.note
        )
    expected = (*waiting, *todo)
    failures = slurm.follow(expected, observer) if options.wait else []
    slurm.tidy()
    return Swept(schedule, tuple(failures), queued=() if options.wait else expected)


def _schedule(plan: Plan, parallel: int, options: _Options, observer: Observer) -> Schedule:
    if plan.todo:
        observer.appraising()
    costs = appraise(plan, options.slots[0], data_dir=options.data_dir) if plan.todo else {}
    schedule = Schedule(plan, (*options.declared.notes, *plan.notes), parallel, costs)
    observer.planned(schedule)
    return schedule


def _suffix(folder: Path, planned: Sequence[PlannedRun]) -> str:
    """Return a suffix with the seeds if the summary would replace one with more seeds in `folder`; else empty."""
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
