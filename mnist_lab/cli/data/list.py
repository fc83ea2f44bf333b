"""`mnist-lab data list`: the known data sets, and where they were found."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_lab.cli import _options
from mnist_lab.terminal.output import echo, print_json
from mnist_lab.text.quantities import image_size

if TYPE_CHECKING:
    from mnist_lab.datasets import KnownSet


_MISSING = "not found"
_OWN = "use a path instead of a name: images in folders, IDX, npz or CSV files"


@_options.command(
    "list",
    short_help="List the known data sets and where each was found.",
    epilog=_options.examples("mnist-lab data list"),
)
@_options.data_dir
@_options.json
def list_(data_dir: Path | None, as_json: bool) -> None:
    """List the data sets known by name, and where each was found."""
    from mnist_lab.datasets import KNOWN

    rows = [_list_row(known, data_dir) for known in KNOWN.values()]
    if as_json:
        print_json(rows)
        return
    from mnist_lab.terminal.tables import print_facts, print_table
    from mnist_lab.text.tables import MINOR, Column

    numbers = (Column(heading, number=True) for heading in ("Train + test", "Size", "Classes"))
    columns = ("Name", Column("Description", priority=1), *numbers, Column("Licence", priority=MINOR))
    cells = []
    for row in rows:
        sizes = (f"{row['train']:,} + {row['test']:,}", image_size(row["image_shape"]), str(len(row["classes"])))
        cells.append((row["name"], row["description"], *sizes, row["licence"]))
    print_table(columns, cells, elsewhere="--json has all columns")
    echo("\nLocation:")
    places = [(row["name"], row["problem"] or row["source"] or _MISSING) for row in rows]
    print_facts((f"  {name}", place) for name, place in [*places, ("your own", _OWN)])
    if any(place == _MISSING for _, place in places):
        echo("\nTo download one: mnist-lab data fetch NAME")


def _list_row(known: "KnownSet", data_dir: Path | None) -> dict[str, Any]:
    from mnist_lab import datasets
    from mnist_lab.errors import DataError

    found, problem = None, None
    try:
        found = datasets.find(known.name, data_dir)
    except DataError as error:
        problem = error.message
    return {
        "name": known.name,
        "title": known.title,
        "description": known.description,
        "train": known.rows[0],
        "test": known.rows[1],
        "image_shape": known.image_shape,
        "classes": known.classes,
        "licence": known.licence,
        "source": found.source if found else None,
        "genuine": found.genuine if found else None,
        "problem": problem,
    }
