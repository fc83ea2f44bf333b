"""Tables and lists in Markdown."""

import re
from collections.abc import Iterable, Sequence

from mnist_lab.report.columns import Column
from mnist_lab.report.group import Group

_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def text(lines: Iterable[str]) -> str:
    """The text of a file; what names and descriptions have of HTML is told and does nothing."""
    return _TAG.sub("&lt;", "\n".join(lines)) + "\n"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = ()) -> list[str]:
    """The lines of a table; `numbers` are the columns that are aligned to the right."""
    right = set(numbers)
    return [
        _line(headings),
        _line("---:" if i in right else "---" for i in range(len(headings))),
        *map(_line, rows),
    ]


def table_of(columns: Sequence[Column], groups: Iterable[Group]) -> list[str]:
    """A row an experiment, its name first; bases in bold."""
    rows = []
    for group in groups:
        first, *rest = (column.text(group) for column in columns)
        rows.append([f"**`{first}`**" if group.is_base else f"`{first}`", *rest])
    numbers = [i for i, column in enumerate(columns) if column.numeric]
    return table([column.heading for column in columns], rows, numbers=numbers)


def bullets(texts: Iterable[str]) -> list[str]:
    """The lines of a list."""
    return [f"- {text}" for text in texts]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
