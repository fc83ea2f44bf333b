"""Tables of text that fit a width.

If not all columns fit, minor ones are hidden first, then the cells of the others wrap.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from math import inf

from rich.cells import cell_len, chop_cells

from mnist_lab.text.printable import printable

MINOR = 10
"""Columns of this priority or higher are hidden before the others wrap."""
NO_BREAK = "\N{NO-BREAK SPACE}"
"""A space at which a cell does not wrap."""

_GAP = "  "
_WIDEST = 28
"""The most width that a text column asks for; longer cells wrap unless there is room."""
_NARROWEST = 8
"""The least width that a column is squeezed to, even if words are broken."""
_PIECE = re.compile(r"[^ /]*/+ *|[^ /]+ *| +")
"""A piece that is not broken: a word with the spaces after it, or a part of a path with its slash."""
_JOINTS = "_-,=."
"""Characters after which a word that is too long is preferably broken."""


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    heading: str
    number: bool = False
    """Whether the cells are numbers, which are aligned to the right."""
    priority: int = 0
    """Without room for all columns, the highest are hidden first; 0 is never hidden."""


@dataclass(frozen=True)
class Layout:
    """A table laid out for a width."""

    heading: str
    rows: list[str]
    """One string per row, of several lines if cells wrap."""
    width: int
    hidden: list[str]
    """Headings of the columns that had no room."""
    needed: int
    """The width at which no column would be hidden."""

    @property
    def rule(self) -> str:
        """The line below the headings."""
        return "─" * self.width


def fitted(columns: Sequence[Column | str], rows: Iterable[Sequence[str]], width: float = inf) -> Layout:
    """Lay out a table in `width` characters, or in a few more if no column can be hidden or squeezed further.

    Args:
        columns: the columns; a string is the heading of a text column that is never hidden.
        rows: one cell per column. A cell wraps at spaces and slashes, but not at `NO_BREAK`.
        width: in terminal cells; unlimited by default: nothing is hidden and nothing wraps.
    """
    known = [column if isinstance(column, Column) else Column(column) for column in columns]
    headings = [column.heading for column in known]
    cells = [[printable(cell) for cell in column] for column in zip(headings, *rows, strict=True)]
    full = [max(map(_size, column)) for column in cells]
    asked = [size if column.number else min(size, _WIDEST) for size, column in zip(full, known, strict=True)]
    widths, shown = asked, _without(MINOR, range(len(known)), asked, known, width)
    if _total(asked[i] for i in shown) > width:
        pieces = [max(map(_longest_piece, column)) for column in cells]
        widths = [size if column.number else piece for size, piece, column in zip(full, pieces, known, strict=True)]
        shown = _without(1, shown, widths, known, width)
    given = _spread([widths[i] for i in shown], [full[i] for i in shown], width)
    kept = [known[i] for i in shown]
    heading, *lines = (_row(row, given, kept) for row in zip(*(cells[i] for i in shown), strict=True))
    hidden = [column.heading for i, column in enumerate(known) if i not in shown]
    return Layout(heading, lines, _total(given), hidden, _total(asked))


def _without(
    priority: int, shown: Iterable[int], widths: Sequence[int], columns: Sequence[Column], width: float
) -> list[int]:
    """Return the columns that stay if those of `priority` or higher may go, the highest and the rightmost first."""
    shown = list(shown)
    while _total(widths[i] for i in shown) > width:
        minor = [i for i in shown if columns[i].priority >= priority]
        if not minor:
            break
        shown.remove(max(minor, key=lambda i: (columns[i].priority, i)))
    return shown


def _spread(widths: Sequence[int], full: Sequence[int], width: float) -> list[int]:
    """Give the room left to columns, the smallest need first; or narrow the widest columns until they fit."""
    given = list(widths)
    room = width - _total(given)
    for i in sorted(range(len(given)), key=lambda i: full[i] - given[i]):
        more = int(min(full[i] - given[i], max(0, room)))
        given[i] += more
        room -= more
    while room < 0 and max(given) > _NARROWEST:
        given[given.index(max(given))] -= 1
        room += 1
    return given


def _total(widths: Iterable[int]) -> int:
    return sum(width + len(_GAP) for width in widths) - len(_GAP)


def _row(cells: Sequence[str], widths: Sequence[int], columns: Sequence[Column]) -> str:
    """Return one row, with as many lines as its longest cell needs."""
    parts_of_cells = [list(wrapped(cell, width)) for cell, width in zip(cells, widths, strict=True)]
    lines = (
        _GAP.join(_padded(part, width, column) for part, width, column in zip(parts, widths, columns, strict=True))
        for parts in zip_longest(*parts_of_cells, fillvalue="")
    )
    return "\n".join(line.rstrip() for line in lines)


def _padded(text: str, width: int, column: Column) -> str:
    space = " " * (width - cell_len(text))
    return space + text if column.number else text + space


def _size(cell: str) -> int:
    return max(map(cell_len, cell.split("\n")))


def _longest_piece(cell: str) -> int:
    """Return the width below which a cell would be broken within a word."""
    pieces = (piece for line in cell.split("\n") for piece in _PIECE.findall(line))
    return max((cell_len(piece.rstrip(" ")) for piece in pieces), default=0)


def wrapped(cell: str, width: int) -> Iterator[str]:
    """Yield the lines of a text: broken after spaces and slashes, and within a word only if it is too long."""
    for paragraph in cell.split("\n"):
        line = ""
        for piece in _PIECE.findall(paragraph) if cell_len(paragraph) > width else [paragraph]:
            if line and cell_len(line + piece.rstrip(" ")) > width:
                yield _shown(line)
                line = ""
            line += piece
            while cell_len(line.rstrip(" ")) > width:
                first = chop_cells(line, width)[0]
                joint = max(map(first.rfind, _JOINTS)) + 1
                first = first[: joint if cell_len(first[:joint]) > width / 3 else None]
                yield _shown(first)
                line = line[len(first) :]
        yield _shown(line)


def _shown(line: str) -> str:
    return line.rstrip(" ").replace(NO_BREAK, " ")
