"""What `report.html` shows beyond the study: bars on a common scale, charts, confusion matrices, links and pictures.

`write.page` renders the template. The page is self-contained and makes no network requests, which its content security
policy enforces.
"""

import math
import os
import re
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mnist_lab.analysis.verdicts import Kind
from mnist_lab.errors import DataError, InputError
from mnist_lab.reports import figures, wording
from mnist_lab.reports.bars import Bar, bar, end_of_scale
from mnist_lab.reports.columns import Column, columns
from mnist_lab.reports.observations import observed
from mnist_lab.reports.runs import Group, readable
from mnist_lab.reports.study import Entry, HardImage, Section, Study
from mnist_lab.runs import Mistake, Run, formats

if TYPE_CHECKING:
    from markupsafe import Markup

EPOCHS = 200
"""At most about this many epochs of a history are drawn, which is more than a small chart can resolve."""
CLASSES = 20
"""The most classes of a matrix that can be read; the most frequent confusions are listed in any case."""
LISTED = 5
SERIES = ("loss", "accuracy", "val_loss", "val_accuracy")
PICTURES = 2_500_000
"""The most bytes of all pictures of a page; those of later experiments stay files in their run folders."""
ENVIRONMENT = {
    "device": "device (chosen)",
    "devices": "devices (found)",
    "processor": "CPU",
    "processors": "CPU count",
    "mnist_lab": "mnist-lab",
    "git_dirty": "uncommitted changes",
}
"""Names of what is known of the environment, where they are not those of `experiment.provenance`."""
HARD = 30
"""How many of the images that every model gets wrong are shown."""


@dataclass(frozen=True)
class Confusions:
    """Which classes were confused, over all runs of a group whose mistakes are known."""

    wrong: tuple[tuple[int, ...], ...]
    """(k, k) mistakes: one row per true class, one column per predicted class."""
    classes: tuple[str, ...]
    """Their k names."""
    runs: int
    images: tuple[int, ...] | None
    """Test images of each class; None if not known, or not the same for every run."""
    drawn: bool
    """Whether each run was tested on its own subset of the test images, so that those of a class are not known."""
    frequent: tuple[tuple[int, int, int], ...]
    """The most frequent mistakes: true class, predicted class, how often."""

    @property
    def most(self) -> int:
        """The largest count of the matrix."""
        return max((count for row in self.wrong for count in row), default=0)

    @property
    def readable(self) -> bool:
        """Whether the matrix is small enough to be shown."""
        return len(self.wrong) <= CLASSES

    @property
    def per_model(self) -> list[float]:
        """How many images of each class a model gets wrong, on average."""
        return [sum(counts) / self.runs for counts in self.wrong]

    def recall(self, label: int) -> float | None:
        """Return the share of a class's images that were recognized, over all runs; None if not known."""
        if not self.images or not self.images[label]:
            return None
        return 1 - sum(self.wrong[label]) / (self.images[label] * self.runs)


@dataclass(frozen=True)
class Row:
    """One experiment: its verdict, its row in the table, and what is folded away."""

    entry: Entry
    name: str
    """As short as possible while distinct, as in the figures."""
    anchor: str
    bar: Bar | None
    confusions: Confusions | None
    series: list[dict[str, Any]]
    """Seed, epochs and `SERIES` of each run whose history can be read, ready for JSON."""
    picture: str | None
    """Some mistakes of the first run, as a data URI, if there was room for it."""
    has_picture: bool
    """Whether the run's folder has that file."""

    @property
    def group(self) -> Group:
        """The experiment itself."""
        return self.entry.group

    @property
    def config(self) -> str:
        """The configuration of the first run; empty if it cannot be read."""
        try:
            return formats.read_bytes(self.group.runs[0].folder.path / "config.yaml").decode().strip()
        except (InputError, ValueError):
            return ""

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the runs; all values where they differ."""
        found: dict[str, dict[str, None]] = {}
        for run in self.group.runs:
            for key, value in run.measured.environment.items():
                found.setdefault(ENVIRONMENT.get(key, key.replace("_", " ")), {})[_words(value)] = None
        return {key: "; ".join(values) for key, values in found.items()}

    @property
    def observations(self) -> list[str]:
        """The observations about the first run alone."""
        return [one.text for one in observed(self.group.runs[0])]


@dataclass(frozen=True)
class Part:
    """A section of the study, ready for the template."""

    id: str
    section: Section
    rows: Sequence[Row]
    end: float
    """The difference at the end of the bars' scale."""
    figures: "Sequence[Markup]"
    hard: Sequence[tuple[HardImage, str | None]]
    """The first test images that every model gets wrong, each with a data URI if the data set is at hand."""

    @cached_property
    def columns(self) -> list[Column]:
        """The columns of the table."""
        return columns(self.section)

    @cached_property
    def by_name(self) -> Mapping[str, Row]:
        """The row of each experiment, by its full name."""
        return {row.group.name: row for row in self.rows}

    @cached_property
    def answers(self) -> dict[Kind, list[Row]]:
        """The experiments with each kind of verdict, the largest difference first."""
        found: dict[Kind, list[Row]] = {kind: [] for kind in wording.DID}
        for entry in wording.ranked(self.section.entries):
            if entry.verdict:
                found[entry.verdict.kind].append(self.by_name[entry.group.name])
        return {kind: rows for kind, rows in found.items() if rows}

    @cached_property
    def by_class(self) -> list[Row]:
        """The experiments whose confusions are known and can be shown, one column per class."""
        return [row for row in self.rows if row.confusions and row.confusions.readable]

    @property
    def known_by_class(self) -> bool:
        """Whether the number of test images of each class is known for all of these."""
        return all(row.confusions and row.confusions.images for row in self.by_class)

    def class_cells(self, found: Confusions) -> list[tuple[str, int]]:
        """Return for each class the accuracy, else how many images a model gets wrong; and the shade, in percent."""
        wrong = found.per_model
        most = max(n for row in self.by_class if row.confusions for n in row.confusions.per_model)
        shares = [round(100 * n / most) if most else 0 for n in wrong]
        if not self.known_by_class:
            return [(f"{n:.1f}", share) for n, share in zip(wrong, shares, strict=True)]
        recalls = map(found.recall, range(len(wrong)))
        cells = ["" if recall is None else f"{100 * recall:.1f}" for recall in recalls]
        return list(zip(cells, shares, strict=True))


class _Room:
    """How much more may be embedded into a page."""

    def __init__(self, size: int) -> None:
        self._left = size

    def take(self, text: str | None) -> str | None:
        """Return `text` if there is room for it, else None."""
        if text is None or len(text) > self._left:
            return None
        self._left -= len(text)
        return text


def link(folder: Path, run: Path) -> str | None:
    """Return the address of a run's folder, relative to a page in `folder`; None if there is none."""
    try:
        return quote(Path(os.path.relpath(run.resolve(), folder.resolve())).as_posix())
    except ValueError:  # another drive of Windows
        return None


def parts(study: Study, data_dir: Path | None) -> list[Part]:
    """Return what a page shows of each section of a study."""
    room, taken = _Room(PICTURES), set[str]()
    return [_part(study, i, room, taken, data_dir) for i in range(len(study.sections))]


def _part(study: Study, i: int, room: _Room, taken: set[str], data_dir: Path | None) -> Part:
    section, name = study.sections[i], f"part-{i + 1}"
    hard = _hard(section, room, data_dir)
    end = end_of_scale((pair.mean, pair.interval) for one in section.verdicts.values() if (pair := one.paired))
    counts = (
        _images(run, wrong) for group in section.groups for run, wrong in zip(group.runs, group.mistakes, strict=True)
    )
    shared = next(filter(None, counts), None) if section.same_images else None
    drawn = [
        figures.inline_svg(
            plot.draw(title=plot.shows), f"{name}-figure-{n}", f"{plot.shows}; the table below has the numbers"
        )
        for n, plot in enumerate(figures.of_section(study, i), 1)
    ]
    rows = []
    for entry in section.entries:
        group, pair = entry.group, entry.verdict and entry.verdict.paired
        picture = figures.mistakes_picture(group.runs[0])
        rows.append(
            Row(
                entry=entry,
                name=section.names[group.name],
                anchor=_anchor(group, taken),
                bar=bar((pair.mean, pair.interval), end) if pair else None,
                confusions=_confusions(section, group, shared),
                series=[*filter(None, readable(group.runs, lambda run: series(run.history, run.measured.run.seed)))],
                picture=room.take(picture),
                has_picture=picture is not None,
            )
        )
    return Part(name, section, rows, end, drawn, hard)


def _hard(section: Section, room: _Room, data_dir: Path | None) -> list[tuple[HardImage, str | None]]:
    images = section.unanimous.images[:HARD] if section.unanimous else ()
    if not images:
        return []
    try:
        pixels = figures.load_images(section.groups, data_dir).x_test
        drawn = [*figures.thumbnails(pixels[[image.index for image in images]])]
    except (DataError, IndexError):
        return [(image, None) for image in images]
    return [(image, room.take(one)) for image, one in zip(images, drawn, strict=True)]


def _anchor(group: Group, taken: set[str]) -> str:
    """Return an id for links: the name as far as a link can hold it, so that it is the same in the next report."""
    # No other id of the page begins like this.
    end = re.sub(r"[^A-Za-z0-9_.-]+", "-", group.name).strip("-")
    name = f"experiment-{end}" if end else "experiment"
    anchor = next(one for n in count(1) if (one := name if n == 1 else f"{name}-{n}") not in taken)
    taken.add(anchor)
    return anchor


def command(run: Run) -> str:
    """Return the command that repeats a run.

    It names the run by its place in the results folder, wherever that is and wherever the page was written.
    """
    depth = 2 + run.measured.run.experiment.count("/")
    place = "/".join(run.folder.path.resolve().parts[-depth:])
    return f"mnist-lab reproduce {shlex.quote(place)}"


def series(history: Sequence[Mapping[str, Any]], seed: int) -> dict[str, Any] | None:
    """Return a run's curves as the page's script draws them: seed, epochs and `SERIES`; None without epochs."""
    step = math.ceil(len(history) / EPOCHS) or 1
    rows = [row for i, row in enumerate(history) if i % step == 0 or i == len(history) - 1]
    columns = {key: [_short(row.get(key)) for row in rows] for key in SERIES}
    epochs = [int(row["epoch"]) for row in rows]
    return {"seed": seed, "epoch": epochs, **columns} if epochs else None


def _short(value: Any) -> float | None:
    return float(f"{value:.7g}") if isinstance(value, int | float) and math.isfinite(value) else None


def _images(run: Run, wrong: Mapping[int, Mistake] | None) -> tuple[int, ...] | None:
    """Count the test images of each class; without their labels, by a run's predictions and its mistakes."""
    import numpy as np

    if wrong is None or not (run.folder.path / "predictions.npz").is_file():
        return None
    try:
        arrays = formats.read_arrays(run.folder.path / "predictions.npz")
        classes = arrays["probabilities"].shape[1]
        if "labels" in arrays:
            return tuple(map(int, np.bincount(arrays["labels"], minlength=classes)))
        images = np.bincount(arrays["probabilities"].argmax(axis=1), minlength=classes)
        for mistake in wrong.values():
            images[mistake.predicted] -= 1
            images[mistake.label] += 1
    except (InputError, KeyError, TypeError, ValueError, IndexError):
        return None
    return tuple(map(int, images)) if images.min() >= 0 else None


def _confusions(section: Section, group: Group, shared: tuple[int, ...] | None) -> Confusions | None:
    known = [found for found in group.mistakes if found is not None]
    if not known:
        return None
    counted = Counter((one.label, one.predicted) for found in known for one in found.values())
    names = group.first.dataset.names
    classes = range(len(names))
    frequent = sorted(counted, key=lambda pair: (-counted[pair], pair))[:LISTED]
    if not section.same_images and group.n == 1:
        shared = _images(group.runs[0], known[0])
    return Confusions(
        tuple(tuple(counted[true, predicted] for predicted in classes) for true in classes),
        names,
        len(known),
        shared if shared and len(shared) == len(names) else None,
        not section.same_images and group.n > 1,
        tuple((*pair, counted[pair]) for pair in frequent),
    )


def _words(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)
