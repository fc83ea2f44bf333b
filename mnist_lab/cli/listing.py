"""`mnist-lab list` and `mnist-lab show`: the runs on disk."""

from pathlib import Path
from typing import Any

import click

from mnist_lab.cli.options import debug_option, examples, json_option, results_option


@click.command("list", epilog=examples("mnist-lab list", "mnist-lab list results/ablation --json"))
@click.argument("path", type=click.Path(path_type=Path), default=Path("results"), metavar="[PATH]")
@json_option
@debug_option
def list_runs(path: Path, *, as_json: bool) -> None:
    """List the finished runs below PATH (results/ without one)."""
    import json

    from mnist_lab.runs import finished_runs

    found = [(folder, folder.read_json("metrics.json")) for folder in finished_runs(path)]
    if as_json:
        click.echo(json.dumps([{"folder": str(folder.path), **metrics} for folder, metrics in found], indent=2))
        return
    if not found:
        click.echo(f"No finished runs below {path}.", err=True)
        return
    rows = [("Experiment", "Run", "Data", "Test accuracy", "Wrong", "Parameters", "Epochs", "Seconds")]
    rows += [_row(metrics) for _, metrics in found]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [
            f"{cell:<{w}}" if i < 3 else f"{cell:>{w}}" for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo("  ".join(cells).rstrip())


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
        print_json([run.metrics])
    else:
        print_run(run)


def _row(metrics: dict[str, Any]) -> tuple[str, ...]:
    test = metrics["test"]
    return (
        metrics["run"]["experiment"],
        metrics["run"]["id"],
        metrics["dataset"]["name"],
        f"{test['accuracy']:.4f}",
        f"{test['wrong']:,} of {test['total']:,}",
        f"{metrics['parameters']['total']:,}",
        str(metrics["epochs"]),
        f"{metrics['seconds']['total']:.0f}",
    )
