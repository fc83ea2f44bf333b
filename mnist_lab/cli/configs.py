"""`mnist-lab configs`: the configurations that ship with the package."""

import shutil
from pathlib import Path

import click

from mnist_lab.cli import _options
from mnist_lab.terminal.output import echo, print_json


@click.group(
    short_help="List or copy the configurations that ship with mnist-lab.",
    invoke_without_command=True,
    epilog=_options.examples("mnist-lab configs", "mnist-lab configs copy my_configs"),
)
@_options.json
@_options.debug
@click.pass_context
def configs(ctx: click.Context, *, as_json: bool) -> None:
    """List the configurations, sweep and search files that ship with mnist-lab. Use a name in place of a path."""
    if ctx.invoked_subcommand:
        return
    from mnist_lab.config import shipped
    from mnist_lab.config.document import read

    described = {name: read(shipped.file(name)).value.get("description") for name in shipped.all_names()}
    if as_json:
        print_json([{"name": name, "description": description} for name, description in described.items()])
        return
    from mnist_lab.terminal.tables import print_facts

    print_facts((name, description or "") for name, description in described.items())


@configs.command(
    short_help="Copy all of these files to a folder.", epilog=_options.examples("mnist-lab configs copy my_configs")
)
@click.argument("folder", type=_options.PATH, metavar="DIR")
@_options.debug
def copy(folder: Path) -> None:
    """Copy the configurations, sweep and search files to a folder. Existing files are never overwritten."""
    from mnist_lab.config import shipped
    from mnist_lab.errors import InputError, SetupError, reason

    targets = {shipped.file(name): folder / f"{name}.yaml" for name in shipped.all_names()}
    existing = [target for target in targets.values() if target.exists()]
    if existing:
        raise InputError(f"{existing[0]}: already exists; nothing was copied.", "Choose another folder.")
    try:
        for source, target in targets.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    except OSError as error:
        raise SetupError(f"{folder}: cannot be written ({reason(error)}).") from None
    echo(f"Copied {len(targets)} files to {folder}")
