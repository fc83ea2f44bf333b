"""`mnist-lab list`: list, filter and sort finished runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_lab.cli import _options
from mnist_lab.terminal.output import echo, echo_prose, echo_skipped, echo_warnings, print_json
from mnist_lab.text.quantities import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mnist_lab.runs import Run
    from mnist_lab.runs.query import Records

    Settings = Mapping[str, Sequence[Any]]
    """The settings in which the runs differ: for each key, the value in every run."""


_COLUMNS = {
    "run.experiment": "Experiment",
    "run.id": "Run",
    "dataset.name": "Data",
    "test.accuracy": "Accuracy",
    "test.wrong": "Wrong",
    "parameters.total": "Parameters",
    "epochs": "Epochs",
}
"""The keys in the table with their headings; keys that are asked for come after them."""
_MINOR = ("test.wrong", "epochs", "dataset.name", "parameters.total")
"""Columns that are hidden if the table is too wide, last first, unless asked for."""
_SETTINGS = 8
"""Maximum number of settings with a column in the table."""


@_options.command(
    "list",
    short_help="List finished runs; filter and sort them.",
    epilog=_options.examples(
        "mnist-lab list",
        "mnist-lab list --where 'test.accuracy>0.98' --where model.kind==mlp",
        "mnist-lab list results/ablation --sort -test.accuracy --limit 5",
        "mnist-lab list --csv > runs.csv",
    ),
)
@click.argument("path", type=_options.PATH, default=None, required=False, metavar="[PATH]")
@click.option(
    "--where",
    "conditions",
    multiple=True,
    metavar="CONDITION",
    help="Only show runs that match: KEY, then > >= < <= == != or ~ (contains), then VALUE. Repeatable.",
)
@click.option(
    "--sort", "keys", multiple=True, metavar="KEY", help="Sort by KEY; -KEY sorts in descending order. Repeatable."
)
@click.option("--reverse", is_flag=True, help="Reverse the order.")
@click.option("--limit", type=_options.Number(min=1), metavar="N", help="Show at most N runs.")
@_options.json
@click.option(
    "--csv",
    "as_csv",
    is_flag=True,
    help="Print CSV with a column for each key of metrics.json and each setting that differs.",
)
def list_runs(
    path: Path | None,
    conditions: tuple[str, ...],
    keys: tuple[str, ...],
    limit: int | None,
    *,
    reverse: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    """List the finished runs below PATH (default: results/).

    KEY is a dotted path in a run's metrics.json (test.accuracy, seconds.total; seed is short for run.seed) or
    config.yaml (train.optimizer.name). Keys used in a condition or for sorting get a column. Quote conditions that
    contain > or <: the shell would treat them as redirections.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv cannot be combined.")
    from mnist_lab.reports.write import DEFAULT
    from mnist_lab.runs import check_folder, read_runs
    from mnist_lab.runs.query import Condition, Records

    asked = [Condition.parse(text) for text in conditions]
    if path:
        check_folder(path)
    folder = path or DEFAULT
    read = read_runs([folder])
    echo_skipped(read.problems)
    found = Records(read.runs)
    used = [("--where ", condition.key) for condition in asked]
    used += [("--sort ", key.removeprefix("-")) for key in keys]
    for option, key in (*(("", key) for key in _COLUMNS), *used):
        found.column(key, option)  # before filtering: a key that no remaining run has is not an error
    asked_for = list(dict.fromkeys(found.full(key) for _, key in used))
    found = found.where(asked).ordered(keys, reverse=reverse).first(limit)
    settings = {key: values for key, values in found.settings().items() if key not in (*_COLUMNS, *asked_for)}
    echo_warnings(list(dict.fromkeys(found.problems)))
    if as_json:
        print_json([_as_json(run, i, settings) for i, run in enumerate(found.runs)])
    elif as_csv:
        _print_csv(found, asked_for, settings)
    elif found.runs:
        _print_table(found, asked_for, settings)
    elif read.runs:
        searched = count(len(read.runs), "finished run")
        echo_prose(f"No run below {folder} matches the conditions ({searched} searched).", err=True)
    elif not read.newer:
        echo_prose(f"No finished runs below {folder}.", err=True)
    read.complete()


def _as_json(run: "Run", i: int, settings: "Settings") -> dict[str, Any]:
    own = {key: values[i] for key, values in settings.items() if _plain(values[i]) != ""}
    return {"folder": str(run.folder.path), **run.metrics, **({"settings": own} if own else {})}


def _print_table(records: "Records", asked_for: "Sequence[str]", settings: "Settings") -> None:
    from mnist_lab.config.settings import short_keys
    from mnist_lab.terminal.tables import print_table
    from mnist_lab.text.tables import MINOR, Column

    if settings.get("train.epochs") == records.column("epochs"):  # none stopped early
        settings = {key: values for key, values in settings.items() if key != "train.epochs"}
    shown = short_keys(settings) if len(settings) <= _SETTINGS else {}
    taken = {heading.casefold() for heading in _COLUMNS.values()}
    shown = {key: key if heading.casefold() in taken else heading for key, heading in shown.items()}
    headings = {**_COLUMNS, **shown, **{key: key for key in asked_for if key not in _COLUMNS}}
    columns, cells = [], []
    for key, heading in headings.items():
        values = settings[key] if key in shown else records.column(key)
        number = any(isinstance(value, int | float) for value in values)
        minor = MINOR if key in shown else MINOR + _MINOR.index(key) if key in _MINOR else 0
        columns.append(Column(heading, number, 0 if key in asked_for else minor))
        cells.append([_cell(key, value) for value in values])
    print_table(columns, zip(*cells, strict=True), elsewhere="--csv has all columns")
    if len(settings) > _SETTINGS:
        echo_prose(f"These runs differ in {len(settings)} settings; --csv has a column for each.")


def _print_csv(records: "Records", asked_for: "Sequence[str]", settings: "Settings") -> None:
    """Print a column for the folder, each key of `metrics.json`, and each setting that was asked for or differs."""
    import csv
    import io

    from mnist_lab.runs.query import leaves

    keys = records.keys()
    besides = [key for key in asked_for if key not in keys]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["folder", *keys, *besides, *settings])
    configured = [*(records.column(key) for key in besides), *settings.values()]
    for i, run in enumerate(records.runs):
        values = dict(leaves(run.metrics))
        row = [*(values.get(key) for key in keys), *(column[i] for column in configured)]
        table.writerow([run.folder.path, *map(_plain, row)])
    echo(text.getvalue(), nl=False)


def _cell(key: str, value: Any) -> str:
    """Format a value as shown in the table."""
    match value:
        case int() if not isinstance(value, bool):
            return f"{value:,}"
        case float():
            return f"{value:.4f}" if key == "test.accuracy" else f"{value:.6g}"
        case _:
            return str(_plain(value))


def _plain(value: Any) -> Any:
    """Return a value for one cell: empty if absent, booleans as in JSON, lists separated by commas."""
    from mnist_lab.config.document import ABSENT

    match value:
        case bool():
            return str(value).lower()
        case list() | tuple():
            return ", ".join(str(_plain(item)) for item in value)
        case _:
            return "" if value is None or value is ABSENT else value
