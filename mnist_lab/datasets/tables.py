"""Reads data sets from CSV files with an image in each row: Kaggle's, "MNIST in CSV" and EMNIST's.

    label,pixel0,pixel1,...,pixel783        a column of labels at any position, the others are pixels
    7,0,0,...,0                             without a header, the labels first

A file is read in chunks by NumPy's parser, into arrays sized by its number of lines: 60,000 rows of 785 numbers take
about a second, and no more memory than the images and one chunk.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from mnist_lab.datasets import emnist, layouts, roles
from mnist_lab.datasets.dataset import Raw
from mnist_lab.datasets.files import MOST_BYTES, entries, opened, unzipped
from mnist_lab.errors import DataError

SUFFIXES = (".csv", ".csv.gz")
_LABELS = frozenset(("label", "labels", "class", "target", "y"))
_ROW_NUMBERS = frozenset(("", "id", "index", "unnamed: 0"))
"""Columns that number the rows, as pandas writes them."""
_LONGEST_LINE = 2**22
_PART = 2**20
"""Pixels that are parsed at a time."""
_UNDERSTOOD = (
    "Expected rows of a label and the pixels 0..255 of a square grey image, with a header such as"
    " label,pixel0,pixel1,... or without one, then with the labels first."
)


@dataclass(frozen=True)
class _Layout:
    """The meaning of the columns of a table."""

    delimiter: str
    columns: int
    label: int | None
    pixels: tuple[int, ...]
    names: tuple[str, ...]
    """The header; empty without one."""
    found: str
    """The content of the first line, for messages."""


def is_table(path: Path) -> bool:
    """Whether a file is a CSV file by its name."""
    return path.name.lower().endswith(SUFFIXES) and not path.name.startswith(".")


def read_file(path: Path) -> Raw:
    """Read one CSV file, all of whose rows are for training.

    Raises:
        DataError: unreadable, damaged, too large, without labels or pixels, or with a value that is not a pixel.
    """
    return _raw({"train": path}, str(path), _beside(path))


def read_folder(folder: Path) -> Raw | None:
    """Read the CSV files of a folder, recognized by `train`, `val` and `test` in their names; None if there are none.

    A test file without labels, as in Kaggle's competitions, is not used.

    Raises:
        DataError: as for `read_file`; or it is unclear which file is for training.
    """
    tables = [path for path in entries(folder) if is_table(path)]
    if not tables:
        return None
    if len(tables) == 1:
        return read_file(tables[0])
    parts: dict[str, Path] = {}
    notes = []
    for path in tables:
        part = roles.part_of(path.name)
        if part in parts:
            raise DataError(
                f"{folder}: which of these is meant? {parts[part].name}, {path.name}",
                "Keep one data set per folder, or give the path of the file itself.",
            )
        if part is None:
            notes.append(f"Skipped {path.name}: its name has neither train nor test.")
        else:
            parts[part] = path
    if "train" not in parts:
        raise DataError(
            f"{folder}: which of these is for training? {', '.join(path.name for path in tables)}",
            "Give the path of the file itself, or rename them: train.csv, test.csv.",
        )
    unlabelled = [part for part, path in parts.items() if part != "train" and _layout_of(path).label is None]
    notes += [f"{parts.pop(part).name} has no labels, so it is not used." for part in unlabelled]
    return _raw(parts, f"{folder} (CSV)", notes)


def _raw(parts: dict[str, Path], source: str, notes: Sequence[str]) -> Raw:
    arrays, places, said = {}, {}, list(notes)
    for part, path in parts.items():
        layout = _layout_of(path)
        if layout.label == 0 and layout.names[:1] in ((), ("0",)):
            said.append(
                f"{path.name} has {'numbers as a header' if layout.names else 'no header'}; its first column is used"
                " as the labels."
            )
        if list(layout.pixels) != sorted(layout.pixels):
            said.append(f"The columns of {path.name} were put in the order of the numbers in their names.")
        arrays[f"x_{part}"], arrays[f"y_{part}"] = _read(path, layout)
        places |= {f"x_{part}": str(path), f"y_{part}": str(path)}
    return emnist.upright(Raw(arrays, places, tuple(parts.values()), source, notes=tuple(said)))


def _beside(path: Path) -> list[str]:
    """Return a note about a test file next to a training file."""
    if roles.part_of(path.name) != "train":
        return []
    name = path.name.lower().replace("training", "test").replace("train", "test")
    return [
        f"{other.name} was not read; to use it as the test part, give the folder instead of the file."
        for other in entries(path.parent)
        if other.name.lower() == name
    ]


@contextmanager
def _text(path: Path) -> Iterator[TextIO]:
    """Open a file as text, without a byte order mark; decompressed if it is gzipped."""
    with opened(path) as file:
        try:
            yield io.TextIOWrapper(unzipped(file), encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise DataError(f"{path}: expected text in UTF-8 ({error}).", "Save it as CSV in UTF-8.") from error
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DataError(f"{path}: the gzip file is truncated or corrupt ({error}).") from error


def _layout_of(path: Path) -> _Layout:
    with _text(path) as file:
        first = file.readline(_LONGEST_LINE)
    if not first.strip():
        what = "first line" if first else "file"
        raise DataError(f"{path}: expected a header or a row of numbers, but the {what} is empty.", _UNDERSTOOD)
    delimiter = max(",;\t", key=first.count)
    first = first.removeprefix("# ")  # with which numpy.savetxt begins a header
    cells = [cell.strip() for cell in _cells(first, delimiter)]
    names = tuple(cell.lower() for cell in cells)
    if _is_numbered(names):
        labels, pixels, header = [0], list(range(1, len(cells))), tuple(cells)
    elif _is_header(names):
        labels = [i for i, name in enumerate(names) if name in _LABELS]
        pixels = [i for i, name in enumerate(names) if name not in _LABELS | _ROW_NUMBERS]
        pixels = _in_order(pixels, names)
        header = tuple(cells)
    else:
        square = {n for n in (len(cells) - 1, len(cells)) if round(n**0.5) ** 2 == n}
        labels = [] if square == {len(cells)} else [0]
        pixels = list(range(len(labels), len(cells)))
        header = ()
    if len(labels) > 1 or len(pixels) < 4:
        raise DataError(f"{path}: not a table of labelled images; {_found(cells)}.", _UNDERSTOOD)
    return _Layout(delimiter, len(cells), labels[0] if labels else None, tuple(pixels), header, _found(cells))


def _is_numbered(cells: Sequence[str]) -> bool:
    """Whether the first line has the names that pandas writes for a table without any.

    These are 0, 1, 2, ..., or the first image with equal pixels numbered: 0, 0.1, 0.2, ...
    """
    different = set(cells)
    counted = all(cell == str(number) for number, cell in enumerate(cells))
    return counted or (len(different) == len(cells) and {"0", "0.1", "0.2"} <= different)


def _in_order(columns: Sequence[int], names: Sequence[str]) -> list[int]:
    """Return the columns in the order of the numbers in their names (pixel0 or 1x1 first), if all of these differ."""
    numbers = {tuple(map(int, re.findall("[0-9]{1,9}", names[column]))): column for column in columns}
    if len(numbers) < len(columns) or len({len(some) for some in numbers}) > 1:
        return list(columns)
    return [numbers[some] for some in sorted(numbers)]


def _is_header(cells: Sequence[str]) -> bool:
    """Whether the first line has names: known ones, several that are not numbers, or 0, 1, 2, ... after the first."""
    counted = all(cell == str(number) for number, cell in enumerate(cells[1:]))
    return counted or not set(cells).isdisjoint(_LABELS | _ROW_NUMBERS) or sum(map(_is_text, cells)) > 1


def _read(path: Path, layout: _Layout) -> tuple[NDArray[Any], NDArray[Any]]:
    """Images (n, side, side) and labels (n,) as text."""
    if layout.label is None:
        raise DataError(f"{path}: there is no column of labels; {layout.found}.", _UNDERSTOOD)
    pixels, side = len(layout.pixels), layouts.square(len(layout.pixels), f"{path} ({layout.found})")
    with _text(path) as file:
        lines = sum(block.count("\n") for block in iter(lambda: file.read(_PART), "")) + 1
    if lines * pixels > MOST_BYTES:
        raise DataError(f"{path}: {lines:,} lines of {pixels:,} pixels; at most {MOST_BYTES:,} bytes are read.")
    images: NDArray[Any] = np.empty((lines, pixels), np.uint8)
    labels: list[str] = []
    with _text(path) as file:
        numbered = ((number, line) for number, line in enumerate(file, 1) if line.strip())
        for _ in layout.names[:1]:
            next(numbered)
        while part := list(islice(numbered, max(1, _PART // pixels))):
            start = len(labels)
            labels += [_label(path, layout, number, line) for number, line in part]
            parsed = _parsed(layout, part, images.dtype)
            if parsed is None and images.dtype == np.uint8:  # there may be fractions
                images = images.astype(np.float32)
                parsed = _parsed(layout, part, images.dtype)
            if parsed is None or not (parsed.min() >= 0 and parsed.max() <= 255):  # NaN fails too
                raise _no_pixel(path, layout, part)
            images[start : len(labels)] = parsed
    if not labels:
        raise DataError(f"{path}: there are no rows in it.")
    if not layout.names and len(set(labels)) == 1:
        raise DataError(
            f"{path} has no header, so its first column is used as the labels, but it is {labels[0]} in every row.",
            "If the labels are in another column, add a header that has the name label for it.",
        )
    return images[: len(labels)].reshape(-1, side, side), np.array(labels)


def _parsed(layout: _Layout, part: Sequence[tuple[int, str]], dtype: np.dtype[Any]) -> NDArray[Any] | None:
    """Return the pixels of some lines; None if one is not a number of this type."""
    lines = [line for _, line in part]
    try:
        return np.loadtxt(
            lines, dtype, delimiter=layout.delimiter, usecols=layout.pixels, comments=None, quotechar='"', ndmin=2
        )
    except ValueError:
        return None


def _label(path: Path, layout: _Layout, number: int, line: str) -> str:
    """Return the label of a line, which must have a value for each column."""
    assert layout.label is not None
    if '"' not in line and line.count(layout.delimiter) == layout.columns - 1:
        label = line.split(layout.delimiter, layout.label + 1)[layout.label]
    else:
        cells = _cells(line, layout.delimiter)
        if len(cells) != layout.columns:
            raise DataError(
                f"{path}, line {number:,}: expected {layout.columns:,} values as in the first line, received"
                f" {len(cells):,}."
            )
        label = cells[layout.label]
    if not (label := label.strip()):
        raise DataError(f"{path}, line {number:,}: expected a label in column {layout.label + 1}, received nothing.")
    return label


def _no_pixel(path: Path, layout: _Layout, part: Sequence[tuple[int, str]]) -> DataError:
    """Return the error about the first value that is not a pixel."""
    for number, line in part:
        cells = _cells(line, layout.delimiter)
        for column in layout.pixels:
            value = cells[column].strip()
            if _is_text(value) or not 0 <= float(value) <= 255:
                name = f" ({layout.names[column]})" if layout.names else ""
                return DataError(
                    f"{path}, line {number:,}, column {column + 1:,}{name}: expected a pixel of 0 to 255, received"
                    f" {repr(value[:40]) if value else 'nothing'}."
                )
    return DataError(f"{path}, lines {part[0][0]:,} to {part[-1][0]:,}: cannot be read as pixels of 0 to 255.")


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter))
    except csv.Error:  # a cell of more than 131,072 characters
        return line.split(delimiter)


def _is_text(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return True
    return False


def _found(cells: Sequence[str]) -> str:
    """Describe the content of the first line: `it has 785 columns: label, pixel0, pixel1, ..., pixel783`."""
    shown = [cell[:40] for cell in cells]
    shown = shown if len(shown) <= 6 else [*shown[:4], "...", shown[-1]]
    return f"it has {len(cells):,} columns: {', '.join(shown)}"
