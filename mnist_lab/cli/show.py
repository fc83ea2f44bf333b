"""`mnist-lab show`: one run in full."""

from pathlib import Path

import click

from mnist_lab.cli._options import debug_option, examples, json_option, results_option, run_argument
from mnist_lab.terminal.output import echo_skipped, print_json


@click.command(
    short_help="Show one run in full.",
    epilog=examples("mnist-lab show mlp_512", "mnist-lab show results/mlp_512/seed1-0123abcd --json"),
)
@run_argument
@results_option
@json_option
@debug_option
def show(reference: str, results: Path, *, as_json: bool) -> None:
    """Show one run in full.

    RUN is a run folder, a run id, or the name of an experiment with a single run.
    """
    from mnist_lab.runs import find_run

    run = find_run(reference, results)
    from mnist_lab.cli._results import print_run

    echo_skipped(list(run.problems))
    if as_json:
        print_json(run.metrics)
    else:
        print_run(run)
