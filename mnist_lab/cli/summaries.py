"""How a comparison looks in a terminal: a row an experiment, as many columns as there is room for."""

from collections.abc import Sequence
from pathlib import Path

import click
from rich.cells import cell_len
from rich.text import Text

from mnist_lab.cli import tables
from mnist_lab.report import Group, Section, sections
from mnist_lab.report.columns import Column, columns, notes

NARROW = 22
"""Characters that the column of changes keeps in any case; it wraps."""


def print_summary(groups: Sequence[Group], files: Sequence[Path], *, as_json: bool = False) -> None:
    """Print the table of each section, what its numbers are, and where the files are.

    Args:
        groups: as `report.groups` gives them.
        files: as `report.write_summary` gives them.
        as_json: print `summary.json` instead.
    """
    if as_json:
        click.echo(next(file for file in files if file.name == "summary.json").read_text(encoding="utf-8"), nl=False)
        return
    output = tables.console()
    apart = sections(groups)
    headings: set[str] = set()
    dropped: dict[str, None] = {}
    for section in apart:
        output.print()
        output.print(Text(section.heading, style="bold"))
        output.print()
        shown, left_out = fitting(columns(section), section, output.width)
        headings |= {column.heading for column in shown}
        dropped |= dict.fromkeys(left_out)
        rows = [[column.text(group) for column in shown] for group in section.groups]
        numbers = [i for i, column in enumerate(shown) if column.numeric]
        wrapped = next((i for i, column in enumerate(shown) if column.heading.startswith("Changed")), 0)
        output.print(tables.table([column.heading for column in shown], rows, numbers=numbers, wrapped=wrapped))
    output.print()
    remarks = notes(apart, headings)
    if dropped:
        remarks.append(f"No room here for: {', '.join(dropped)}. The files have all columns.")
    output.print(tables.bullets(remarks))
    click.echo(f"\nSummary: {files[0]}")
    output.print(Text("  " + "  ".join(file.name for file in files[1:])))


def fitting(shown: Sequence[Column], section: Section, width: int) -> tuple[list[Column], list[str]]:
    """The columns that fit into `width` characters, the least important left out, and the headings of those."""
    kept = list(shown)
    needed = {column.heading: _width(column, section) for column in shown}
    while sum(needed[column.heading] + 1 for column in kept) - 1 > width:
        least = max(kept, key=lambda column: column.importance)
        if least.importance == 0:
            break
        kept.remove(least)
    return kept, [column.heading for column in shown if column not in kept]


def _width(column: Column, section: Section) -> int:
    cells = [column.heading, *(column.text(group) for group in section.groups)]
    widest = max(map(cell_len, cells))
    return min(widest, NARROW) if column.heading.startswith("Changed") else widest
