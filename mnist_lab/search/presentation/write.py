"""Writes `search.md`, `search.html` and the figures of a search. The same record gives the same bytes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from mnist_lab.analysis.verdicts import Kind
from mnist_lab.reports.bars import Bar, bar, end_of_scale
from mnist_lab.reports.figures import Plot, inline_svg
from mnist_lab.reports.wording import DID
from mnist_lab.reports.write import folder_for, markdown, rendered_page, save_figures
from mnist_lab.search.presentation import standings, tables, wording
from mnist_lab.search.presentation.figures import NAMES, plots_of
from mnist_lab.search.presentation.importance import importance
from mnist_lab.search.record import Arm, Search
from mnist_lab.system import atomic
from mnist_lab.text.printable import printable

if TYPE_CHECKING:
    from markupsafe import Markup

PACKAGE = "mnist_lab.search.presentation"
MOST = 30
"""Trials that `search.md` lists; the page lists all."""
_FIGURES = re.compile(rf"({'|'.join(NAMES)})\.png")


def write_search(folder: Path, record: Search) -> list[Path]:
    """Write `search.md`, `search.html` and the figures of a search, which may still be in progress.

    The folder is created if it is missing.

    Returns:
        The paths of the files, the page first.

    Raises:
        SetupError: the folder cannot be written.
    """
    known = importance(record)
    plots = plots_of(record, known)
    drawn = {plot.file: plot.drawn(record.name) for plot in plots}
    inline = [
        inline_svg(plot.draw(title=plot.shows), f"figure-{i}", f"{plot.shows}; the tables have the numbers")
        for i, plot in enumerate(plots, 1)
    ]
    said = wording.importance(known)
    texts = {"search.html": html(record, inline, said), "search.md": document(record, plots, said)}
    with folder_for("page", folder):
        save_figures(folder, drawn, stale=_FIGURES)
        for name, text in texts.items():
            atomic.write_text(folder / name, printable(text))
    return [folder / name for name in (*texts, *drawn)]


def document(record: Search, plots: Sequence[Plot], importance: str) -> str:
    """Return the text of `search.md`, with the figures and the text about importance."""
    every = tables.every(record)
    short = {name: table and table.first(MOST) for name, table in every.items()}
    return markdown(
        "search.md.jinja", PACKAGE, record=record, said=wording, plots=plots, importance=importance, **short
    )


def html(record: Search, figures: "Sequence[Markup]", importance: str) -> str:
    """Return the text of `search.html`, with the figures as SVG and the text about importance."""
    differences = [arm.difference for arm in standings.arms(record) if arm.difference]
    end = end_of_scale((one.mean, one.interval) for one in differences if one.mean is not None)
    return rendered_page(
        "search.html.jinja",
        package=PACKAGE,
        record=record,
        said=wording,
        figures=figures,
        importance=importance,
        answers=_answers(record, end),
        end=end,
        **tables.every(record),
        links={trial.number: quote(f"{trial.run}/") for trial in record.trials if trial.run},
        bold={trial.number for trial in standings.best(record)},
    )


@dataclass(frozen=True)
class Answer:
    """The verdict on a confirmed trial."""

    arm: Arm
    values: str
    """The trial's values, in words."""
    bar: Bar | None


def _answers(record: Search, end: float) -> dict[Kind, list[Answer]]:
    """Return the verdicts by kind, in the order of reports; within a kind, in the order of the search."""
    by_number = {trial.number: trial for trial in record.trials}
    found: dict[Kind, list[Answer]] = {kind: [] for kind in DID}
    for arm in standings.arms(record):
        if (one := arm.difference) and arm.trial is not None:
            values = wording.values(record, by_number[arm.trial]) if arm.trial in by_number else ""
            drawn = None if one.mean is None else bar((one.mean, one.interval), end)
            found[one.kind].append(Answer(arm, values, drawn))
    return {kind: answers for kind, answers in found.items() if answers}
