"""`mnist-lab validate`: check configurations without building networks."""

from mnist_lab.cli import _completion, _options
from mnist_lab.terminal.output import echo


@_options.command(
    short_help="Check configurations, sweep and search files.",
    epilog=_options.examples("mnist-lab validate configs/mlp_512.yaml", "mnist-lab validate configs/"),
)
@_options.references("PATH...", _completion.sweeps)
def validate(references: tuple[str, ...]) -> None:
    """Check configurations, sweep files, search files, or folders of them, and list all problems.

    Shapes are not checked, as that requires Keras: use `mnist-lab summary`.
    """
    from mnist_lab.config.searches import check_files

    for file, found in check_files(references).items():
        echo(f"{file}: valid ({found})" if found else f"{file}: valid")
