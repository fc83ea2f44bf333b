"""`mnist-lab data`: find, download, verify, view and convert data sets; one command per file."""

import click

from mnist_lab.cli import _options
from mnist_lab.cli.data.convert import convert
from mnist_lab.cli.data.fetch import fetch
from mnist_lab.cli.data.list import list_
from mnist_lab.cli.data.show import show
from mnist_lab.cli.data.verify import verify


@click.group(
    short_help="Find, download, verify, view and convert data sets.",
    epilog=_options.examples("mnist-lab data list", "mnist-lab data fetch mnist"),
    commands=[convert, fetch, list_, show, verify],
)
def data() -> None:
    """Find, download, verify, view and convert data sets."""
