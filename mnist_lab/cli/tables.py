"""Tables and paragraphs on stdout: fitted to a terminal, neither wrapped nor shortened in a pipe."""

from collections.abc import Iterable, Sequence

import click
from rich import box
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

_NEVER_WRAPPED = 10_000


def console(*, stderr: bool = False) -> Console:
    """The console for results, or for what is said besides."""
    output = Console(highlight=False, stderr=stderr)
    return output if output.is_terminal else Console(highlight=False, stderr=stderr, width=_NEVER_WRAPPED)


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = (), wrapped: int | None = None
) -> Table:
    """A table with a line under its headings.

    Args:
        numbers: the columns that are aligned to the right.
        wrapped: the column that gives way where the terminal is too narrow.
    """
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    right = set(numbers)
    for i, heading in enumerate(headings):
        made.add_column(
            heading, justify="right" if i in right else "left", overflow="fold", no_wrap=wrapped not in (None, i)
        )
    for row in rows:
        made.add_row(*map(Text, row))
    return made


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Iterable[int] = ()) -> None:
    """Print a table whose first column gives way where the terminal is too narrow.

    Where it fits, it is laid out here: rich takes two seconds for 5,000 rows.
    """
    output = console()
    right = set(numbers)
    columns = list(zip(headings, *rows, strict=True))
    widths = [max(map(cell_len, column)) for column in columns]
    total = sum(widths) + 2 * (len(widths) - 1)
    if total > output.width:
        output.print(table(headings, rows, numbers=right, wrapped=0))
        return
    padded = [
        [
            (" " * (width - cell_len(cell)) + cell if i in right else cell + " " * (width - cell_len(cell)))
            for cell in column
        ]
        for i, (column, width) in enumerate(zip(columns, widths, strict=True))
    ]
    heading, *lines = ("  ".join(cells) for cells in zip(*padded, strict=True))
    output.print(Text(heading.rstrip(), style="bold"))
    output.print("─" * total)
    click.echo("\n".join(line.rstrip() for line in lines))


def facts(pairs: Iterable[tuple[str, str]]) -> Table:
    """A name and a sentence to a line; what does not fit goes on under its beginning."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for name, text in pairs:
        grid.add_row(Text(name), Text(text))
    return grid


def bullets(texts: Iterable[str]) -> RenderableType:
    """A list of sentences."""
    return facts(("•", text) for text in texts)
