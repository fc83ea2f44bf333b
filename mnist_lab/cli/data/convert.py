"""`mnist-lab data convert`: write a data set as one npz file."""

from pathlib import Path

import click

from mnist_lab.cli import _completion, _options
from mnist_lab.cli.data.verify import contents
from mnist_lab.terminal.downloads import download_bar
from mnist_lab.terminal.output import echo, echo_prose


@_options.command(
    short_help="Write a data set as one npz file.",
    epilog=_options.examples(
        "mnist-lab data convert digit-recognizer/ digits.npz",
        "mnist-lab data convert photos/ photos.npz --resize 28 --grey",
    ),
)
@click.argument("source", type=_options.REFERENCE, metavar="NAME|PATH", shell_complete=_completion.datasets)
@click.argument("output", type=_options.OutputPath(".npz"), metavar="OUT.npz")
@_options.form
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@_options.data_dir
@_options.quiet
def convert(
    source: str,
    output: Path,
    resize: tuple[int, int] | None,
    data_dir: Path | None,
    *,
    grey: bool,
    force: bool,
    quiet: bool,
) -> None:
    """Write a data set as one npz file with x_train, y_train, x_test, y_test and the names of the classes.

    The file can be used in place of the data set, with the same results, and loads faster than image files or CSV.
    Labels are class indices from 0.
    """
    from mnist_lab import datasets
    from mnist_lab.config.schema import Data
    from mnist_lab.errors import InputError, SetupError, reason
    from mnist_lab.system import atomic
    from mnist_lab.system.writable import make_folder

    if output.exists() and not force:
        raise InputError(f"{output}: already exists.", "--force replaces it.")
    data = Data(dataset=source, resize=resize, grey=grey)
    with download_bar(quiet) as progress:
        found = datasets.load(data, data_dir, progress=progress)
    make_folder(output.parent)
    try:
        with atomic.replacing(output) as part:
            datasets.write(found, part)
    except OSError as error:
        raise SetupError(f"{output}: cannot be written: {reason(error)}.") from error
    for note in found.notes:
        echo_prose(f"Note: {note}", err=True)
    echo(f"{output}: {contents(found)}")
