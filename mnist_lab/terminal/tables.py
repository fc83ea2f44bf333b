"""Tables and paragraphs: fitted to a terminal, neither wrapped nor shortened in a pipe."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.text import Text

from mnist_lab.terminal.consoles import console
from mnist_lab.terminal.output import echo
from mnist_lab.text.printable import printable
from mnist_lab.text.quantities import count
from mnist_lab.text.tables import Column, Layout, fitted, wrapped

_NAMED = 8
"""The most hidden columns that are named; more are only counted."""
_NARROWEST = 20
"""Minimum width of a text beside a name, in characters."""


def print_table(
    columns: Sequence[Column | str],
    rows: Iterable[Sequence[str]],
    *,
    output: Console | None = None,
    elsewhere: str = "",
) -> None:
    """Print a table as `fitted` lays it out, and below it which of its columns, or how many, were hidden.

    Args:
        columns, rows: as for `fitted`.
        output: a console from `console`; None for stdout's.
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
    """Return the table as `fitted` lays it out, for rich to draw in a live display."""
    layout = fitted(columns, rows, output.width)
    return Text("\n".join([layout.heading, layout.rule, *layout.rows]))


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Print one name and its text per line; what does not fit continues below the start of the text."""
    output = console()
    pairs = [(printable(name), printable(text)) for name, text in facts]
    indent = max((cell_len(name) for name, _ in pairs), default=0) + 2
    for name, text in pairs:
        for i, line in enumerate(wrapped(text, max(output.width - indent, _NARROWEST))):
            first = name + " " * (indent - cell_len(name)) if i == 0 else " " * indent
            output.print(Text(f"{first}{line}".rstrip()))


def print_heading(text: str) -> None:
    """Print a heading between empty lines."""
    echo()
    console().print(Text(text, style="bold"))
    echo()


def print_list(texts: Sequence[str], *, apart: bool = True) -> None:
    """Print a list of sentences, if there are any, below an empty line unless it continues another list."""
    if texts and apart:
        echo()
    print_facts(("•", text) for text in texts)


def print_files(text: str, names: Iterable[str]) -> None:
    """Print a sentence about a folder, then the files in it."""
    echo(f"\n{text}")
    print_facts([("", "  ".join(names))])


def _note(layout: Layout, elsewhere: str) -> str:
    are, they_need = ("is", "it needs") if len(layout.hidden) == 1 else ("are", "they need")
    columns = f"{count(len(layout.hidden), 'column')} {are} hidden"
    named = f": {', '.join(layout.hidden)}" if len(layout.hidden) <= _NAMED else ""
    more = f"; {elsewhere}" if elsewhere else ""
    return f"{columns}{named} ({they_need} a terminal {layout.needed} characters wide{more})."
