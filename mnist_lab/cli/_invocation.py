"""How mnist-lab was called, kept in click's context: the arguments, and whether to show tracebacks."""

import os
from collections.abc import Collection, Sequence

import click

_ARGUMENTS = f"{__name__}.arguments"
_DEBUG = f"{__name__}.debug"


def remember(ctx: click.Context, arguments: Sequence[str]) -> None:
    """Keep the command line's arguments, which click consumes."""
    ctx.meta[_ARGUMENTS] = tuple(arguments)


def command_line(ctx: click.Context, *, without: Collection[str] = ()) -> list[str]:
    """The command line, for a person to run it again.

    Args:
        ctx: of any command.
        without: flags to leave out.
    """
    return ["mnist-lab", *(argument for argument in ctx.meta[_ARGUMENTS] if argument not in without)]


def want_tracebacks(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    """The callback of --debug."""
    if value:
        ctx.meta[_DEBUG] = True


def tracebacks_wanted(ctx: click.Context) -> bool:
    """Whether --debug or the environment variable MNIST_LAB_DEBUG asks for them."""
    return ctx.meta.get(_DEBUG, False) or bool(os.environ.get("MNIST_LAB_DEBUG"))
