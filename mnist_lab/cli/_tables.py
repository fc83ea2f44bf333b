"""Tables and paragraphs for people: fitted to a terminal, neither wrapped nor shortened in a pipe."""

from collections.abc import Iterable, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mnist_lab.cli._consoles import console
from mnist_lab.cli._output import echo
from mnist_lab.text.printable import printable
from mnist_lab.text.tables import Column, Layout, fitted


def print_table(
    columns: Sequence[Column | str],
    rows: Iterable[Sequence[str]],
    *,
    output: Console | None = None,
    elsewhere: str = "",
) -> None:
    """Print a table, and below it which of its columns were hidden.

    Args:
        columns: of `fitted`.
        rows: of `fitted`.
        output: of `console`; without it that for stdout.
        elsewhere: where hidden columns can be seen, as the end of a sentence: `summary.csv has all columns`.
    """
    output = output or console()
    layout = fitted(columns, rows, output.width)
    output.print(Text(layout.heading, style="bold"), soft_wrap=True)
    output.print(layout.rule, soft_wrap=True)
    if layout.rows:
        echo("\n".join(layout.rows), err=output.stderr)  # rich takes seconds for thousands of rows
    if layout.hidden:
        output.print(Text(_note(layout, elsewhere), style="dim"))


def renderable(columns: Sequence[Column | str], rows: Iterable[Sequence[str]], output: Console) -> RenderableType:
    """The same table for rich to draw, in what is in progress."""
    layout = fitted(columns, rows, output.width)
    return Text("\n".join([layout.heading, layout.rule, *layout.rows]))


def facts(pairs: Iterable[tuple[str, str]]) -> Table:
    """A name and a sentence to a line; what does not fit goes on under its beginning."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for name, text in pairs:
        grid.add_row(Text(printable(name)), Text(printable(text)))
    return grid


def bullets(texts: Iterable[str]) -> RenderableType:
    """A list of sentences."""
    return facts(("•", text) for text in texts)


def file_names(names: Iterable[str]) -> RenderableType:
    """Names of files in a folder that was named before."""
    return Padding("  ".join(names), (0, 0, 0, 2), expand=False)


def _note(layout: Layout, elsewhere: str) -> str:
    columns = "column" if len(layout.hidden) == 1 else "columns"
    more = f"; {elsewhere}" if elsewhere else ""
    return f"Hidden {columns}: {', '.join(layout.hidden)} (needs a terminal {layout.needed} columns wide{more})."
