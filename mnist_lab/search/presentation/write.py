"""Writes `search.md`, `search.html` and the figures of a search. The same record gives the same bytes."""

import re
from collections.abc import Sequence
from pathlib import Path

from mnist_lab.reports.figures import inline_svg
from mnist_lab.reports.write import folder_for, markdown, save_figures
from mnist_lab.search.presentation import tables, wording
from mnist_lab.search.presentation.figures import NAMES, Plot, plots_of
from mnist_lab.search.presentation.importance import importance
from mnist_lab.search.presentation.page import PACKAGE, html
from mnist_lab.search.record import Search
from mnist_lab.system import atomic
from mnist_lab.text.printable import printable

MOST = 30
"""Trials that `search.md` lists; the page lists all."""
_FIGURES = re.compile(rf"({'|'.join(NAMES)})\.png")


def write_search(folder: Path, record: Search) -> list[Path]:
    """Write `search.md`, `search.html` and the figures of a search, which may still be in progress.

    Args:
        folder: that of the search; is made if it is not there.
        record: what is known of the search.

    Returns:
        The paths of the files, the page first.

    Raises:
        SetupError: the folder cannot be written.
    """
    known = importance(record)
    plots = plots_of(record, known)
    drawn = {plot: plot.drawn(record) for plot in plots}
    inline = [
        inline_svg(figure, f"figure-{i}", f"{plot.shows}; the tables have the numbers")
        for i, (plot, figure) in enumerate(drawn.items(), 1)
    ]
    said = wording.importance(known)
    texts = {"search.html": html(record, inline, said), "search.md": document(record, plots, said)}
    with folder_for("page", folder):
        save_figures(folder, {plot.file: figure for plot, figure in drawn.items()}, stale=_FIGURES)
        for name, text in texts.items():
            atomic.write_text(folder / name, printable(text))
    return [folder / name for name in (*texts, *(plot.file for plot in plots))]


def document(record: Search, plots: Sequence[Plot], importance: str) -> str:
    """The text of `search.md`, with the figures that are shown and what is said of the importance."""
    every = tables.every(record)
    short = {name: table and table.first(MOST) for name, table in every.items()}
    return markdown(
        "search.md.jinja", PACKAGE, record=record, said=wording, plots=plots, importance=importance, **short
    )
