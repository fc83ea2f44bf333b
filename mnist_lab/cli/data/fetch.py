"""`mnist-lab data fetch`: download a known data set."""

from pathlib import Path

import click

from mnist_lab.cli import _completion, _options
from mnist_lab.terminal.downloads import download_bar
from mnist_lab.terminal.output import echo


@_options.command(
    short_help="Download a data set and verify it.",
    epilog=_options.examples("mnist-lab data fetch", "mnist-lab data fetch fashion_mnist --data-dir ~/data"),
)
@click.argument("name", default="mnist", shell_complete=_completion.dataset_names)
@_options.data_dir
@_options.quiet
def fetch(name: str, data_dir: Path | None, quiet: bool) -> None:
    """Download the data set NAME (default: mnist) and verify it.

    It is saved in the user's cache, or in DIR/NAME/ with --data-dir. Nothing is downloaded if it is already there; an
    interrupted download resumes.
    """
    from mnist_lab import datasets

    with download_bar(quiet) as progress:
        dataset = datasets.fetch(name, data_dir, progress=progress)
    echo(f"{dataset.title} is available and verified: {dataset.source}")
