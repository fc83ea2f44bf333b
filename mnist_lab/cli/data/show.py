"""`mnist-lab data show`: draw images of a data set."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_lab.cli import _completion, _options
from mnist_lab.system.writable import make_folder
from mnist_lab.terminal.downloads import download_bar
from mnist_lab.terminal.output import echo

if TYPE_CHECKING:
    from mnist_lab.config import Config
    from mnist_lab.datasets import Dataset

_DARK_TO_LIGHT = " .:-=+*#%@"
_WIDEST_TEXT = 60
_VERSIONS = 8


@_options.command(
    short_help="Plot sample images of a data set, one image, or augmented images.",
    epilog=_options.examples(
        "mnist-lab data show digits",
        "mnist-lab data show mnist --index 0 --split test --output seven.png",
        "mnist-lab data show augmented_cnn/rotate20_10_epochs --augmented",
    ),
)
@click.argument(
    "source", type=_options.REFERENCE, metavar="[NAME|PATH|CONFIG]", default="mnist", shell_complete=_completion.shown
)
@click.option("--index", type=_options.Number(min=0), metavar="I", help="Show this image instead of a sample.")
@click.option(
    "--split",
    type=click.Choice(["train", "validation", "test"]),
    default="train",
    show_default=True,
    help="Part of the data set.",
)
@click.option("--augmented", is_flag=True, help="Show training images of CONFIG, each with eight augmented versions.")
@_options.settings
@_options.form
@click.option(
    "--output",
    type=_options.PNG,
    metavar="FILE",
    help="PNG file to write. Default: named after what it shows, in the current directory.",
)
@_options.data_dir
@_options.quiet
def show(
    source: str,
    index: int | None,
    split: str,
    settings: tuple[str, ...],
    resize: tuple[int, int] | None,
    output: Path | None,
    data_dir: Path | None,
    *,
    grey: bool,
    augmented: bool,
    quiet: bool,
) -> None:
    """Save a grid of sample images of a data set (default: mnist) as a PNG file, or one image with --index.

    A single image is saved pixel for pixel and also printed as text. With --augmented, the first argument is a
    configuration, and the grid shows how its `augment` changes training images. The path of the file is printed last.
    """
    if augmented and (index is not None or split != "train"):
        raise click.UsageError("--augmented shows training images; it cannot be combined with --index or --split.")
    if augmented and (resize or grey):
        raise click.UsageError("With --augmented, use --set data.resize=... and --set data.grey=true.")
    if settings and not augmented:
        raise click.UsageError("--set changes a configuration; it requires --augmented.")
    from mnist_lab import datasets
    from mnist_lab.config import load_config
    from mnist_lab.config.problems import located
    from mnist_lab.config.schema import Data

    config = load_config(source, _options.overrides(settings)) if augmented else None
    data = config.data if config else Data(dataset=source, resize=resize, grey=grey)
    with download_bar(quiet) as progress:
        dataset = datasets.load(data, data_dir, progress=progress)
    with located(source):
        file, draw = _augmented(config, dataset) if config else _sample(dataset, index, split)
    path = output or Path(file)
    make_folder(path.parent)
    draw(path)
    echo(str(path))


def _sample(found: "Dataset", index: int | None, split: str) -> tuple[str, Callable[[Path], object]]:
    """Return the name of the file and the function that writes it: a sample of a data set, or one image."""
    if split not in found.parts:
        raise click.BadParameter(f"{found.name} has no {split} part.", param_hint="'--split'")
    images, labels = found.parts[split]
    if index is not None and index >= len(images):
        raise click.BadParameter(
            f"{index} is out of range: the {split} part of {found.name} has images 0 to {len(images) - 1:,}.",
            param_hint="'--index'",
        )
    from mnist_lab import plots
    from mnist_lab.datasets.pictures import image_of

    part = "training" if split == "train" else split
    if index is None:
        figure = plots.sample_grid(images, labels, found.classes, title=f"{found.title}, {part} images")
        return f"{found.name}-{split}.png", partial(plots.save, figure)
    echo(f"{found.title}, {part} image {index}, label {found.classes[labels[index]]}")
    pixels = images[index]
    if text := _as_text(pixels):
        echo(text)
    return f"{found.name}-{split}-{index}.png", partial(plots.save_image, image_of(pixels))


def _augmented(config: "Config", dataset: "Dataset") -> tuple[str, Callable[[Path], object]]:
    """Return the name of the file and the function that writes it: training images with augmented versions."""
    from mnist_lab.experiment import augmented

    shown, versions = augmented(config, dataset, _VERSIONS)

    from mnist_lab import plots

    names = [dataset.classes[int(label)] for label in shown.labels]
    title = f"{config.name}: augmented training images, {dataset.title}"
    figure = plots.augmented(shown.images, versions, names, title=title)
    return f"{str(config.experiment).replace('/', '-')}-augmented.png", partial(plots.save, figure)


def _as_text(image: Any) -> str | None:
    """Draw an image in characters, two per pixel so that it keeps its shape; None if it is too wide."""
    if image.shape[1] > _WIDEST_TEXT:
        return None
    grey = image.mean(axis=2)
    steps = (grey * len(_DARK_TO_LIGHT) / 256).astype(int)
    return "\n".join("".join(_DARK_TO_LIGHT[step] * 2 for step in row).rstrip() for row in steps).strip("\n")
