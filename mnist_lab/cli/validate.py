"""`mnist-lab validate`: check configurations without building networks."""

import click

from mnist_lab.cli import _completion
from mnist_lab.cli._options import REFERENCE, debug_option, examples
from mnist_lab.terminal.output import echo


@click.command(
    short_help="Check configurations, sweep and search files.",
    epilog=examples("mnist-lab validate configs/mlp_512.yaml", "mnist-lab validate configs/"),
)
@click.argument("paths", nargs=-1, required=True, type=REFERENCE, metavar="PATH...", shell_complete=_completion.sweeps)
@debug_option
def validate(paths: tuple[str, ...]) -> None:
    """Check configurations, sweep files, search files, or folders of them, and list all problems.

    Shapes are not checked, as that requires Keras: use `mnist-lab summary`.
    """
    from mnist_lab.config.searches import check_files

    for file, found in check_files(paths).items():
        echo(f"{file}: valid{found}")
