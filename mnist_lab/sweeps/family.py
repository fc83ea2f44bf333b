"""A whole sweep in one call."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from mnist_lab.config import Override
from mnist_lab.config.sweeps import load_sweep
from mnist_lab.errors import TrainingError
from mnist_lab.runs import Run
from mnist_lab.sweeps.appraisal import appraise
from mnist_lab.sweeps.launch import Observer, launch, longest_first, slots_for
from mnist_lab.sweeps.plan import make_plan


def sweep(
    references: str | Path | Sequence[str | Path],
    *,
    seeds: str | int | Iterable[int] | None = None,
    overrides: Sequence[Override] = (),
    results: str | Path = "results",
    data_dir: Path | None = None,
    jobs: int | None = None,
    force: bool = False,
    timeout: float | None = None,
    fail_fast: bool = False,
    observer: Observer | None = None,
) -> list[Run]:
    """Bring the results folder to what the references ask for; gives every run of the sweep, in order.

    Runs are forked from a server, so a script that calls this needs `if __name__ == "__main__":`, as all
    multiprocessing does.

    Args:
        references: folders, configurations, sweep files, and names of those that ship with mnist-lab.
        seeds: to repeat everything with, for example `"1..5"`.
        overrides: values that beat those of all files.
        results: the folder below which runs are.
        data_dir: where to look for data sets first.
        jobs: how many at a time; None decides for this machine.
        force: train again what is finished.
        timeout: seconds after which a run counts as hung.
        fail_fast: start nothing more after a failure.
        observer: is told what happens.

    Raises:
        InputError: something cannot be used; nothing was trained.
        TrainingError: some runs failed, named with their reasons; the others are finished.
    """
    wanted = load_sweep([references] if isinstance(references, str | Path) else references, overrides, seeds)
    plan = make_plan(wanted.configs, Path(results), source=wanted.source, data_dir=data_dir, force=force)
    plan.check_folders()
    if plan.todo:
        slots = slots_for(plan.todo, jobs=jobs)
        todo = longest_first(plan.todo, appraise(plan.todo, slots[0], data_dir=data_dir))
        failures = launch(
            todo, slots, data_dir=data_dir, force=force, timeout=timeout, fail_fast=fail_fast, observer=observer
        )
        if failures:
            reasons = "\n".join(f"  {run.label}: {reason}" for run, reason in failures)
            raise TrainingError(f"{len(failures)} of {len(plan.runs)} runs failed:\n{reasons}")
    return [result for run in plan.runs if (result := run.result())]
