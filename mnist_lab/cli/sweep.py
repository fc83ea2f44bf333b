"""`mnist-lab sweep`: many experiments, each with several seeds."""

import shlex
from pathlib import Path
from typing import Any

import click

from mnist_lab.cli import _completion, _options
from mnist_lab.terminal.output import echo_error, echo_prose, print_json


@_options.command(
    short_help="Train many configurations and seeds, and compare them.",
    epilog=_options.examples(
        "mnist-lab sweep configs/ablation/ --dry-run",
        "mnist-lab sweep configs/ablation/ --seeds 1..10",
        "mnist-lab sweep mlp_512 ablation/no_dropout --seeds 1..6 --jobs 2",
        "mnist-lab sweep configs/ablation/ --seeds 1..10 --cluster tcp://node1:8786",
    ),
)
@_options.references("PATH...", _completion.sweeps)
@click.option(
    "--seeds", type=_options.seeds, metavar="A..B|A,B,C", help="Repeat every experiment with each of these seeds."
)
@click.option(
    "--folds",
    type=_options.Number(min=2),
    metavar="K",
    help="K-fold cross-validation of every run.",
)
@_options.jobs("Parallel runs; auto: one per GPU or, without a GPU, one per processor.")
@click.option(
    "--cluster",
    metavar="WHERE",
    help="Train on a cluster: the address of a Dask scheduler, its scheduler file, local[:N] to try Dask here, slurm, "
    "or a YAML file of SLURM options.",
)
@click.option("--wait", is_flag=True, help="With --cluster: wait for Dask workers, or for the SLURM jobs.")
@click.option("--dry-run", is_flag=True, help="Show the plan with estimated time and disk space; train nothing.")
@click.option("--force", is_flag=True, help="Retrain finished runs.")
@click.option("--retry-failed", is_flag=True, help="Retry only the failed runs.")
@click.option("--fail-fast", is_flag=True, help="Stop scheduling after the first failure.")
@click.option("--timeout", type=_options.seconds, metavar="SECONDS", help="Time limit per run.")
@click.option("--name", metavar="NAME", help="Name of the sweep; its summary goes to NAME/ in the results folder.")
@_options.config
@_options.data_dir
@_options.results
@click.option("--quiet", is_flag=True, help="Print only the results, no progress.")
@_options.json
@click.pass_context
def sweep(
    ctx: click.Context,
    references: tuple[str, ...],
    seeds: tuple[int, ...] | None,
    folds: int | None,
    jobs: int | None,
    cluster: str | None,
    data_dir: Path | None,
    results: Path,
    timeout: float | None,
    name: str | None,
    *,
    wait: bool,
    dry_run: bool,
    force: bool,
    retry_failed: bool,
    fail_fast: bool,
    quiet: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """Train and compare all configurations of a folder, a sweep file, or several paths.

    A sweep declares the runs that should exist: finished runs are skipped, interrupted ones resume, and the rest are
    trained, each in its own process. Press Ctrl-C once to stop after the current epochs; the same command resumes.
    """
    from mnist_lab import sweeps
    from mnist_lab.cli._comparison import print_summary
    from mnist_lab.config.sweeps import load_sweep
    from mnist_lab.errors import TooLargeError
    from mnist_lab.terminal.sweeping import observer_for, plan_as_json, print_failures, print_plan
    from mnist_lab.text.quantities import count

    if seeds is not None and values["seed"] is not None:
        raise click.UsageError("--seed and --seeds cannot be combined.")
    _options.check_place(jobs, cluster, wait=wait)
    declared = load_sweep(references, _options.overrides(**values), seeds, folds=folds, name=name)
    with observer_for(quiet=quiet, dry_run=dry_run) as observer:
        swept = sweeps.sweep(
            declared,
            results,
            data_dir=data_dir,
            jobs=jobs,
            cluster=cluster,
            wait=wait,
            force=force,
            retry_failed=retry_failed,
            timeout=timeout,
            fail_fast=fail_fast,
            dry_run=dry_run,
            observer=observer,
        )
    if dry_run:
        if as_json:
            print_json(plan_as_json(swept.schedule))
        else:
            print_plan(swept.schedule, to_stdout=True)
        if swept.schedule.problems:
            raise TooLargeError("\n".join(swept.schedule.problems))
        return
    if swept.study:
        print_summary(swept.study, swept.files, as_json=as_json)
    if unreadable := swept.schedule.plan.count("unreadable"):
        was = "it was" if unreadable == 1 else "they were"
        echo_error(
            f"Error: {count(unreadable, 'run')} cannot be read, so {was} not trained.\n"
            "Check the disk or the permissions, then repeat the command."
        )
    if swept.failures:
        same = [word for word in ctx.obj if word not in ("--retry-failed", "--force")]
        print_failures(swept.failures, shlex.join(["mnist-lab", *same, "--retry-failed"]))
        ctx.exit(1)
    if swept.queued:
        running = sum(run.state == "running" for run in swept.queued)
        states = {"queued": len(swept.queued) - running, "running": running}
        parts = ", ".join(f"{number} {state}" for state, number in states.items() if number)
        echo_prose(f"On SLURM: {parts}. The same command shows their states; --wait follows them.", err=True)
        ctx.exit(1 if unreadable else 0)
    missing = 0 if retry_failed else swept.missing - unreadable
    if missing:
        echo_prose(f"Without a result: {count(missing, 'run')}. The same command trains what is missing.", err=True)
    if missing or unreadable:
        ctx.exit(1)
