"""Writes reports and comparisons: Markdown and HTML from templates, JSON, CSV and figures, each file atomically.

The same runs give the same bytes. Only times depend on when and where they were run; they are in separate columns, the
last ones of the CSV.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_lab.config.names import hashed
from mnist_lab.errors import DataError, InputError, SetupError, reason
from mnist_lab.reports import facts, figures, page, wording
from mnist_lab.reports.columns import columns
from mnist_lab.reports.compare import Comparison, compare
from mnist_lab.reports.runs import Group, collect, groups
from mnist_lab.reports.study import Study, study
from mnist_lab.runs import RunFolder
from mnist_lab.system import atomic
from mnist_lab.text.printable import printable
from mnist_lab.text.quantities import count, duration
from mnist_lab.version import __version__

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup
    from matplotlib.figure import Figure

DEFAULT = Path("results")
"""The folder to report on if none is named."""
SHOWN = 50
"""How many of the images that every model gets wrong `report.md` lists; `summary.json` has them all."""
LONGEST = 120
"""The most bytes of the name of a comparison's own folder."""

_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_OF_A_SECTION = re.compile(rf"({figures.CURVES}|{figures.PARAMETERS}|{figures.RESPONSE}_\w+?)(_[0-9]+)?\.png")
_OF_A_COMPARISON = re.compile(rf"{figures.OVERLAY}\.png|{figures.DIGITS}(_[0-9]+)?\.png")


def report_on(
    folders: Sequence[Path], output: Path | None = None, data_dir: Path | None = None
) -> tuple[Study, list[Path]]:
    """Compare the finished runs in and below `folders`, and write the page, the report and its figures.

    Args:
        folders: empty for `results`, which need not exist.
        output: the folder of the files; None for the first of `folders`.
        data_dir: where to look first for the data set, whose test images the page shows if it is at hand.

    Returns:
        The comparison, and the paths of the files, the page first; none if there are no runs.

    Raises:
        InputError: a folder does not exist, or the files would go into a run's folder.
        NewerFormatError: a run was written by a newer mnist-lab.
    """
    first = next(iter(folders), DEFAULT)
    folder = output or first
    if RunFolder(folder).begun:
        raise InputError(
            f"{folder}: this is a run's folder; the files of a report have to go elsewhere.",
            "Name another folder with --output, or report on the folder that the run is in.",
        )
    found = collect(folders or ([DEFAULT] if DEFAULT.is_dir() else []))
    compared = study(first.resolve().name or "results", groups(found.runs), found.problems)
    if not found.runs:
        return compared, []
    return compared, [write_page(folder, compared, data_dir), *write_report(folder, compared, redraw=True)]


def write_report(folder: Path, study: Study, *, redraw: bool = False) -> list[Path]:
    """Write `report.md`, `summary.csv`, `summary.json` and the figures of each section into `folder`.

    Figures are drawn only if `summary.json` has changed or one is missing: they show only what is in it
    and in the histories of the runs it names.

    Args:
        folder: created if it is missing.
        study: has at least one experiment.
        redraw: draw the figures in any case.

    Returns:
        The paths of the files, `report.md` first.

    Raises:
        SetupError: the folder cannot be written.
    """
    known = facts.as_json(facts.of_study(study))
    texts = {"report.md": document(study), "summary.csv": facts.as_csv(study)}
    some = {plot.file: plot for i in range(len(study.sections)) for plot in figures.of_section(study, i)}
    with folder_for("report", folder):
        unchanged = _read(folder / facts.SUMMARY) == printable(known)
        if redraw or not unchanged or not all((folder / name).is_file() for name in some):
            # Written again after the figures, so that it never vouches for older ones.
            (folder / facts.SUMMARY).unlink(missing_ok=True)
            drawn = {name: plot.drawn(study.title) for name, plot in some.items()}
            save_figures(folder, drawn, stale=_OF_A_SECTION)
        for name, text in (*texts.items(), (facts.SUMMARY, known)):
            if _read(folder / name) != printable(text):
                atomic.write_text(folder / name, printable(text))
    return [folder / name for name in (*texts, facts.SUMMARY, *some)]


def write_page(folder: Path, study: Study, data_dir: Path | None = None) -> Path:
    """Write `report.html` into `folder`, a self-contained page; `data_dir` is as for `report_on`.

    Raises:
        SetupError: the folder cannot be written.
    """
    path, text = folder / "report.html", html(folder, study, data_dir)
    with folder_for("page", folder):
        atomic.write_text(path, printable(text))
    return path


def comparison_of(
    references: Sequence[str], results: Path, output: Path | None = None, data_dir: Path | None = None
) -> tuple[Comparison, list[Path]]:
    """Compare runs with a base, and write `compare.md`, `compare.json` and the figures.

    Figures of an earlier comparison in the same folder are removed.

    Args:
        references: two or more runs or experiments, as `find_sides` takes them; the first is the base.
        results: the results folder, in which names are looked up.
        output: the folder of the files, created if it is missing; None for one in `comparisons/` in `results`.
        data_dir: where to look first for the data set, whose images are drawn if it is on this machine.

    Returns:
        The comparison, and the paths of the files, `compare.md` first and `compare.json` second.

    Raises:
        InputError: as for `compare`; or the files would go into a run's folder.
        SetupError: the folder cannot be written.
    """
    comparison = compare(references, results)
    folder = output or results / "comparisons" / folder_name(comparison)
    if RunFolder(folder).begun:
        raise InputError(f"{folder}: this is a run's folder; a comparison has to go elsewhere.")
    drawn = {}
    if overlaid := figures.overlay(comparison):
        drawn[f"{figures.OVERLAY}.png"] = overlaid
    try:
        drawn |= figures.digits(comparison, data_dir)
    except DataError as error:
        first = error.message.partition("\n")[0]
        not_drawn = f"The test images in which the models differ are not drawn: {first}"
        comparison = replace(comparison, problems=(*comparison.problems, not_drawn))
    texts = {
        "compare.md": markdown("compare.md.jinja", comparison=comparison, drawn=drawn),
        "compare.json": facts.as_json(facts.of_comparison(comparison, list(drawn))),
    }
    with folder_for("comparison", folder):
        save_figures(folder, drawn, stale=_OF_A_COMPARISON)
        for name, text in texts.items():
            atomic.write_text(folder / name, printable(text))
    return comparison, [folder / name for name in (*texts, *drawn)]


def folder_name(comparison: Comparison) -> str:
    """Return `<a>-vs-<b>`, by the experiments, with the seed of single runs."""
    groups = comparison.groups
    names = [_slug(group) for group in groups]
    name = "-vs-".join(names)
    if len(name.encode()) > LONGEST or len(set(names)) < len(names):
        name = "-vs-".join(group.runs[0].folder.id if group.n == 1 else group.fingerprint[:8] for group in groups)
    if len(name.encode()) > LONGEST:
        name = hashed(f"{names[0]}-vs-{len(names) - 1}-others", name, LONGEST)
    return name


def document(study: Study) -> str:
    """Return the text of `report.md`; the same runs give the same text."""
    return markdown("report.md.jinja", study=study, columns=columns, plots=figures.of_section, most=SHOWN)


def html(folder: Path, study: Study, data_dir: Path | None = None) -> str:
    """Return the text of `report.html` in `folder`.

    The same runs give the same text, except for the test images, which it shows if their data set is available.
    """
    return report_page("report.html.jinja", page.parts(study, data_dir), partial(page.link, folder), study=study)


def report_page(
    template: str, parts: Sequence[page.Part], address: Callable[[Path], str | None], **context: Any
) -> str:
    """Render the page of a report, or one that extends it (`rendered_page`).

    `address` returns the address of a run's folder; None if it cannot be reached from the page.
    """
    curves = {row.anchor: row.series for part in parts for row in part.rows}
    return rendered_page(template, parts=parts, address=address, curves=curves, command=page.command, **context)


def rendered_page(
    template: str,
    package: str = "mnist_lab.reports",
    styles: Sequence[str] = ("palette.css", "page.css"),
    scripts: Sequence[str] = ("page.js",),
    **context: Any,
) -> str:
    """Render a page from files in `templates/` of `package`, or in the report's if they are missing there.

    The scripts run one after the other; no others may run.
    """
    from markupsafe import Markup

    environment = templates(package)
    assert environment.loader
    source = environment.loader.get_source
    return environment.get_template(template).render(
        style=Markup("\n").join(Markup(source(environment, name)[0]) for name in styles),
        scripts=[Markup(source(environment, name)[0]) for name in scripts],
        version=__version__,
        **context,
    )


def markdown(template: str, package: str = "mnist_lab.reports", **context: Any) -> str:
    """Render a Markdown template in `templates/` of `package`, which may use the report's macros and filters.

    HTML in the runs' own texts is escaped.
    """
    environment = templates(
        package, finalize=lambda value: _TAG.sub("&lt;", value) if isinstance(value, str) else value
    )
    text = environment.get_template(template).render(**context)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def templates(package: str = "mnist_lab.reports", finalize: Callable[[Any], Any] | None = None) -> "Environment":
    """Return the Jinja environment of `package`'s templates and the report's own, with the wording as filters."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in dict.fromkeys((package, "mnist_lab.reports"))]),
        autoescape=select_autoescape(("html.jinja", "html")),
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"wording": wording, "numbered": figures.numbered}
    environment.filters |= {name: getattr(wording, name) for name in wording.__all__}
    environment.filters |= {"count": count, "duration": duration, "sha256": _sha256}
    environment.filters |= {"typeset": typeset, "breakable": breakable}
    return environment


def _sha256(text: str) -> str:
    """Return the hash by which a content security policy names a script or style."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def typeset(text: str) -> str:
    """Return `text` with arrows, and with no line break around `=` and `<`."""
    return text.replace("->", "→").replace(" = ", "\u00a0=\u00a0").replace(" < ", "\u00a0<\u00a0")


def breakable(text: str) -> "Markup":
    """Return `text` with line breaks allowed after the parts of a name."""
    from markupsafe import Markup, escape

    return Markup("<wbr>").join(map(escape, re.split(r"(?<=[/_])(?=\w)", text)))


@contextmanager
def folder_for(what: str, folder: Path) -> Iterator[None]:
    """Create `folder` if it is missing, so that `what` (`report`, `page`) can be written into it inside the `with`.

    Raises:
        SetupError: it cannot be created or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise SetupError(
            f"{folder}: the {what} cannot be written ({reason(error)}).",
            "Check that the folder is writable, and that the disk is not full.",
        ) from None


def save_figures(folder: Path, drawn: "Mapping[str, Figure]", *, stale: re.Pattern[str]) -> None:
    """Save figures by name into `folder`, and remove older ones whose names match `stale`."""
    from mnist_lab import plots

    for file in folder.iterdir():
        if stale.fullmatch(file.name) and file.name not in drawn:
            file.unlink(missing_ok=True)
    for name, figure in drawn.items():
        plots.save(figure, folder / name)


def _read(path: Path) -> str | None:
    """Return the text of a file; None if it is missing, or not text."""
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def _slug(group: Group) -> str:
    seed = f"-seed{group.seeds[0]}" if group.n == 1 else ""
    return re.sub(r"[^\w.-]+", "-", group.experiment) + seed
