"""Runs, comparisons and searches in HTML: their numbers, their sentences, and small learning curves."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from html import escape
from pathlib import Path

from mnist_lab.errors import InputError
from mnist_lab.history import column
from mnist_lab.notebook.chart import COLOURS, Line, chart
from mnist_lab.notebook.progress import table
from mnist_lab.reports import Section, wording
from mnist_lab.reports.columns import columns
from mnist_lab.reports.observations import observed
from mnist_lab.runs import Run
from mnist_lab.search import Search
from mnist_lab.search.presentation import tables
from mnist_lab.search.presentation import wording as wording_of_search
from mnist_lab.text import quantities
from mnist_lab.text.printable import printable

TRIALS = 5
"""Trials of a search that are shown."""


def run_html(run: Run) -> str:
    """Show a finished run: its data, results, learning curves and observations."""
    measured = run.measured
    data, test = measured.dataset, measured.test
    rows = [["training", f"{data.train:,}", _number(measured.train.loss), _number(measured.train.accuracy), ""]]
    if measured.validation:
        score = measured.validation
        rows.append([data.validation_label, f"{data.validation:,}", _number(score.loss), _number(score.accuracy), ""])
    rows.append(["test", f"{test.total:,}", _number(test.loss), _number(test.accuracy), wording.ends(test.ci95)])
    parameters = quantities.parameters(measured.parameters.trainable, measured.parameters.total)
    about = f"{parameters}, {quantities.count(measured.epochs, 'epoch')}, {quantities.duration(measured.seconds.total)}"
    return _page(
        measured.title,
        [
            f"<div>{_text(about)}</div>",
            table(["", "Images", "Loss", "Accuracy", "95 % CI"], rows),
            "".join(_curves(run)),
            _list([one.text for one in observed(run)]),
            f"<div><code>{_text(str(run.folder.path))}</code></div>",
        ],
    )


def study_html(title: str, sections: Sequence[Section], findings: Sequence[str], files: Sequence[Path]) -> str:
    """Show a comparison: the table and learning curves of each section, and the findings, in sentences."""
    parts = []
    for section in sections:
        shown = columns(section)
        rows = [[printable(column.cell(entry).text) for column in shown] for entry in section.entries]
        words = [i for i, column in enumerate(shown) if not column.numeric]
        parts.append(f"<div><i>{_text(section.heading)}</i></div>")
        parts.append(table([column.heading for column in shown], rows, words=words))
        parts.append(_compared(section))
    parts.append(_list(findings))
    if files:
        parts.append(f"<div><code>{_text(str(files[0]))}</code></div>")
    return _page(title, parts if sections else [*parts, "<div>No finished runs.</div>"])


def search_html(record: Search, findings: Sequence[str], files: Sequence[Path]) -> str:
    """Show a search: the findings, in sentences, and a table of its best trials or of the Pareto front."""
    shown = tables.front(record) or tables.trials(record).first(TRIALS)
    words = [i for i in range(len(shown.headings)) if i not in shown.numeric]
    best = table(shown.headings, [list(map(printable, row)) for row in shown.rows], words=words)
    parts = [f"<div>{_text(wording_of_search.extent(record))}</div>", _list(findings), best]
    if files:
        parts.append(f"<div><code>{_text(str(files[0]))}</code></div>")
    return _page(record.name, parts)


def _curves(run: Run) -> Iterator[str]:
    with suppress(InputError):  # without a history, only the numbers are shown
        held_out = run.measured.dataset.validation_label
        for name in ("accuracy", "loss"):
            lines = [Line("training", column(run.history, name))]
            if any(f"val_{name}" in record for record in run.history):
                lines.append(Line(held_out, column(run.history, f"val_{name}"), dashed=True))
            yield chart(name.capitalize(), lines)


def _compared(section: Section) -> str:
    """Chart the validation (else training) accuracy of each experiment's first run, if there are few enough."""
    histories = {group.name: group.histories[0] for group in section.groups if group.histories}
    if not 1 < len(histories) <= len(COLOURS):
        return ""
    validated = all("val_accuracy" in record for history in histories.values() for record in history)
    key, title = ("val_accuracy", "Validation accuracy") if validated else ("accuracy", "Training accuracy")
    lines = [Line(section.names[name], column(history, key)) for name, history in histories.items()]
    return chart(title, lines)


def _page(heading: str, parts: Sequence[str]) -> str:
    return f"<div><b>{_text(heading)}</b></div>{''.join(parts)}"


def _list(sentences: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{_text(sentence)}</li>' for sentence in sentences)}</ul>" if sentences else ""


def _number(value: float | None) -> str:
    return "NaN" if value is None else f"{value:.4f}"


def _text(text: str) -> str:
    return escape(printable(text))
