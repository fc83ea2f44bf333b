"""`mnist-lab list` and `mnist-lab show`: the runs on disk."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_lab.cli.options import debug_option, examples, json_option, results_option

if TYPE_CHECKING:
    from mnist_lab.runs import Run


@click.command("list", epilog=examples("mnist-lab list", "mnist-lab list results/ablation --json"))
@click.argument("path", type=click.Path(path_type=Path), default=Path("results"), metavar="[PATH]")
@json_option
@debug_option
def list_runs(path: Path, *, as_json: bool) -> None:
    """List the finished runs below PATH (results/ without one)."""
    found = _readable(path)
    from mnist_lab.cli.results import print_json

    if as_json:
        print_json([{"folder": str(run.folder.path), **run.metrics} for run in found])
        return
    if not found:
        click.echo(
            f"No finished runs below {path}." if path.is_dir() else f"No runs: there is no folder {path}.", err=True
        )
        return
    from mnist_lab.cli import tables

    headings = ("Experiment", "Run", "Data", "Accuracy", "Wrong", "Parameters", "Epochs")
    rows = [_row(run.metrics) for run in found]
    tables.console().print(tables.table(headings, rows, numbers=range(3, 7), wrapped=0))


@click.command(epilog=examples("mnist-lab show mlp_512", "mnist-lab show results/mlp_512/seed1-0123abcd --json"))
@click.argument("reference", metavar="RUN")
@results_option
@json_option
@debug_option
def show(reference: str, results: Path, *, as_json: bool) -> None:
    """Show one run in full. RUN is its folder, its id, or its experiment's name if that has one run."""
    from mnist_lab.runs import find_run

    run = find_run(reference, results)
    from mnist_lab.cli.results import print_json, print_run

    if as_json:
        print_json(run.metrics)
    else:
        print_run(run)


def _readable(path: Path) -> "list[Run]":
    """The runs whose metrics can be read; of the others stderr says what is wrong."""
    from mnist_lab.errors import InputError
    from mnist_lab.runs import finished_runs, load_run

    found = []
    for folder in finished_runs(path):
        try:
            found.append(load_run(folder.path))
        except InputError as error:
            click.echo(f"Left out: {error}", err=True)
    return found


def _row(metrics: dict[str, Any]) -> tuple[str, ...]:
    test = metrics["test"]
    return (
        metrics["run"]["experiment"],
        metrics["run"]["id"],
        metrics["dataset"]["name"],
        f"{test['accuracy']:.4f}",
        f"{test['wrong']:,}",
        f"{metrics['parameters']['total']:,}",
        str(metrics["epochs"]),
    )
