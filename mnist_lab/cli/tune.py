"""`mnist-lab tune`: the search for a good configuration."""

import shlex
from pathlib import Path
from typing import Any

import click

from mnist_lab.cli import _completion, _options
from mnist_lab.terminal.output import echo_prose, print_json


@_options.command(
    short_help="Search for a good configuration, and confirm it.",
    epilog=_options.examples(
        "mnist-lab tune quick",
        "mnist-lab tune searches/mlp.yaml --dry-run",
        "mnist-lab tune mlp --subset 12000 --jobs 2",
        "mnist-lab tune my_search.yaml --cluster tcp://node1:8786",
    ),
)
@click.argument("reference", type=_options.REFERENCE, metavar="SEARCH", shell_complete=_completion.searches)
@_options.jobs("Parallel trials; auto: as many as suit this machine. With 1, the search is reproducible.")
@click.option(
    "--cluster",
    metavar="WHERE",
    help="Train on a cluster: the address of a Dask scheduler, its scheduler file, or local[:N] to try Dask here.",
)
@click.option("--wait", is_flag=True, help="With --cluster: wait for Dask workers.")
@click.option("--dry-run", is_flag=True, help="Show the number of runs and the estimated time; train nothing.")
@click.option("--name", metavar="NAME", help="Name of the search; its files go to NAME/ in the results folder.")
@_options.config
@_options.data_dir
@_options.results
@click.option("--quiet", is_flag=True, help="Print only the results, no progress.")
@_options.json
@click.pass_context
def tune(
    ctx: click.Context,
    reference: str,
    jobs: int | None,
    cluster: str | None,
    data_dir: Path | None,
    results: Path,
    name: str | None,
    *,
    wait: bool,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """Search for a good configuration within a budget, and confirm the best with new seeds.

    SEARCH is a search file or the name of one that ships with mnist-lab (see `mnist-lab configs`). --set and its
    shortcuts override values of the base configuration.

    Only validation images steer the search; the test images are used only in the confirmation. The same command resumes
    a search that was stopped, or whose budget was raised in its file. Press Ctrl-C once to stop after the current
    epochs.
    """
    from mnist_lab import search
    from mnist_lab.cli._search import print_found
    from mnist_lab.config.searches import load_search
    from mnist_lab.errors import TooLargeError
    from mnist_lab.terminal.searching import forecast_lines, observer_for
    from mnist_lab.terminal.sweeping import print_failures

    _options.check_place(jobs, cluster, wait=wait)
    declared = load_search(reference, _options.overrides(**values), name=name)
    with observer_for(quiet=quiet) as observer:
        tuned = search.tune(
            declared,
            results,
            data_dir=data_dir,
            jobs=jobs,
            cluster=cluster,
            wait=wait,
            dry_run=dry_run,
            observer=observer,
        )
    if dry_run and tuned.forecast:
        if as_json:
            print_json(vars(tuned.forecast) | {"seconds": tuned.forecast.seconds})
        else:
            echo_prose("\n".join(forecast_lines(tuned.record, tuned.forecast)))
        if tuned.forecast.problems:
            raise TooLargeError("\n".join(tuned.forecast.problems))
        return
    print_found(tuned, as_json=as_json)
    if tuned.failures:
        print_failures(tuned.failures, shlex.join(["mnist-lab", *ctx.obj]))
        ctx.exit(1)
