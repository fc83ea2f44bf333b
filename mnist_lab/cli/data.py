"""`mnist-lab data`: which data sets there are and where, download, integrity, and pictures of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_lab.cli._downloads import download_bar
from mnist_lab.cli._options import OUTPUT_FILE, REFERENCE, data_dir_option, debug_option, examples, json_option
from mnist_lab.cli._output import echo, print_json

if TYPE_CHECKING:
    from PIL.Image import Image

    from mnist_lab.datasets import Dataset, KnownSet

_QUIET = click.option("--quiet", is_flag=True, help="No progress bar.")
_DARK_TO_LIGHT = " .:-=+*#%@"
_WIDEST_TEXT = 60


@click.group(epilog=examples("mnist-lab data list"))
def data() -> None:
    """Data sets: what is available where, download, integrity, pictures."""


@data.command("list", epilog=examples("mnist-lab data list"))
@data_dir_option
@json_option
@debug_option
def list_(data_dir: Path | None, as_json: bool) -> None:
    """List the data sets that have a name, and where each was found."""
    from mnist_lab.datasets import KNOWN

    rows = [_list_row(known, data_dir) for known in KNOWN.values()]
    if as_json:
        print_json(rows)
        return
    from mnist_lab.cli._tables import print_table
    from mnist_lab.text.tables import MINOR, Column

    print_table(
        [
            "Name",
            Column("Description", priority=1),
            Column("Train + test", number=True),
            Column("Size", number=True),
            Column("Classes", number=True),
            Column("Licence", priority=MINOR),
        ],
        [
            [
                row["name"],
                row["description"],
                f"{row['train']:,} + {row['test']:,}",
                _size(row["image_shape"]),
                str(len(row["classes"])),
                row["licence"],
            ]
            for row in rows
        ],
        elsewhere="--json has all columns",
    )
    echo("\nWhere:")
    for row in rows:
        where = row["problem"] or row["source"] or f"not here: mnist-lab data fetch {row['name']}"
        echo(f"  {row['name']:<14} " + where.replace("\n", "\n" + " " * 17))
    echo("  your own       wherever a name stands, the path of a folder (IDX, .npz or train/<class>/*.png)")


@data.command(epilog=examples("mnist-lab data fetch", "mnist-lab data fetch fashion_mnist --data-dir ~/data"))
@click.argument("name", default="mnist")
@data_dir_option
@_QUIET
@debug_option
def fetch(name: str, data_dir: Path | None, quiet: bool) -> None:
    """Download the data set NAME (default mnist), verify it and keep it.

    It goes into the user's cache, or into DIR/NAME/ with --data-dir. Nothing is downloaded if it is there
    already; a download that broke off goes on where it stopped.
    """
    from mnist_lab import datasets

    with download_bar(quiet) as progress:
        dataset = datasets.fetch(name, data_dir, progress=progress)
    echo(f"{dataset.title} is here and genuine: {dataset.source}")


@data.command(epilog=examples("mnist-lab data verify mnist", "mnist-lab data verify path/to/folder --json"))
@click.argument("dataset", type=REFERENCE, metavar="[NAME|PATH]", default="mnist")
@data_dir_option
@json_option
@debug_option
@click.pass_context
def verify(context: click.Context, dataset: str, data_dir: Path | None, as_json: bool) -> None:
    """Read a data set (default mnist), count it, hash it, and say whether it is genuine.

    Ends with exit code 2 if a data set known by NAME is not verified to be that one. Your own data, given
    by PATH, only need to be sound.
    """
    from mnist_lab import datasets

    found = datasets.load(dataset, data_dir, download=False)
    facts = _facts(found)
    if as_json:
        print_json(facts)
    else:
        _print_facts(found, facts)
    if dataset in datasets.KNOWN and not found.genuine:
        context.exit(2)


@data.command(
    epilog=examples("mnist-lab data show digits", "mnist-lab data show mnist --index 7 --split test --output seven.png")
)
@click.argument("dataset", type=REFERENCE, metavar="[NAME|PATH]", default="mnist")
@click.option("--index", type=click.IntRange(min=0), metavar="I", help="Show this one image instead of a sample.")
@click.option("--split", type=click.Choice(["train", "test"]), default="train", show_default=True)
@click.option(
    "--output",
    type=OUTPUT_FILE,
    metavar="FILE",
    help="The PNG to write; without it one named after the data set, in the current folder.",
)
@click.option(
    "--figure", is_flag=True, help="With --index: draw the image large, with axes and the scale of its values."
)
@data_dir_option
@_QUIET
@debug_option
def show(
    dataset: str,
    index: int | None,
    split: str,
    output: Path | None,
    data_dir: Path | None,
    *,
    figure: bool,
    quiet: bool,
) -> None:
    """Write a sample of a data set (default mnist) as a PNG, or with --index one image, pixel for pixel.

    One image is also drawn as text. Prints the file's path last.
    """
    if figure and index is None:
        raise click.UsageError("--figure is for one image: give its --index.")
    from mnist_lab import datasets

    with download_bar(quiet) as progress:
        found = datasets.load(dataset, data_dir, progress=progress)
    images, labels = (found.x_train, found.y_train) if split == "train" else (found.x_test, found.y_test)
    if index is not None and index >= len(images):
        raise click.BadParameter(
            f"{index} is too large: the {split} part of {found.name} has images 0 to {len(images) - 1:,}.",
            param_hint="'--index'",
        )

    from mnist_lab import plots

    title, label = f"{found.title}, {split}", ""
    if index is not None:
        title, label = f"{title} image {index}", found.classes[labels[index]]
        echo(f"{title}: {label}")
        if text := _as_text(images[index]):
            echo(text)
    path = output or Path(f"{found.name}-{split}{'' if index is None else f'-{index}'}.png")
    _make_folder(path.parent)
    if index is None:
        plots.save(plots.sample_grid(images, labels, title, classes=found.classes), path)
    elif figure:
        plots.save(plots.digit(images[index], label, title), path)
    else:
        plots.save_image(_image(images[index]), path)
    echo(str(path))


def _image(pixels: Any) -> "Image":
    from PIL.Image import fromarray

    return fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        from mnist_lab.errors import SetupError

        raise SetupError(f"{folder}: cannot be made: {error.strerror or error}.") from error


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


def _facts(dataset: "Dataset") -> dict[str, Any]:
    import numpy as np

    counts = {
        part: np.bincount(labels, minlength=len(dataset.classes)).tolist()
        for part, labels in (("train", dataset.y_train), ("test", dataset.y_test))
    }
    return {
        "name": dataset.name,
        "title": dataset.title,
        "source": dataset.source,
        "train": len(dataset.x_train),
        "test": len(dataset.x_test),
        "image_shape": dataset.image_shape,
        "classes": [
            {"name": name, "train": train, "test": test}
            for name, train, test in zip(dataset.classes, counts["train"], counts["test"], strict=True)
        ],
        "labels": list(dataset.labels),
        "sha256": dataset.sha256,
        "arrays": dict(dataset.digests),
        "genuine": dataset.genuine,
        "check": dataset.check,
        "notes": list(dataset.notes),
    }


def _print_facts(dataset: "Dataset", facts: dict[str, Any]) -> None:
    from mnist_lab.cli._tables import print_table
    from mnist_lab.text.tables import Column

    echo(f"{dataset.title}, read from {dataset.source}")
    counts = f"{facts['train']:,} training and {facts['test']:,} test images"
    echo(f"  {counts}, {_size(dataset.image_shape)}, {len(dataset.classes)} classes")
    echo()
    rows = [[each["name"], f"{each['train']:,}", f"{each['test']:,}"] for each in facts["classes"]]
    columns = [Column("Class"), *(Column(heading, number=True) for heading in ("Train", "Test"))]
    if dataset.labels != dataset.classes:
        columns.append(Column("Label", number=True))
        rows = [[*row, label] for row, label in zip(rows, dataset.labels, strict=True)]
    print_table(columns, rows)
    echo()
    echo(f"  sha256   {dataset.sha256}")
    for role, digest in dataset.digests.items():
        echo(f"  {role:<8} {digest}")
    echo(f"  genuine  {'yes' if dataset.genuine else 'NOT VERIFIED'}: {dataset.check}")
    for note in dataset.notes:
        echo(f"  note     {note}")


def _as_text(image: Any) -> str | None:
    """One image in characters, two to a pixel so that it keeps its shape; None if it is too wide."""
    if image.shape[1] > _WIDEST_TEXT:
        return None
    grey = image.mean(axis=2)
    steps = (grey * len(_DARK_TO_LIGHT) / 256).astype(int)
    return "\n".join("".join(_DARK_TO_LIGHT[step] * 2 for step in row).rstrip() for row in steps).strip("\n")


def _size(shape: tuple[int, int, int]) -> str:
    height, width, channels = shape
    return f"{width}x{height}" if channels == 1 else f"{width}x{height} colour"
