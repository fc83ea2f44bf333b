"""Writes `search.md`, `search.html` and the figures of a search. The same record gives the same bytes."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mnist_lab.analysis.verdicts import Kind
from mnist_lab.reports.bars import bar, end_of_scale
from mnist_lab.reports.figures import inline_svg
from mnist_lab.reports.wording import DID
from mnist_lab.reports.write import folder_for, markdown, rendered_page, save_figures
from mnist_lab.search.presentation import standings, tables, wording
from mnist_lab.search.presentation.figures import NAMES, plots_of
from mnist_lab.search.presentation.importance import importance
from mnist_lab.search.record import Search
from mnist_lab.system import atomic
from mnist_lab.text.printable import printable

PACKAGE = "mnist_lab.search.presentation"
MOST = 30
"""Trials that `search.md` lists; the page lists all."""
_FIGURES = re.compile(rf"({'|'.join(NAMES)})\.png")


def write_search(folder: Path, record: Search) -> list[Path]:
    """Write `search.md`, `search.html` and the figures of a search, which may still be in progress.

    Returns:
        The paths of the files, the page first.

    Raises:
        SetupError: the folder cannot be written.
    """
    known = importance(record)
    plots = plots_of(record, known)
    drawn = {plot.file: plot.drawn(record.name) for plot in plots}
    inline = [
        inline_svg(drawn[plot.file], f"figure-{i}", f"{plot.shows}; the tables have the numbers")
        for i, plot in enumerate(plots, 1)
    ]
    context = {"record": record, "said": wording, "importance": wording.importance(known)}
    every = tables.every(record)
    short = {name: table and table.first(MOST) for name, table in every.items()}
    texts = {
        "search.html": rendered_page(
            "search.html.jinja", PACKAGE, **context, **every, **_answered(record), figures=inline,
            links={trial.number: quote(f"{trial.run}/") for trial in record.trials if trial.run},
            bold={trial.number for trial in standings.best(record)},
        ),
        "search.md": markdown("search.md.jinja", PACKAGE, **context, **short, plots=plots),
    }  # fmt: skip
    with folder_for("page", folder):
        save_figures(folder, drawn, stale=_FIGURES)
        for name, text in texts.items():
            atomic.write_text(folder / name, printable(text))
    return [folder / name for name in (*texts, *drawn)]


def _answered(record: Search) -> dict[str, Any]:
    """The confirmed trials by verdict, in the order of reports, each with its values and its bar; and the bars' end."""
    tested = [(arm, arm.trial, arm.difference) for arm in standings.arms(record) if arm.trial and arm.difference]
    end = end_of_scale((found.mean, found.interval) for *_, found in tested if found.mean is not None)
    values = {trial.number: wording.values(record, trial) for trial in record.trials}
    answers: dict[Kind, list[Any]] = {kind: [] for kind in DID}
    for arm, number, found in tested:
        drawn = None if found.mean is None else bar((found.mean, found.interval), end)
        answers[found.kind].append((arm, values.get(number, ""), drawn))
    return {"answers": {kind: some for kind, some in answers.items() if some}, "end": end}
