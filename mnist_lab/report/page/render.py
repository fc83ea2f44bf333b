"""`report.html`: a comparison as one file that needs nothing else, neither a network nor a server.

The page asks nobody for anything, which its content security policy holds browsers to: only its own script runs, known
by its hash, and pictures are part of the page. All that comes from runs is escaped by Jinja or is JSON.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mnist_lab.errors import SetupError
from mnist_lab.report.columns import Column, amount, columns, duration, notes, spread
from mnist_lab.report.digest import explanations, looks
from mnist_lab.report.figures import accuracy_curves, accuracy_parameters
from mnist_lab.report.files import write
from mnist_lab.report.groups import Spread
from mnist_lab.report.names import short_names
from mnist_lab.report.page.answers import Verdicts, answer
from mnist_lab.report.page.details import Details, details, picture
from mnist_lab.report.page.svg import inline_svg
from mnist_lab.report.study import Chapter, Entry, Study
from mnist_lab.version import __version__

PICTURES = 3_000_000
"""Bytes that the pictures of a page may take together; those of later experiments stay files in their run folders."""


@dataclass(frozen=True)
class Cell:
    """What stands in a table."""

    text: str
    aside: str
    """What stands below it: a deviation, an interval, a difference from a published number."""
    value: float | None
    """What it is sorted by; None for text, and where there is no number."""
    numeric: bool


@dataclass(frozen=True)
class Row:
    """An experiment in the table, and its details below."""

    entry: Entry
    name: str
    """As short as it can be in its chapter, as the figures have it."""
    details: Details
    cells: tuple[Cell, ...]
    """In the order of the columns, without the name."""
    picture: str | None
    """Some mistakes of the first run, as a data URI, if there was room for it."""


@dataclass(frozen=True)
class Part:
    """A chapter, ready for the template."""

    id: str
    chapter: Chapter
    verdicts: Verdicts
    figures: Sequence[Markup]
    columns: Sequence[Column]
    rows: Sequence[Row]

    @property
    def row_of(self) -> Mapping[str, Row]:
        """The row of each experiment, by its full name."""
        return {row.entry.group.name: row for row in self.rows}


class Room:
    """How much more may be embedded into a page."""

    def __init__(self, size: int) -> None:
        """`size` in bytes."""
        self._left = size

    def take(self, text: str | None) -> str | None:
        """`text`, if there is room for it."""
        if text is None or len(text) > self._left:
            return None
        self._left -= len(text)
        return text


def write_page(folder: Path, study: Study) -> Path:
    """Write `report.html` into `folder`, whole or not at all.

    Raises:
        SetupError: the folder cannot be written.
    """
    path = folder / "report.html"
    text = page(folder, study)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write(path, text)
    except OSError as error:
        raise SetupError(
            f"{path}: the page cannot be written ({error.strerror or error}).",
            "Check that the folder may be written to, and that the disk is not full.",
        ) from None
    return path


def page(folder: Path, study: Study) -> str:
    """The text of `report.html` in `folder`; the same runs give the same text."""
    environment = _environment()
    script = _source(environment, "page.js")
    room = Room(PICTURES)
    taken: set[str] = set()
    parts = [_part(folder, chapter, f"part-{i}", room, taken) for i, chapter in enumerate(study.chapters, 1)]
    headings = {column.heading for part in parts for column in part.columns}
    return environment.get_template("page.html.jinja").render(
        study=study,
        parts=parts,
        notes=[*notes([chapter.section for chapter in study.chapters], headings), *explanations(study)],
        curves={row.details.anchor: row.details.curves for part in parts for row in part.rows},
        style=Markup(_source(environment, "page.css")),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        version=__version__,
    )


def _part(folder: Path, chapter: Chapter, name: str, room: Room, taken: set[str]) -> Part:
    shown = columns(chapter.section, chapter.verdicts)
    section = chapter.section
    names = short_names(group.name for group in section.groups)
    alt = "the table below has the numbers"
    curves = inline_svg(
        accuracy_curves(section, "Validation accuracy by epoch"),
        f"{name}-curves",
        f"Validation accuracy of each experiment by epoch; {alt}",
    )
    sizes = inline_svg(
        accuracy_parameters(section, "Test accuracy against parameters"),
        f"{name}-sizes",
        f"Test accuracy of each experiment against its number of parameters; {alt}",
    )
    rows = [
        Row(
            entry,
            names[entry.group.name],
            one,
            tuple(_cell(column, entry) for column in shown[1:]),
            room.take(picture(entry.group.runs[0])),
        )
        for entry, one in zip(chapter.entries, details(folder, section.groups, taken), strict=True)
    ]
    return Part(name, chapter, answer(chapter.entries), [curves, sizes], shown, rows)


def _cell(column: Column, entry: Entry) -> Cell:
    text, value = column.text(entry.group), _VALUES.get(column.heading)
    start = min((at for mark in (" ± ", " (") if (at := text.find(mark)) >= 0), default=len(text))
    if not column.numeric:
        start = len(text)
    return Cell(text[:start], text[start + 1 :], value(entry) if value else None, column.numeric)


def _mean(numbers: Spread | None) -> float | None:
    return None if numbers is None else numbers.mean


def _published(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


_VALUES: Mapping[str, Callable[[Entry], float | None]] = {
    "Parameters": lambda entry: entry.group.parameters,
    "Train": lambda entry: _mean(entry.group.train),
    "Validation": lambda entry: _mean(entry.group.validation),
    "Test": lambda entry: entry.group.test.mean,
    "n": lambda entry: entry.group.n,
    "Difference": lambda entry: entry.verdict.paired.mean if entry.verdict and entry.verdict.paired else None,
    "Gap": lambda entry: _mean(entry.group.gap),
    "Epochs": lambda entry: entry.group.epochs.mean,
    "Time": lambda entry: entry.group.seconds.mean,
    "Published train": lambda entry: _published(
        entry.group.published.train_accuracy, entry.group.published.best_train_accuracy
    ),
    "Published test": lambda entry: _published(
        entry.group.published.test_accuracy, entry.group.published.best_test_accuracy
    ),
}
"""What numeric columns are sorted by."""


def typeset(text: str) -> str:
    """`text` with arrows, and with no line break before or after the sign of an equation."""
    return text.replace("->", "→").replace(" = ", "\u00a0=\u00a0").replace(" < ", "\u00a0<\u00a0")


def interval(ends: tuple[float, float]) -> str:
    """`0.9767 to 0.9823`."""
    return f"{ends[0]:.4f} to {ends[1]:.4f}"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("mnist_lab.report.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "duration": duration,
        "spread": spread,
        "typeset": typeset,
        "interval": interval,
        "amount": amount,
        "looks": looks,
    }
    return environment


def _source(environment: Environment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]
