"""`mnist-lab data verify`: describe a data set, and check whether it is the published one."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_lab.cli import _completion, _options
from mnist_lab.terminal.output import echo, print_json
from mnist_lab.text.quantities import image_size

if TYPE_CHECKING:
    from mnist_lab.datasets import Dataset


@_options.command(
    short_help="Check the files of a data set: counts, hashes, authenticity.",
    epilog=_options.examples("mnist-lab data verify mnist", "mnist-lab data verify path/to/folder --json"),
)
@click.argument(
    "dataset", type=_options.REFERENCE, metavar="[NAME|PATH]", default="mnist", shell_complete=_completion.datasets
)
@_options.form
@_options.data_dir
@_options.json
def verify(
    dataset: str,
    resize: tuple[int, int] | None,
    data_dir: Path | None,
    *,
    grey: bool,
    as_json: bool,
) -> None:
    """Read a data set (default: mnist), count its images, hash it, and check whether it is genuine.

    The exit code is 2 if a data set known by NAME is not the published one. Your own data, given by PATH, only has to
    be readable and consistent.
    """
    from mnist_lab import datasets
    from mnist_lab.config.schema import Data

    found = datasets.load(Data(dataset=dataset, resize=resize, grey=grey), data_dir, download=False)
    facts = _facts(found)
    if as_json:
        print_json(facts)
    else:
        _print_facts(found, facts, own=dataset not in datasets.KNOWN)
    if dataset in datasets.KNOWN and not found.genuine:
        click.get_current_context().exit(2)


def contents(dataset: "Dataset") -> str:
    """Numbers of images, their size, and the number of classes."""
    numbers = [
        f"{len(labels):,} {'training' if part == 'train' else part}" for part, (_, labels) in dataset.parts.items()
    ]
    images = f"{', '.join(numbers[:-1])} and {numbers[-1]} images"
    return f"{images}, {image_size(dataset.image_shape)}, {len(dataset.classes)} classes"


def _facts(dataset: "Dataset") -> dict[str, Any]:
    import numpy as np

    counts = {
        part: np.bincount(labels, minlength=len(dataset.classes)).tolist()
        for part, (_, labels) in dataset.parts.items()
    }
    return {
        "name": dataset.name,
        "title": dataset.title,
        "source": dataset.source,
        **{part: len(labels) for part, (_, labels) in dataset.parts.items()},
        "image_shape": dataset.image_shape,
        "classes": [
            {"name": name, **{part: of_part[index] for part, of_part in counts.items()}}
            for index, name in enumerate(dataset.classes)
        ],
        "labels": list(dataset.labels),
        "sha256": dataset.sha256,
        "arrays": dict(dataset.digests),
        "genuine": dataset.genuine,
        "check": dataset.check,
        "notes": list(dataset.notes),
    }


def _print_facts(dataset: "Dataset", facts: dict[str, Any], *, own: bool) -> None:
    from mnist_lab.terminal.tables import print_facts, print_table
    from mnist_lab.text.tables import Column

    echo(dataset.title)
    print_facts([("", dataset.source), ("", contents(dataset))])
    echo()
    rows = [[each["name"], *(f"{each[part]:,}" for part in dataset.parts)] for each in facts["classes"]]
    columns = [Column("Class"), *(Column(part.capitalize(), number=True) for part in dataset.parts)]
    if dataset.labels != dataset.classes:
        columns.append(Column("Label", number=True))
        rows = [[*row, label] for row, label in zip(rows, dataset.labels, strict=True)]
    print_table(columns, rows)
    echo()
    genuine = "yes" if dataset.genuine else "not applicable" if own else "NOT VERIFIED"
    lines = [
        ("sha256", dataset.sha256),
        *dataset.digests.items(),
        ("genuine", f"{genuine}: {dataset.check}"),
        *(("note", note) for note in dataset.notes),
    ]
    print_facts((f"  {name}", text) for name, text in lines)
