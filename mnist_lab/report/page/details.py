"""What a page shows of one experiment beyond its row: its runs, curves, confusions, configuration and environment."""

import math
import os
import re
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mnist_lab.analysis import observed
from mnist_lab.errors import InputError
from mnist_lab.report.group import Group
from mnist_lab.report.study import Chapter
from mnist_lab.runs import Measured, Mistake, Run, formats

EPOCHS = 200
"""At most about so many epochs of a history are drawn: more than a small chart has room for."""
CLASSES = 20
"""A matrix of more classes than this cannot be read; the most frequent confusions are listed in any case."""
LISTED = 5
CURVES = ("loss", "accuracy", "val_loss", "val_accuracy")


@dataclass(frozen=True)
class Confusions:
    """Which classes were taken for which, over all runs of a group whose mistakes are known."""

    wrong: tuple[tuple[int, ...], ...]
    """(k, k) mistakes: a row a true class, a column a predicted one."""
    classes: tuple[str, ...]
    """Their k names."""
    runs: int
    images: tuple[int, ...] | None
    """Test images of each class, if known, and the same for every run."""
    drawn: bool
    """Whether each run drew test images of its own."""
    frequent: tuple[tuple[int, int, int], ...]
    """The most frequent ones: true class, predicted class, how often."""

    @property
    def most(self) -> int:
        """The largest count of the matrix."""
        return max((count for row in self.wrong for count in row), default=0)

    @property
    def readable(self) -> bool:
        """Whether the matrix is small enough to be shown."""
        return len(self.wrong) <= CLASSES

    def recall(self, label: int) -> float | None:
        """The share of a class' images that were recognised, over all runs."""
        if not self.images or not self.images[label]:
            return None
        return 1 - sum(self.wrong[label]) / (self.images[label] * self.runs)


@dataclass(frozen=True)
class OneRun:
    """One run of an experiment."""

    run: Run
    result: Measured
    link: str | None
    """Its folder, relative to the page; None if it cannot be reached from there."""
    command: str
    """What repeats it."""

    @property
    def wrong(self) -> int:
        """Test images that it got wrong."""
        return self.result.test.total - self.result.test.correct


@dataclass(frozen=True)
class Details:
    """All of one experiment that is folded away."""

    anchor: str
    group: Group
    runs: tuple[OneRun, ...]
    curves: list[dict[str, Any]]
    """For each run whose history can be read its seed, its epochs and its `CURVES`, ready for JSON."""
    confusions: Confusions | None
    config: str
    environment: Mapping[str, str]
    observations: tuple[str, ...]
    """Of the first run alone."""


def details(folder: Path, chapter: Chapter, taken: set[str]) -> list[Details]:
    """The details of the groups of a chapter, in their order, for a page in `folder`.

    Args:
        folder: where the page will be.
        chapter: whose groups.
        taken: the anchors that the page has already; those of these groups are added.
    """
    groups = chapter.section.groups
    counts = (_images(run, chapter.mistakes[run.folder]) for group in groups for run in group.runs)
    shared = next(filter(None, counts), None) if chapter.same_images else None
    return [_details(folder, group, _anchor(group, taken), _confusions(group, chapter, shared)) for group in groups]


def _details(folder: Path, group: Group, anchor: str, confusions: Confusions | None) -> Details:
    first = group.runs[0]
    return Details(
        anchor,
        group,
        tuple(
            OneRun(run, result, _link(folder, run.folder.path), _command(run))
            for run, result in zip(group.runs, group.results, strict=True)
        ),
        [curves for run in group.runs if (curves := _curves(run))],
        confusions,
        _text(first.folder.path / "config.yaml"),
        _environment(group.runs),
        tuple(one.text for one in observed(first)),
    )


def _anchor(group: Group, taken: set[str]) -> str:
    """An id for links: the name as far as a link can hold it, so that it is the same in the next report."""
    # No other id of the page begins like this.
    end = re.sub(r"[^A-Za-z0-9_.-]+", "-", group.name).strip("-")
    name = f"experiment-{end}" if end else "experiment"
    anchor = next(one for n in count(1) if (one := name if n == 1 else f"{name}-{n}") not in taken)
    taken.add(anchor)
    return anchor


def _link(folder: Path, run: Path) -> str | None:
    try:
        return quote(Path(os.path.relpath(run.resolve(), folder.resolve())).as_posix())
    except ValueError:  # another drive of Windows
        return None


def _command(run: Run) -> str:
    """By its place in the folder of results, so that it does not matter where that is or where the page was written."""
    depth = 2 + run.measured.run.experiment.count("/")
    place = "/".join(run.folder.path.resolve().parts[-depth:])
    return f"mnist-lab reproduce {shlex.quote(place)}"


def _curves(run: Run) -> dict[str, Any] | None:
    try:
        history = run.history
        step = math.ceil(len(history) / EPOCHS) or 1
        rows = [row for i, row in enumerate(history) if i % step == 0 or i == len(history) - 1]
        columns = {key: [_short(row.get(key)) for row in rows] for key in CURVES}
        epochs = [int(row["epoch"]) for row in rows]
    except InputError:
        return None
    return {"seed": run.measured.run.seed, "epoch": epochs, **columns} if epochs else None


def _short(value: Any) -> float | None:
    return float(f"{value:.5g}") if isinstance(value, int | float) and math.isfinite(value) else None


def _images(run: Run, wrong: Mapping[int, Mistake] | None) -> tuple[int, ...] | None:
    """How many test images there are of each class: those that a run takes for it, set right by its mistakes."""
    import numpy as np

    if wrong is None or not (run.folder.path / "predictions.npz").is_file():
        return None
    try:
        probabilities = run.folder.read_arrays("predictions.npz")["probabilities"]
        images = np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1])
        for mistake in wrong.values():
            images[mistake.predicted] -= 1
            images[mistake.label] += 1
    except (InputError, KeyError, ValueError, IndexError):
        return None
    return tuple(map(int, images)) if images.min() >= 0 else None


def _confusions(group: Group, chapter: Chapter, shared: tuple[int, ...] | None) -> Confusions | None:
    known = [found for run in group.runs if (found := chapter.mistakes[run.folder]) is not None]
    if not known:
        return None
    counted = Counter((one.label, one.predicted) for found in known for one in found.values())
    classes = group.results[0].dataset.classes
    wrong = tuple(tuple(counted[true, predicted] for predicted in range(classes)) for true in range(classes))
    frequent = sorted(((true, predicted, n) for (true, predicted), n in counted.items()), key=lambda of: (-of[2], of))
    if not chapter.same_images and group.n == 1:
        shared = _images(group.runs[0], known[0])
    return Confusions(
        wrong,
        group.results[0].dataset.names,
        len(known),
        shared if shared and len(shared) == classes else None,
        not chapter.same_images and group.n > 1,
        tuple(frequent[:LISTED]),
    )


def _text(file: Path) -> str:
    try:
        return formats.read_bytes(file).decode().strip()
    except (InputError, ValueError):
        return ""


def _environment(runs: Iterable[Run]) -> dict[str, str]:
    """What the runs were made with; of what differs from run to run all there is."""
    found: dict[str, dict[str, None]] = {}
    for run in runs:
        for key, value in run.measured.environment.items():
            found.setdefault(key.replace("_", " "), {})[_words(value)] = None
    return {key: "; ".join(values) for key, values in found.items()}


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
