"""How results look in a terminal: the layer table, one run in full, one run in a line."""

import json
from typing import TYPE_CHECKING, Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from mnist_lab.models import Summary
    from mnist_lab.runs import Run

PLOTS = ("accuracy.png", "loss.png", "curves.png", "confusion.png", "predictions.png", "mistakes.png")


def print_json(values: list[Any]) -> None:
    """One value as itself, several as a list."""
    click.echo(json.dumps(values[0] if len(values) == 1 else values, indent=2, ensure_ascii=False))


def console() -> Console:
    """The console for results: stdout, never wrapped or shortened when it is no terminal."""
    output = Console(highlight=False)
    return output if output.is_terminal else Console(highlight=False, width=160)


def layer_table(summary: "Summary") -> Table:
    """Layers with type, output shape and parameters, and the counts beneath."""
    count = summary.parameters
    table = Table(
        box=box.SIMPLE_HEAD,
        caption=f"{count.total:,} parameters: {count.trainable:,} trainable, {count.non_trainable:,} not trainable",
        caption_justify="left",
    )
    for name in ("Layer", "Type", "Output shape"):
        table.add_column(name, no_wrap=True)
    table.add_column("Parameters", justify="right", no_wrap=True)
    for layer in summary.layers:
        shape = " x ".join(str(size) for size in layer.output_shape[1:])
        table.add_row(layer.name, layer.type, shape, f"{layer.parameters:,}")
    return table


def print_line(run: "Run") -> None:
    """Name, test accuracy and folder."""
    test = run.metrics["test"]
    click.echo(f"{run.metrics['run']['experiment']}  test accuracy {test['accuracy']:.4f}  {run.folder.path}")


def print_run(run: "Run") -> None:
    """One run: results with intervals, published numbers, observations, files."""
    facts = run.metrics
    output = console()
    output.print()
    output.print(_heading(facts))
    output.print(_results(facts))
    output.print(_figures(facts))
    if changed := _departures(facts):
        output.print(f"  • No comparison with the published numbers: this run changes {', '.join(changed)}.")
    for observation in facts["observations"]:
        output.print(f"  • {observation['text']}")
    there = [name for name in PLOTS if (run.folder.path / name).is_file()]
    click.echo(f"\nPlots, metrics and model: {run.folder.path}{'' if there else ' (no plots)'}")
    if there:
        click.echo(f"  {'  '.join(there)}")


def _heading(facts: dict[str, Any]) -> str:
    run, data = facts["run"], facts["dataset"]
    genuine = "" if data["genuine"] or data["name"] != "mnist" else " (not the published files)"
    return f"[bold]{run['name']}[/], seed {run['seed']}, {data.get('title', data['name'])}{genuine}"


def _results(facts: dict[str, Any]) -> Table:
    """A row each for training, validation and test; the published numbers beside ours where there are some."""
    published = {} if _departures(facts) else facts["reference"] or {}
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("")
    for name in ("Images", "Loss", "Accuracy", "95 % interval", "Wrong"):
        table.add_column(name, justify="right", no_wrap=True)
    rows = ["Published", "Difference"] if published else []
    for name in rows:
        table.add_column(name, justify="right", no_wrap=True)

    def row(name: str, images: int, part: dict[str, Any], reference: str, *interval: str) -> None:
        loss = "NaN" if part["loss"] is None else f"{part['loss']:.4f}"
        cells = [name, f"{images:,}", loss, f"{part['accuracy']:.4f}", *(interval or ("", ""))]
        table.add_row(*cells, *_beside(part["accuracy"], published.get(reference)) if published else ())

    data, test = facts["dataset"], facts["test"]
    row("training (running, last epoch)", data["train"], facts["train"], "train_accuracy")
    if facts["validation"]:
        name = "test as validation (last epoch)" if data.get("selected_on_test") else "validation (last epoch)"
        row(name, data["validation"], facts["validation"], "")
    low, high = test["ci95"]
    saved = f"test (epoch {facts['best']['epoch']})" if facts["best"]["restored"] else "test"
    wrong = f"{test['wrong']:,} of {test['total']:,}"
    row(saved, test["total"], test, "test_accuracy", f"{low:.4f} to {high:.4f}", wrong)
    return table


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _departures(facts: dict[str, Any]) -> list[str]:
    return (facts["reference"] or {}).get("departures", [])


def _beside(ours: float, published: float | None) -> tuple[str, str]:
    if published is None:
        return "", ""
    return f"{published:.4f}", f"{100 * (ours - published):+.2f} points"


def _figures(facts: dict[str, Any]) -> str:
    seconds, parameters, environment = facts["seconds"], facts["parameters"], facts["environment"]
    return (
        f"  {parameters['total']:,} parameters ({parameters['trainable']:,} trainable), {_count(facts['epochs'], 'epoch')}, "
        f"{seconds['total']:.1f} s ({seconds['startup']:.1f} start-up, {seconds['train']:.1f} training, "
        f"{seconds['epoch_median']:.2f} an epoch), {environment['backend']} on {environment['device']}\n"
    )
