"""Writes `search.md`, `search.html` and the figures of a search. The same record gives the same bytes."""

import re
from pathlib import Path

from mnist_lab.reports.write import folder_for, markdown, save_figures
from mnist_lab.search.presentation import tables, wording
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
    """Write `search.md` and the figures of a search, which may still be going on.

    Args:
        folder: that of the search; is made if it is not there.
        record: what is known of the search.

    Returns:
        The paths of the files, the text first.

    Raises:
        SetupError: the folder cannot be written.
    """
    known = importance(record)
    plots = plots_of(record, known)
    text = markdown(
        "search.md.jinja",
        PACKAGE,
        record=record,
        said=wording,
        plots=plots,
        importance=wording.importance(known),
        confirmation=tables.confirmation(record),
        front=tables.front(record),
        trials=tables.trials(record).first(MOST),
        lost=tables.lost(record).first(MOST),
        space=tables.space(record),
    )
    with folder_for("search", folder):
        save_figures(folder, {plot.file: plot.drawn(record) for plot in plots}, stale=_FIGURES)
        atomic.write_text(folder / "search.md", printable(text))
    return [folder / "search.md", *(folder / plot.file for plot in plots)]
