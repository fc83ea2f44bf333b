"""How a comparison looks in a terminal: a row an experiment, as many columns as there is room for, and the verdicts."""

from collections.abc import Sequence
from pathlib import Path

from rich.cells import cell_len
from rich.text import Text

from mnist_lab.cli import _tables as tables
from mnist_lab.cli._consoles import console
from mnist_lab.cli._output import echo, echo_json
from mnist_lab.report import Section, Study, explanations
from mnist_lab.report.columns import Column, columns
from mnist_lab.report.digest import digest, looks
from mnist_lab.report.verdict_words import APART

NARROW = 22
"""Characters that the column of changes keeps in any case; it wraps."""


def print_summary(study: Study, files: Sequence[Path], *, as_json: bool = False) -> None:
    """Print table and verdicts of each chapter, what the numbers are, and where the files are.

    Args:
        study: what is told.
        files: the first is named with its folder; `summary.json` is among them.
        as_json: print `summary.json` instead.
    """
    if as_json:
        echo_json(next(file for file in files if file.name == "summary.json").read_text(encoding="utf-8"))
        return
    output = console()
    headings: set[str] = set()
    dropped: dict[str, None] = {}
    remarks: list[str] = []
    for chapter in study.chapters:
        section = chapter.section
        output.print()
        output.print(Text(section.heading, style="bold"))
        output.print()
        shown, left_out = fitting(columns(section, chapter.verdicts), section, output.width)
        headings |= {column.heading for column in shown}
        dropped |= dict.fromkeys(left_out)
        rows = [[column.text(group) for column in shown] for group in section.groups]
        numbers = [i for i, column in enumerate(shown) if column.numeric]
        wrapped = next((i for i, column in enumerate(shown) if column.heading.startswith("Changed")), 0)
        output.print(tables.table([column.heading for column in shown], rows, numbers=numbers, wrapped=wrapped))
        if verdicts := digest(chapter):
            output.print()
            output.print(tables.bullets(verdicts))
            headings.add("Verdict")  # it is told, if not in the table
        where = f"{section.heading}: " if len(study.chapters) > 1 else ""
        remarks += [f"{where}{text}" for text in looks(chapter.looks)]
    output.print()
    apart = [APART] if len(study.chapters) > 1 else []
    remarks = [*apart, *explanations.of_table(study, headings), *remarks]
    if dropped:
        remarks.append(f"No room here for: {', '.join(dropped)}. The files have all columns.")
    output.print(tables.bullets(remarks))
    echo(f"\nSummary: {files[0]}")
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
