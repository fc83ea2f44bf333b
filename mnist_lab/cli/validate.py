"""`mnist-lab validate`: check configurations without building them."""

from pathlib import Path

import click

from mnist_lab.cli.options import complete_config, debug_option, examples, load_all


@click.command(epilog=examples("mnist-lab validate configs/mlp_512.yaml", "mnist-lab validate configs/"))
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", shell_complete=complete_config)
@debug_option
def validate(paths: tuple[str, ...]) -> None:
    """Check configurations, sweep files, or folders of them, and say all that is wrong.

    Shapes are not checked here, for that needs Keras: `mnist-lab summary` does.
    """
    from mnist_lab.config import load_sweep

    files = [file for path in paths for file in _files(path)]
    sweeps = [file for file in files if _is_sweep(file)]
    load_all(tuple(file for file in files if file not in sweeps), [])
    runs = {file: len(load_sweep([file]).configs) for file in sweeps}
    for file in files:
        click.echo(f"{file}: valid" + (f", {runs[file]} runs" if file in runs else ""))


def _files(path: str) -> list[str]:
    from mnist_lab.errors import ConfigError

    if not Path(path).is_dir():
        return [path]
    files = sorted(str(file) for file in Path(path).rglob("*") if file.suffix in (".yaml", ".yml"))
    if not files:
        raise ConfigError(f"{path}: there is no .yaml file in this folder.")
    return files


def _is_sweep(path: str) -> bool:
    from mnist_lab.config import is_sweep_file
    from mnist_lab.config.document import read
    from mnist_lab.config.shipped import find_sweep
    from mnist_lab.errors import ConfigError

    try:
        return is_sweep_file(read(find_sweep(path)).value)
    except ConfigError:  # which is told with all others
        return False
