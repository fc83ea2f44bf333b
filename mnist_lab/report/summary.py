"""The summary of a comparison on disk: `summary.md`, `summary.csv`, `summary.json` and two figures.

The same runs give the same bytes. Nothing in them depends on when or where they were run but the times, which are in
columns of their own, the last of the CSV.
"""

import csv
import io
import re
from pathlib import Path
from typing import Any

from mnist_lab.report import explanations
from mnist_lab.report.columns import columns
from mnist_lab.report.digest import digest, looks, opening
from mnist_lab.report.facts import as_json
from mnist_lab.report.figures import CURVES, PARAMETERS, accuracy_curves, accuracy_parameters, figure_name
from mnist_lab.report.files import folder_for, read, write
from mnist_lab.report.group import Spread
from mnist_lab.report.grouping import Section
from mnist_lab.report.markdown import bullets, table_of, text
from mnist_lab.report.published import published
from mnist_lab.report.study import Chapter, Entry, Study

_OF_ANOTHER_SECTION = re.compile(rf"({CURVES}|{PARAMETERS})_[0-9]+\.png")


def write_summary(folder: Path, study: Study, *, redraw: bool = False) -> list[Path]:
    """Write the summary of a study into `folder`, each file whole or not at all.

    Figures are drawn only if `summary.json` has changed or one is missing: they show nothing that is not told by it
    and by the histories of the runs it names.

    Args:
        folder: is made if it is not there.
        study: has at least one experiment.
        redraw: draw the figures in any case.

    Returns:
        The paths of the files, `summary.md` first.

    Raises:
        SetupError: the folder cannot be written.
    """
    known = as_json(study)
    texts = {"summary.md": _markdown(study), "summary.csv": _csv(study)}
    figures = {
        figure_name(kind, i): (kind, chapter.section)
        for i, chapter in enumerate(study.chapters)
        for kind in (CURVES, PARAMETERS)
    }
    with folder_for("summary", folder):
        unchanged = read(folder / "summary.json") == known
        if redraw or not unchanged or not all((folder / name).is_file() for name in figures):
            # Written again once the figures are there, so that it never vouches for older ones.
            (folder / "summary.json").unlink(missing_ok=True)
            for file in folder.iterdir():
                if _OF_ANOTHER_SECTION.fullmatch(file.name) and file.name not in figures:
                    file.unlink(missing_ok=True)
            _draw(folder, study.title, figures)
        for name, text in (*texts.items(), ("summary.json", known)):
            if read(folder / name) != text:
                write(folder / name, text)
    return [folder / name for name in (*texts, "summary.json", *figures)]


def _csv(study: Study) -> str:
    """A row a group; empty cells where there is no number."""
    rows = [_row(chapter, entry) for chapter in study.chapters for entry in chapter.entries]
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _row(chapter: Chapter, entry: Entry) -> dict[str, Any]:
    def both(name: str, spread: Spread | None) -> dict[str, str]:
        return {f"{name}_mean": _cell(spread and spread.mean), f"{name}_sd": _cell(spread and spread.deviation)}

    def ends(name: str, interval: tuple[float, float] | None) -> dict[str, str]:
        low, high = interval or (None, None)
        return {f"{name}_low": _cell(low), f"{name}_high": _cell(high)}

    group, verdict = entry.group, entry.verdict
    pair = verdict and verdict.paired
    known, size = published(group.published, group), group.results[0].parameters
    return {
        "data": chapter.section.heading,
        "experiment": group.experiment,
        "fingerprint": group.fingerprint[:8],
        "base": group.base or "",
        "changed": group.changed,
        "n": group.n,
        "seeds": " ".join(map(str, group.seeds)),
        "parameters": size.total,
        "parameters_trainable": size.trainable,
        **both("train", group.train),
        **both("validation", group.validation),
        **both("test", group.test),
        **ends("test_ci95_seeds", entry.seeds_interval),
        **ends("test_ci95_images", entry.images_interval),
        "verdict": str(verdict.kind) if verdict else "",
        "shared_seeds": len(verdict.seeds) if verdict else "",
        "difference": _cell(pair and pair.mean),
        **ends("difference_ci95", pair and pair.interval),
        "p": _cell(pair and pair.p),
        "p_corrected": _cell(verdict and verdict.p),
        **both("gap", group.gap),
        "epochs_mean": _cell(group.epochs.mean),
        "best_test_mean": _cell(group.best_test and group.best_test.mean),
        "selected_on_test": str(group.selected_on_test).lower(),
        **{f"published_{key}": _cell(one.accuracy) for key, one in known.items()},
        **{f"points_above_published_{key}": _cell(one.points) for key, one in known.items()},
        "seconds_total": _cell(group.seconds.mean),
        "seconds_epoch": _cell(group.epoch_seconds.mean),
    }


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"


def _markdown(study: Study) -> str:
    lines = opening(study)
    headings: set[str] = set()
    for i, chapter in enumerate(study.chapters):
        section = chapter.section
        shown = columns(section, chapter.verdicts)
        headings |= {column.heading for column in shown}
        lines += ["", f"## {section.heading}", "", *table_of(shown, section.groups)]
        if verdicts := digest(chapter):
            lines += ["", *bullets(verdicts)]
        lines += ["", f"![Validation accuracy of all experiments by epoch]({figure_name(CURVES, i)})"]
        lines += ["", f"![Test accuracy against parameters]({figure_name(PARAMETERS, i)})"]
    lines += ["", *bullets(explanations.of_table(study, headings))]
    for chapter in study.chapters:
        where = f"{chapter.section.heading}: " if len(study.chapters) > 1 else ""
        lines += bullets(f"{where}{text}" for text in looks(chapter.looks))
    if any(group.is_base for group in study.groups):
        lines += bullets([explanations.BOLD])
    return text(lines)


def _draw(folder: Path, title: str, figures: dict[str, tuple[str, Section]]) -> None:
    from mnist_lab import plots

    several = len({section.heading for _, section in figures.values()}) > 1
    for name, (kind, section) in figures.items():
        heading = section.heading if several else section.data.title
        if kind == CURVES:
            figure = accuracy_curves(section, f"{title}: validation accuracy, {heading}")
        else:
            figure = accuracy_parameters(section, f"{title}: test accuracy against parameters, {heading}")
        plots.save(figure, folder / name)
