"""Tables and paragraphs on stdout: fitted to a terminal, neither wrapped nor shortened in a pipe."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mnist_lab.cli._consoles import console
from mnist_lab.cli._output import echo
from mnist_lab.text.printable import printable

_RULED = box.Box(str(box.SIMPLE_HEAD), ascii=True)
"""A rule under the headings; where there is only ASCII, the stream writes it as hyphens."""


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = (), wrapped: int | None = None
) -> Table:
    """A table with a line under its headings.

    Args:
        numbers: the columns that are aligned to the right.
        wrapped: the column that gives way where the terminal is too narrow.
    """
    made = Table(box=_RULED, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    right = set(numbers)
    for i, heading in enumerate(headings):
        made.add_column(
            heading, justify="right" if i in right else "left", overflow="fold", no_wrap=wrapped not in (None, i)
        )
    for row in rows:
        made.add_row(*map(_cell, row))
    return made


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Iterable[int] = ()) -> None:
    """Print a table whose first column gives way where the terminal is too narrow.

    Where it fits, it is laid out here: rich takes two seconds for 5,000 rows.
    """
    output = console()
    right = set(numbers)
    columns = [list(map(printable, column)) for column in zip(headings, *rows, strict=True)]
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
    echo("\n".join(line.rstrip() for line in lines))


def facts(pairs: Iterable[tuple[str, str]]) -> Table:
    """A name and a sentence to a line; what does not fit goes on under its beginning."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for name, text in pairs:
        grid.add_row(_cell(name), _cell(text))
    return grid


def bullets(texts: Iterable[str]) -> RenderableType:
    """A list of sentences."""
    return facts(("•", text) for text in texts)


def _cell(text: str) -> Text:
    """A text as it will be shown, so that its width is known when columns are laid out."""
    return Text(printable(text))
