"""`report.html`: a comparison as one file that needs nothing else, neither a network nor a server.

The page asks nobody for anything, which its content security policy holds browsers to: only its own script runs, known
by its hash, and pictures are part of the page. All that comes from runs is escaped by Jinja or is JSON.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mnist_lab.errors import DataError
from mnist_lab.report import explanations
from mnist_lab.report.columns import Column, amount, columns, duration, spread
from mnist_lab.report.digest import looks
from mnist_lab.report.figures import accuracy_curves, accuracy_parameters
from mnist_lab.report.files import folder_for, write
from mnist_lab.report.group import Group
from mnist_lab.report.images import load_images
from mnist_lab.report.mistakes import HardImage
from mnist_lab.report.names import short_names
from mnist_lab.report.page import pictures
from mnist_lab.report.page.answers import Verdicts, answer
from mnist_lab.report.page.details import Details, details
from mnist_lab.report.page.svg import inline_svg
from mnist_lab.report.study import Chapter, Entry, Study
from mnist_lab.report.verdict_words import APART, NO_TIMES, OWN_IMAGES
from mnist_lab.version import __version__

PICTURES = 3_000_000
"""Bytes that the pictures of a page may take together; those of later experiments stay files in their run folders."""
HARD = 30
"""Test images that every model gets wrong that are shown."""


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
    has_picture: bool
    """Whether there is such a file in the run's folder."""


@dataclass(frozen=True)
class Part:
    """A chapter, ready for the template."""

    id: str
    chapter: Chapter
    verdicts: Verdicts
    figures: Sequence[Markup]
    columns: Sequence[Column]
    rows: Sequence[Row]
    hard: Sequence[tuple[HardImage, str | None]]
    """The first test images that every model gets wrong, each as a data URI where the data set is at hand."""

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


def write_page(folder: Path, study: Study, data_dir: Path | None = None) -> Path:
    """Write `report.html` into `folder`, whole or not at all.

    Args:
        folder: where it goes.
        study: what it says.
        data_dir: where to look for the test images first.

    Raises:
        SetupError: the folder cannot be written.
    """
    path, text = folder / "report.html", page(folder, study, data_dir)
    with folder_for("page", folder):
        write(path, text)
    return path


def page(folder: Path, study: Study, data_dir: Path | None = None) -> str:
    """The text of `report.html` in `folder`.

    The same runs give the same text, but for the test images in it, which are there if their data set is at hand.
    """
    environment = _environment()
    script = _source(environment, "page.js")
    room = Room(PICTURES)
    taken: set[str] = set()
    parts = [_part(folder, chapter, f"part-{i}", room, taken, data_dir) for i, chapter in enumerate(study.chapters, 1)]
    headings = {column.heading for part in parts for column in part.columns}
    return environment.get_template("page.html.jinja").render(
        study=study,
        parts=parts,
        notes=explanations.of_report(study, headings),
        curves={row.details.anchor: row.details.curves for part in parts for row in part.rows},
        style=Markup(_source(environment, "page.css")),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        apart=APART,
        no_times=NO_TIMES,
        own_images=OWN_IMAGES,
        version=__version__,
    )


def _part(folder: Path, chapter: Chapter, name: str, room: Room, taken: set[str], data_dir: Path | None) -> Part:
    hard = _hard(chapter, room, data_dir)
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
        _row(entry, names[entry.group.name], one, shown[1:], room)
        for entry, one in zip(chapter.entries, details(folder, chapter, taken), strict=True)
    ]
    return Part(name, chapter, answer(chapter.entries), [curves, sizes], shown, rows, hard)


def _row(entry: Entry, name: str, one: Details, shown: Sequence[Column], room: Room) -> Row:
    drawn = pictures.mistakes(entry.group.runs[0])
    cells = tuple(_cell(column, entry.group) for column in shown)
    return Row(entry, name, one, cells, room.take(drawn), drawn is not None)


def _cell(column: Column, group: Group) -> Cell:
    value = column.value(group) if column.value else None
    return Cell(column.main(group), column.aside(group), value, column.numeric)


def _hard(chapter: Chapter, room: Room, data_dir: Path | None) -> list[tuple[HardImage, str | None]]:
    images = chapter.unanimous.images[:HARD] if chapter.unanimous else ()
    if not images:
        return []
    try:
        pixels = load_images(chapter.section.groups, data_dir).x_test
        drawn = [*pictures.thumbnails(pixels[[image.index for image in images]])]
    except (DataError, IndexError):
        return [(image, None) for image in images]
    return [(image, room.take(one)) for image, one in zip(images, drawn, strict=True)]


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
