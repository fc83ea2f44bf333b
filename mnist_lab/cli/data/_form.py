"""Options of commands that read a data set: the size and colour that its images are brought to."""

from collections.abc import Callable
from typing import Any

import click


def _size(_: click.Context, option: click.Parameter, text: str | None) -> tuple[int, int] | None:
    """Height and width of `28` or `28x32`."""
    if text is None:
        return None
    sides = text.lower().split("x")
    if len(sides) > 2 or not all(side.isascii() and side.isdecimal() and int(side) for side in sides):
        raise click.BadParameter(
            f"expected a number of pixels, or height x width such as 28x32, received {text!r}.", param=option
        )
    return int(sides[0]), int(sides[-1])


def form_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--resize` and `--grey`, which give `resize` as (height, width) or None, and `grey`."""
    for option in (
        click.option("--grey", is_flag=True, help="Turn colour images grey."),
        click.option(
            "--resize", callback=_size, metavar="N|HxW", help="Resize all images: 28, or 28x32 for height x width."
        ),
    ):
        command = option(command)
    return command
