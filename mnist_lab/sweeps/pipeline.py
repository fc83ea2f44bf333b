"""A sweep from what it declares to its summary: plan, appraise, launch, compare."""

from dataclasses import dataclass
from pathlib import Path

from mnist_lab.config.sweeps import Sweep
from mnist_lab.report import Study, groups, study, write_summary
from mnist_lab.runs import Run
from mnist_lab.sweeps.appraisal import appraise
from mnist_lab.sweeps.launch import launch
from mnist_lab.sweeps.observer import Observer
from mnist_lab.sweeps.plan import PlannedRun, make_plan
from mnist_lab.sweeps.schedule import Schedule, slots_for


@dataclass(frozen=True)
class Swept:
    """What came of a sweep."""

    schedule: Schedule
    failures: tuple[tuple[PlannedRun, str], ...] = ()
    """The runs that failed, each with the reason."""
    runs: tuple[Run, ...] = ()
    """All that are finished, in the order of the plan."""
    study: Study | None = None
    """Their comparison; None where none is finished."""
    files: tuple[Path, ...] = ()
    """The summary's; the first is for people to read."""

    @property
    def missing(self) -> int:
        """How many runs have no result."""
        return len(self.schedule.plan.runs) - len(self.runs)


def sweep(
    declared: Sweep,
    results: Path,
    *,
    data_dir: Path | None = None,
    jobs: int | None = None,
    force: bool = False,
    retry_failed: bool = False,
    timeout: float | None = None,
    fail_fast: bool = False,
    dry_run: bool = False,
    observer: Observer | None = None,
) -> Swept:
    """Train the runs of a sweep that are missing, and write its summary into `results/<name>/`.

    Args:
        declared: as `load_sweep` gives it.
        results: the folder below which runs are.
        data_dir: where to look for data sets first.
        jobs: how many runs at a time; None decides for this machine.
        force: train again what is finished.
        retry_failed: train only what failed before.
        timeout: seconds after which a run counts as hung.
        fail_fast: stop scheduling after the first failure.
        dry_run: appraise only; nothing is trained or written.
        observer: is told what happens.

    Raises:
        InputError: something cannot be used; nothing was trained.
        Interruption: a KeyboardInterrupt; what was finished stays.
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
    slots = tuple(slots_for(plan.todo, jobs=jobs))
    if plan.todo:
        observer.appraising()
    costs = appraise(plan.todo, slots[0], data_dir=data_dir) if plan.todo else {}
    schedule = Schedule(plan, (*declared.notes, *plan.notes), slots, costs)
    observer.planned(schedule)
    if dry_run:
        return Swept(schedule)
    failures = launch(
        schedule.longest_first,
        slots,
        data_dir=data_dir,
        force=force,
        timeout=timeout,
        fail_fast=fail_fast,
        observer=observer,
    )
    runs = tuple(result for run in plan.runs if (result := run.result()))
    if not runs:
        return Swept(schedule, tuple(failures))
    compared = study(declared.name, groups(runs))
    return Swept(schedule, tuple(failures), runs, compared, tuple(write_summary(folder, compared)))
