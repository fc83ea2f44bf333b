"""`mnist-lab validate`: check configurations without building them."""

from pathlib import Path

import click

from mnist_lab.cli.options import complete_config, debug_option, examples, load_all


@click.command(epilog=examples("mnist-lab validate configs/mlp_512.yaml", "mnist-lab validate configs/"))
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", shell_complete=complete_config)
@debug_option
def validate(paths: tuple[str, ...]) -> None:
    """Check configurations, or folders of them, and say all that is wrong.

    Shapes are not checked here, for that needs Keras: `mnist-lab summary` does.
    """
    files = [file for path in paths for file in _files(path)]
    load_all(tuple(files), [])
    for file in files:
        click.echo(f"{file}: valid")


def _files(path: str) -> list[str]:
    from mnist_lab.errors import ConfigError

    if not Path(path).is_dir():
        return [path]
    files = sorted(str(file) for file in Path(path).rglob("*") if file.suffix in (".yaml", ".yml"))
    if not files:
        raise ConfigError(f"{path}: there is no .yaml file in this folder.")
    return files
