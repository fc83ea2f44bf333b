"""`report.md`: a comparison to be read from top to bottom, the answers first."""

from pathlib import Path

from mnist_lab.analysis.wording import count
from mnist_lab.report import explanations
from mnist_lab.report.columns import amount, columns, spread
from mnist_lab.report.digest import looks, opening
from mnist_lab.report.figures import CURVES, PARAMETERS, figure_name
from mnist_lab.report.files import folder_for, write
from mnist_lab.report.markdown import bullets, table, table_of, text
from mnist_lab.report.study import Chapter, Entry, Interval, Study
from mnist_lab.report.verdict_words import NO_TIMES, OWN_IMAGES, WORDS

SHOWN = 50
"""Images that every model gets wrong that are listed; `summary.json` has them all."""

_SEEN = {
    "Learned nothing": ("chance_level",),
    "Overfitting against the base": ("gap_against_base",),
    "Where overfitting sets in": ("overfitting_onset",),
    "Not trained to the end": ("undertrained", "still_improving"),
    "How soon a level of accuracy is kept": ("stays_above",),
    "Faster than the base": ("faster",),
}
"""What is seen beside the verdicts, by the rules of `report.observations`."""


def write_document(folder: Path, study: Study) -> Path:
    """Write `report.md` into `folder`, whole or not at all; its figures are those of `summary.write_summary`.

    Raises:
        SetupError: the folder cannot be written.
    """
    path = folder / "report.md"
    with folder_for("report", folder):
        write(path, document(study))
    return path


def document(study: Study) -> str:
    """The text of `report.md`; the same runs give the same text."""
    lines = opening(study)
    headings: set[str] = set()
    for i, chapter in enumerate(study.chapters):
        shown = columns(chapter.section, chapter.verdicts)
        headings |= {column.heading for column in shown}
        lines += ["", f"## {chapter.section.heading}"]
        lines += _verdicts(chapter)
        lines += ["", "### Results", "", *table_of(shown, chapter.section.groups)]
        lines += ["", f"![Validation accuracy of all experiments by epoch]({figure_name(CURVES, i)})"]
        lines += ["", f"![Test accuracy against parameters]({figure_name(PARAMETERS, i)})"]
        lines += ["", "### How sure the test accuracies are", "", *_certainty(chapter)]
        lines += _observations(chapter)
        lines += _fronts(chapter)
        lines += _unanimous(chapter)
        lines += ["", "### How often the test images were looked at", "", *bullets(looks(chapter.looks))]
    lines += ["", "## How to read the numbers", ""]
    lines += bullets(explanations.of_report(study, headings))
    if study.problems:
        lines += ["", "## Left out", "", *bullets(study.problems)]
    return text(lines)


def _verdicts(chapter: Chapter) -> list[str]:
    """Each verdict in a sentence, by base and kind, the largest difference first."""
    lines: list[str] = []
    for base, entries in chapter.families.items():
        lines += ["", f"### What the changes do, against `{base}`"]
        for kind, words in WORDS.items():
            some = [entry for entry in entries if entry.verdict and entry.verdict.kind is kind]
            if some:
                ordered = sorted(some, key=_size, reverse=True)
                lines += ["", f"**{words.heading}**", "", *bullets(map(_sentence, ordered))]
    return lines


def _size(entry: Entry) -> float:
    pair = entry.verdict and entry.verdict.paired
    return abs(pair.mean) if pair else 0.0


def _sentence(entry: Entry) -> str:
    changed = f" ({entry.group.changed})" if entry.group.changed else ""
    return f"`{entry.group.name}`{changed}. {entry.verdict.text if entry.verdict else ''}"


def _certainty(chapter: Chapter) -> list[str]:
    """Test accuracy with what another choice of seeds or of test images would change."""
    rows = [
        [
            f"`{entry.group.name}`",
            spread(entry.group.test),
            str(entry.group.n),
            _ends(entry.seeds_interval),
            _ends(entry.images_interval),
        ]
        for entry in chapter.entries
    ]
    headings = ["Experiment", "Test", "n", "95 % over seeds", "95 % over test images"]
    return table(headings, rows, numbers=[1, 2, 3, 4])


def _ends(interval: Interval | None) -> str:
    return f"{interval[0]:.4f} to {interval[1]:.4f}" if interval else ""


def _observations(chapter: Chapter) -> list[str]:
    """By rule, so that the experiments can be compared."""
    lines: list[str] = []
    for heading, rules in _SEEN.items():
        texts = [
            f"`{entry.group.name}`: {one.text}"
            for entry in chapter.entries
            for one in entry.observations
            if one.rule in rules
        ]
        if texts:
            lines += ["", f"### {heading}", "", *bullets(texts)]
    return lines


def _fronts(chapter: Chapter) -> list[str]:
    if not chapter.fronts:
        return []
    rows = [
        [front.cost, ", ".join(f"`{group.name}` ({amount(cost, front.unit)})" for group, cost in front.members)]
        for front in chapter.fronts
    ]
    lines = [
        "",
        "### What no other experiment beats in both test accuracy and cost",
        "",
        *table(["Cost", "Pareto front, the cheapest first"], rows),
        "",
        "By mean test accuracy: differences between neighbours may be chance.",
    ]
    if not chapter.one_machine:
        lines[-1] += f" {NO_TIMES}"
    return lines


def _unanimous(chapter: Chapter) -> list[str]:
    lines, found = ["", "### Test images that every model gets wrong", ""], chapter.unanimous
    if not chapter.same_images:
        return [*lines, OWN_IMAGES]
    if found is None:
        return []
    among = f"all {found.models:,} models"
    if found.unknown:
        among += f" whose mistakes are known ({found.unknown:,} more have none that can be read)"
    if not found.images:
        return [*lines, f"None is wrong in {among}."]
    rows = [
        [
            f"{image.index:,}",
            str(image.label),
            ", ".join(
                f"{label} ({models:,})" if len(image.predicted) > 1 else f"{label}" for label, models in image.predicted
            ),
        ]
        for image in found.images[:SHOWN]
    ]
    lines += [f"{count(len(found.images), 'image')}, wrong in {among}."]
    if len(found.images) > SHOWN:
        lines[-1] += f" The first {SHOWN} of them; summary.json has all."
    headings = ["Image (row of the test file, from 0)", "Label", "Taken for (by how many models)"]
    return [*lines, "", *table(headings, rows, numbers=[0, 1])]
