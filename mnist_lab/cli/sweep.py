"""`mnist-lab sweep`: a family of experiments, times seeds."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_lab.cli._invocation import command_line
from mnist_lab.cli._options import (
    REFERENCE,
    Jobs,
    Seeds,
    complete_config,
    config_options,
    data_dir_option,
    debug_option,
    examples,
    json_option,
    overrides,
    results_option,
)
from mnist_lab.cli._output import echo, print_json

if TYPE_CHECKING:
    from mnist_lab.sweeps import Appraisal, Plan, PlannedRun


@click.command(
    epilog=examples(
        "mnist-lab sweep configs/ablation/ --dry-run",
        "mnist-lab sweep configs/ablation/ --seeds 1..10",
        "mnist-lab sweep mlp_512 two_models/mlp_5x30 --seeds 1,2,3 --jobs 2",
    )
)
@click.argument(
    "references", nargs=-1, required=True, type=REFERENCE, metavar="PATH...", shell_complete=complete_config
)
@click.option("--seeds", type=Seeds(), metavar="A..B|A,B,C", help="Train everything with each of these seeds.")
@click.option("--jobs", type=Jobs(), default="auto", metavar="N|auto", help="Runs at a time; auto fits the machine.")
@click.option("--dry-run", is_flag=True, help="Show what there is to do, its time and its disk space; train nothing.")
@click.option("--force", is_flag=True, help="Train again what is finished.")
@click.option("--retry-failed", is_flag=True, help="Train only what failed before.")
@click.option("--fail-fast", is_flag=True, help="Start nothing more after a failure.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="End a run after this.")
@click.option(
    "--name",
    metavar="NAME",
    help="What the sweep is called; its summary goes into DIR/NAME/.",
)
@config_options
@data_dir_option
@results_option
@click.option("--quiet", is_flag=True, help="No progress; the table of results only.")
@json_option
@debug_option
@click.pass_context
def sweep(
    ctx: click.Context,
    references: tuple[str, ...],
    seeds: tuple[int, ...] | None,
    jobs: int,
    data_dir: Path | None,
    results: Path,
    timeout: float | None,
    name: str | None,
    *,
    dry_run: bool,
    force: bool,
    retry_failed: bool,
    fail_fast: bool,
    quiet: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """Train all configurations of a folder, of a sweep file, or of several paths, and compare them.

    A sweep is the wanted state of the results folder: finished runs are skipped, interrupted ones go on, the rest is
    trained, each run in a process of its own. Ctrl-C once stops after the running epochs; the same command goes on.
    """
    from mnist_lab.cli._sweeping import observer_for, print_failures, print_plan
    from mnist_lab.config.sweeps import load_sweep
    from mnist_lab.errors import TooLargeError
    from mnist_lab.sweeps import appraise, launch, longest_first, make_plan, slots_for

    if seeds is not None and values["seed"] is not None:
        raise click.UsageError("--seed and --seeds exclude each other.")
    wanted = load_sweep(references, overrides(**values), seeds, name=name)
    plan = make_plan(
        wanted.configs, results, source=wanted.source, data_dir=data_dir, force=force, retry_failed=retry_failed
    )
    if not dry_run:
        plan.check_folders(results / wanted.name)
    notes = [*wanted.notes, *plan.notes]
    slots = slots_for(plan.todo, jobs=jobs or None)
    if plan.todo and not quiet:
        echo("Building the networks, and timing one where no finished run tells how long it takes.", err=True)
    costs = appraise(plan.todo, slots[0], data_dir=data_dir) if plan.todo else {}
    too_large = list(dict.fromkeys(cost.problem for cost in costs.values() if cost.problem))
    if dry_run and as_json:
        _print_plan_json(plan, costs, notes, len(slots))
    elif dry_run or not quiet:
        print_plan(plan, costs, [*notes, *([] if dry_run else too_large)], slots=len(slots), to_stdout=dry_run)
    if dry_run and too_large:
        raise TooLargeError("\n".join(too_large))
    if dry_run:
        return
    failures = []
    if plan.todo:
        with observer_for(len(plan.todo), quiet=quiet) as observer:
            failures = launch(
                longest_first(plan.todo, costs),
                slots,
                data_dir=data_dir,
                force=force,
                timeout=timeout,
                fail_fast=fail_fast,
                observer=observer,
            )
    _summarize(plan.runs, results / wanted.name, wanted.name, as_json=as_json)
    if failures:
        again = command_line(ctx, without=("--retry-failed", "--force"))
        print_failures(failures, shlex.join([*again, "--retry-failed"]))
        ctx.exit(1)
    if (missing := [run for run in plan.runs if not run.result()]) and not retry_failed:
        echo(f"{len(missing)} runs were not started.", err=True)
        ctx.exit(1)


def _summarize(runs: "Sequence[PlannedRun]", folder: Path, title: str, *, as_json: bool) -> None:
    """Compare what is finished, in the terminal and in the sweep's folder."""
    from mnist_lab.cli._comparison import print_summary
    from mnist_lab.report import groups, study, write_summary

    finished = groups([result for run in runs if (result := run.result())])
    if not finished:
        return
    compared = study(title, finished)
    print_summary(compared, write_summary(folder, compared), as_json=as_json)


def _print_plan_json(plan: "Plan", costs: "dict[PlannedRun, Appraisal]", notes: list[str], slots: int) -> None:

    def facts(run: "PlannedRun") -> dict[str, Any]:
        cost = costs.get(run)
        return {
            "experiment": run.identity.config.experiment,
            "seed": run.identity.config.seed,
            "fingerprint": run.identity.fingerprint,
            "state": run.state,
            "folder": str(run.found.folder.path if run.found else run.folder.path),
            "to_do": run in plan.todo,
            "parameters": cost.parameters if cost else run.found and run.found.measured.parameters.total,
            "seconds": round(cost.seconds, 1) if cost else run.seconds,
            "bytes": cost.bytes if cost else None,
            "problem": (cost and cost.problem) or None,
        }

    total = sum(cost.seconds for cost in costs.values())
    print_json(
        {
            "runs": [facts(run) for run in plan.runs],
            "jobs": slots,
            "seconds": round(total / slots, 1),
            "bytes": sum(cost.bytes for cost in costs.values()),
            "notes": notes,
        }
    )
