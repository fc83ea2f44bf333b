"""`mnist-lab configs`: the configurations that ship with the package."""

import shutil
from pathlib import Path

import click

from mnist_lab.cli._options import PATH, debug_option, examples, json_option
from mnist_lab.terminal.output import echo, print_json


@click.group(
    short_help="List or copy the configurations that ship with mnist-lab.",
    invoke_without_command=True,
    epilog=examples("mnist-lab configs", "mnist-lab configs copy my_configs"),
)
@json_option
@debug_option
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
    from mnist_lab.terminal.consoles import console
    from mnist_lab.terminal.tables import facts

    console().print(facts((name, description or "") for name, description in described.items()))


@configs.command(short_help="Copy them all to a folder.", epilog=examples("mnist-lab configs copy my_configs"))
@click.argument("folder", type=PATH, metavar="DIR")
@debug_option
def copy(folder: Path) -> None:
    """Copy the configurations, sweep and search files to a folder. Existing files are never overwritten."""
    from mnist_lab.config import shipped
    from mnist_lab.errors import InputError, SetupError

    targets = {shipped.file(name): folder / f"{name}.yaml" for name in shipped.all_names()}
    there = [target for target in targets.values() if target.exists()]
    if there:
        raise InputError(f"{there[0]}: already exists; nothing was copied.", "Choose another folder.")
    try:
        for source, target in targets.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    except OSError as error:
        raise SetupError(f"{folder}: cannot be written ({error.strerror}).") from None
    echo(f"Copied {len(targets)} files to {folder}")
