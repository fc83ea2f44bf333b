"""Renders what is served: the page of the finished runs, what is in progress, and the files of a run."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_lab.reports import Study
from mnist_lab.reports.page import parts, series
from mnist_lab.reports.write import rendered_page, report_page, templates
from mnist_lab.search.presentation.wording import MEASURES
from mnist_lab.serving.snapshot import Snapshot
from mnist_lab.text.printable import printable
from mnist_lab.text.quantities import estimate, file_size

if TYPE_CHECKING:
    from jinja2 import Template

PACKAGE = "mnist_lab.serving"
STYLES = ("palette.css", "page.css", "live.css")
PLACE = "<!-- what is in progress -->"
"""Placeholder for what is in progress."""
LISTED = 100
"""The most waiting, failed and interrupted runs that are listed each; the others are counted."""

Address = Callable[[Path], str | None]
"""The address of a run's folder; None if its files are not served."""


@dataclass(frozen=True)
class Page:
    """The page of the finished runs."""

    html: str
    """Contains `PLACE`."""
    version: str
    """Hash of the page."""


@dataclass(frozen=True)
class ProgressPage:
    """What is in progress, rendered."""

    html: str
    json: bytes
    """The HTML and the curves, for the script of the page."""
    version: str
    """Hash of the JSON."""


def page(study: Study, folder: Path, data_dir: Path | None, address: Address) -> Page:
    """Render the report's page of the finished runs in `folder`, with a placeholder for what is in progress."""
    from markupsafe import Markup

    html = report_page(
        "live.html.jinja",
        parts(study, data_dir),
        address,
        package=PACKAGE,
        styles=STYLES,
        scripts=("live.js", "page.js"),
        study=study,
        folder=folder,
        progress=Markup(PLACE),
    )
    return Page(printable(html), _version(html))


def progress(
    snapshot: Snapshot, title: str, shown: Page, address: Address, *, behind: int, problem: str
) -> ProgressPage:
    """Render what is in progress in a results folder.

    Args:
        title: the title of the page.
        shown: the page of the finished runs.
        behind: how many finished runs are not on it yet.
        problem: why they cannot be; empty if they will be.
    """
    running = {f"running-{_anchor(snapshot, run.folder.path)}": run for run in snapshot.of("running")}
    curves = {
        anchor: [curve] if (curve := series(run.history, run.config.seed if run.config else 0)) else []
        for anchor, run in running.items()
    }
    html = printable(
        _progress_template().render(
            snapshot=snapshot,
            running=running,
            accuracies={
                anchor: _accuracy(curve[0], running[anchor].validation) if curve else ""
                for anchor, curve in curves.items()
            },
            address=lambda run: address(run.folder.path),
            behind=behind,
            problem=problem,
            page=shown.version,
            measures=MEASURES,
            listed=LISTED,
            estimate=estimate,
        )
    )
    total = sum(len(sweep.runs) for sweep in snapshot.sweeps)
    ended = sum(sweep.ended for sweep in snapshot.sweeps)
    state = f"{ended}/{total} · " if total else f"{len(running)} running · " if running else ""
    known = {"html": html, "curves": curves, "page": shown.version, "title": f"{state}{title} · mnist-lab"}
    text = json.dumps(known, allow_nan=False)
    return ProgressPage(html, text.encode(), _version(text))


def listing(place: Sequence[str], files: Sequence[tuple[str, int]]) -> str:
    """Render a page with the files of a run at a place below the results folder, as `files.listing` returns them."""
    html = rendered_page(
        "files.html.jinja",
        PACKAGE,
        STYLES,
        (),
        name="/".join(place),
        up="../" * len(place),
        files=[(name, file_size(size)) for name, size in files],
        pictures=[name for name, _ in files if name.endswith(".png")],
    )
    return printable(html)


@cache
def _progress_template() -> "Template":
    return templates(PACKAGE).get_template("progress.html.jinja")


def _accuracy(curve: Mapping[str, Any], validation: str) -> str:
    """Format the last epoch's accuracy: on the validation images if the curve has it, else on the training images."""
    known = {validation: curve["val_accuracy"][-1], "training": curve["accuracy"][-1]}
    return next((f"{name} {value:.4f}" for name, value in known.items() if value is not None), "")


def _anchor(snapshot: Snapshot, run: Path) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", run.relative_to(snapshot.folder).as_posix())


def _version(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
