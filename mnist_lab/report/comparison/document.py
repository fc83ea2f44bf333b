"""A comparison on disk: `compare.md`, `compare.json` and the figures, in a folder that no command takes for a run's."""

import json
import re
from pathlib import Path
from typing import Any

from mnist_lab.config import describe
from mnist_lab.config.names import hashed
from mnist_lab.errors import DataError, InputError
from mnist_lab.report.comparison import figures, words
from mnist_lab.report.comparison.comparison import Arm, Comparison, Disputed
from mnist_lab.report.comparison.metrics import Row
from mnist_lab.report.facts import experiment, interval, rounded
from mnist_lab.report.files import folder_for, write
from mnist_lab.report.group import Group, Spread
from mnist_lab.report.images import load_images
from mnist_lab.report.markdown import bullets, table, text
from mnist_lab.runs import is_run_folder

LONGEST = 120
"""Bytes that the name of a comparison's own folder may have."""

_FIGURE = re.compile(rf"{figures.CURVES}\.png|{figures.DIGITS}(_[0-9]+)?\.png")


def default_folder(comparison: Comparison, results: Path) -> Path:
    """`comparisons/<a>-vs-<b>/` below `results`, by the experiments, with the seed of single runs."""
    names = [_slug(group) for group in comparison.groups]
    name = "-vs-".join(names)
    if len(name.encode()) > LONGEST or len(set(names)) < len(names):
        marks = [group.runs[0].folder.id if group.n == 1 else group.fingerprint[:8] for group in comparison.groups]
        name = "-vs-".join(marks)
    if len(name.encode()) > LONGEST:
        name = hashed(f"{names[0]}-vs-{len(names) - 1}-others", name, LONGEST)
    return results / "comparisons" / name


def write_comparison(folder: Path, comparison: Comparison, data_dir: Path | None) -> tuple[list[Path], list[str]]:
    """Write everything into `folder`; figures of an earlier comparison there are removed.

    Args:
        folder: is made if it is not there.
        comparison: what is written.
        data_dir: where to look for the data set first, whose digits are drawn if it is on this machine.

    Returns:
        The paths of the files, `compare.md` first and `compare.json` second; and what could not be drawn, in sentences.

    Raises:
        InputError: `folder` is a run's folder.
        SetupError: it cannot be written.
    """
    if is_run_folder(folder):
        raise InputError(f"{folder}: this is a run's folder; a comparison has to go elsewhere.")
    from mnist_lab import plots

    drawn, not_drawn = {}, []
    if overlaid := figures.curves(comparison):
        drawn[f"{figures.CURVES}.png"] = overlaid
    if figures.has_digits(comparison):
        try:
            drawn |= figures.digits(comparison, load_images(comparison.groups, data_dir))
        except DataError as error:
            first = error.message.partition("\n")[0]
            not_drawn.append(f"The test images that tell the runs apart are not drawn: {first}")
    with folder_for("comparison", folder):
        for file in folder.iterdir():
            if _FIGURE.fullmatch(file.name) and file.name not in drawn:
                file.unlink()
        for name, figure in drawn.items():
            plots.save(figure, folder / name)
        write(folder / "compare.md", document(comparison, list(drawn), not_drawn))
        known = facts(comparison, list(drawn), not_drawn)
        write(folder / "compare.json", json.dumps(known, indent=2, ensure_ascii=False) + "\n")
    return [folder / name for name in ("compare.md", "compare.json", *drawn)], not_drawn


def document(comparison: Comparison, drawn: list[str], not_drawn: list[str]) -> str:
    """The text of `compare.md`."""
    lines = [f"# {comparison.title}", "", f"{comparison.base.group.data.heading}."]
    if len(comparison.arms) > 1:
        rows = [[f"`{name}`", *cells] for name, *cells in words.overview(comparison)]
        changed = f"Changed against {comparison.base.group.name}"
        headings = ["Runs", changed, "Test", "Difference", "95 % interval", "Verdict"]
        lines += ["", *table(headings, rows, numbers=[2, 3, 4])]
    for i, arm in enumerate(comparison.arms):
        lines += ["", f"## {words.heading(arm)}", ""]
        lines += bullets([f"Changed: {arm.entry.group.changed}.", f"Runs: {words.seeds(comparison, arm)}."])
        names = [f"`{group.name}`" for group in (comparison.base.group, arm.entry.group)]
        rows = [[cell.strip() for cell in cells] for cells in words.cells(arm)]
        lines += ["", *table(["", *names, "Difference", "95 % interval"], rows, numbers=range(1, 5))]
        lines += ["", *bullets(words.findings(comparison, arm))]
        if (name := figures.digits_name(i)) in drawn:
            lines += ["", f"![Test images that only one of the two gets right]({name})"]
    if f"{figures.CURVES}.png" in drawn:
        lines += ["", "## Curves", "", f"![Accuracy and loss by epoch of all sides]({figures.CURVES}.png)"]
        if base := words.of_the_base(comparison):
            lines += ["", *bullets(base)]
    lines += ["", "## How to read the numbers", "", *bullets(words.notes(comparison))]
    if left_out := [*comparison.problems, *not_drawn]:
        lines += ["", "## Left out", "", *bullets(left_out)]
    return text(lines)


def facts(comparison: Comparison, drawn: list[str], not_drawn: list[str]) -> dict[str, Any]:
    """The same, ready for JSON: accuracies as fractions of 1, times in seconds."""
    base = comparison.base.group
    return {
        "title": comparison.title,
        "data": base.data.heading,
        "dataset_sha256": base.data.sha256,
        "test_images": base.data.test_images,
        "base": experiment(comparison.base) | _folders(base),
        "arms": [_arm(arm) for arm in comparison.arms],
        "figures": drawn,
        "left_out": [*comparison.problems, *not_drawn],
    }


def _arm(arm: Arm) -> dict[str, Any]:
    return {
        **experiment(arm.entry),
        **_folders(arm.entry.group),
        "changes": [{"path": change.path, "text": describe([change])} for change in arm.changes],
        "pairs": arm.pairs,
        "metrics": {row.metric.name: _row(row) for row in arm.rows},
        "test_images": arm.disputed and _disputed(arm.disputed),
    }


def _folders(group: Group) -> dict[str, Any]:
    return {"folders": [str(run.folder.path) for run in group.runs]}


def _row(row: Row) -> dict[str, Any]:
    return {
        "base": _mean(row.base),
        "this": _mean(row.other),
        "difference": rounded(row.difference),
        "ci95": interval(row.interval),
        **({"ratio": rounded(row.ratio)} if row.ratio is not None else {}),
    }


def _mean(spread: Spread | None) -> dict[str, Any] | None:
    return spread and {"mean": rounded(spread.mean), "sd": rounded(spread.deviation)}


def _disputed(found: Disputed) -> dict[str, Any]:
    def images(some: Any) -> list[dict[str, Any]]:
        return [
            {
                "index": one.index, "label": one.label, "predicted": one.predicted, "base_wrong": one.base_wrong,
                "this_wrong": one.other_wrong,
            }
            for one in some
        ]  # fmt: skip

    return {
        "pairs": found.pairs,
        "base_errs": images(found.base_errs),
        "this_errs": images(found.other_errs),
        "equally_often": found.alike,
    }


def _slug(group: Group) -> str:
    seed = f"-seed{group.seeds[0]}" if group.n == 1 else ""
    return re.sub(r"[^\w.-]+", "-", group.experiment) + seed
