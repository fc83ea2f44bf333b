"""`mnist-lab data show`: draw images of a data set."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_lab.cli._options import (
    OUTPUT_FILE,
    data_dir_option,
    dataset_argument,
    debug_option,
    examples,
    quiet_option,
)
from mnist_lab.terminal.downloads import download_bar
from mnist_lab.terminal.output import echo

if TYPE_CHECKING:
    from PIL.Image import Image

_DARK_TO_LIGHT = " .:-=+*#%@"
_WIDEST_TEXT = 60


@click.command(
    short_help="Draw sample images of a data set, or one image.",
    epilog=examples(
        "mnist-lab data show digits", "mnist-lab data show mnist --index 7 --split test --output seven.png"
    ),
)
@dataset_argument
@click.option("--index", type=click.IntRange(min=0), metavar="I", help="Show this image instead of a sample.")
@click.option(
    "--split", type=click.Choice(["train", "test"]), default="train", show_default=True, help="Part of the data set."
)
@click.option(
    "--output",
    type=OUTPUT_FILE,
    metavar="FILE",
    help="PNG file to write. Default: named after the data set, in the current folder.",
)
@data_dir_option
@quiet_option
@debug_option
def show(
    dataset: str,
    index: int | None,
    split: str,
    output: Path | None,
    data_dir: Path | None,
    *,
    quiet: bool,
) -> None:
    """Save a grid of sample images of a data set (default: mnist) as a PNG file, or one image with --index.

    A single image is saved pixel for pixel and also printed as text. The path of the file is printed last.
    """
    from mnist_lab import datasets

    with download_bar(quiet) as progress:
        found = datasets.load(dataset, data_dir, progress=progress)
    images, labels = (found.x_train, found.y_train) if split == "train" else (found.x_test, found.y_test)
    if index is not None and index >= len(images):
        raise click.BadParameter(
            f"{index} is out of range: the {split} part of {found.name} has images 0 to {len(images) - 1:,}.",
            param_hint="'--index'",
        )

    from mnist_lab import plots

    title = f"{found.title}, {split}"
    if index is not None:
        echo(f"{title} image {index}: {found.classes[labels[index]]}")
        if text := _as_text(images[index]):
            echo(text)
    path = output or Path(f"{found.name}-{split}{'' if index is None else f'-{index}'}.png")
    _make_folder(path.parent)
    if index is None:
        plots.save(plots.sample_grid(images, labels, found.classes, title=title), path)
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

        raise SetupError(f"{folder}: cannot be created: {error.strerror or error}.") from error


def _as_text(image: Any) -> str | None:
    """One image in characters, two to a pixel so that it keeps its shape; None if it is too wide."""
    if image.shape[1] > _WIDEST_TEXT:
        return None
    grey = image.mean(axis=2)
    steps = (grey * len(_DARK_TO_LIGHT) / 256).astype(int)
    return "\n".join("".join(_DARK_TO_LIGHT[step] * 2 for step in row).rstrip() for row in steps).strip("\n")
