r"""The table of a report as LaTeX, for a paper: a `tabular` of the package booktabs for each section."""

import re
from collections.abc import Iterable

from mnist_lab.analysis.holm import ALPHA
from mnist_lab.analysis.verdicts import Kind
from mnist_lab.reports.columns import Column, columns
from mnist_lab.reports.study import Entry, Section, Study

LEFT_OUT = ("Base", "Verdict", "Gap", "Epochs", "Published train", "Published test", "Time")
"""Columns that are left out, so that the table fits a page; marks stand for the verdicts."""
_SEEDS = f"*: significant at {ALPHA:g} (paired sign-flip test, Holm-corrected); dag: too few seeds for a verdict."
_FOLDS = f"*: validation accuracy differs significantly at {ALPHA:g} (corrected resampled t-test, Holm-corrected)."
_MARKS = {
    Kind.BETTER: r"\textsuperscript{*}",
    Kind.WORSE: r"\textsuperscript{*}",
    Kind.NOT_SIGNIFICANT: "",
    Kind.IMPOSSIBLE: r"\textsuperscript{\dag}",
}
_ESCAPED = {
    "->": r"$\rightarrow$",
    "→": r"$\rightarrow$",
    "±": r"$\pm$",
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",  # after the end of a row, it would begin an optional argument
    "*": "{*}",  # likewise
    **{character: f"\\{character}" for character in "&%$#_{}"},
}
_SIGN = r"(?<![\w.)-])-(?=\d)"
"""A minus, not a hyphen."""
_SPECIAL = re.compile(rf"->|{_SIGN}|--+|[^\w\s-]|_")


def as_latex(study: Study) -> str:
    """Return a `tabular` for each section, after comments with the packages that it needs and what the marks mean."""
    notes = (
        r"\usepackage[T1]{fontenc} \usepackage{booktabs,textcomp}",
        "Accuracies: mean and standard deviation (n - 1) over n runs. Differences in percentage points.",
        *dict.fromkeys(_FOLDS if section.share else _SEEDS for section in study.sections),
    )
    return "\n".join([*(f"% {note}" for note in notes), *map(_table, study.sections)])


def escaped(text: str) -> str:
    """Escape `text` for LaTeX, on one line."""
    return _SPECIAL.sub(_escape, " ".join(text.split()))


def _escape(match: re.Match[str]) -> str:
    text = match[0]
    if set(text) == {"-"}:
        return "$-$" if text == "-" else "{-}" * len(text)  # two would become a dash
    return _ESCAPED.get(text, text)


def _table(section: Section) -> str:
    said = [column for column in columns(section) if column.heading not in LEFT_OUT]
    # Settings are in the column of changes, if there is one.
    shown = [column for column in said if not (column.is_setting and section.bases)]
    lines = [
        f"% {' '.join(section.heading.split())}",
        rf"\begin{{tabular}}{{{''.join('r' if column.numeric else 'l' for column in shown)}}}",
        r"\toprule",
        _row(escaped(column.heading) for column in shown),
        r"\midrule",
        *(_row(_cell(column, entry) for column in shown) for entry in section.entries),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(["", *lines, ""])


def _row(cells: Iterable[str]) -> str:
    return rf"{' & '.join(cells)} \\"


def _cell(column: Column, entry: Entry) -> str:
    """Return a cell of the table; a difference is marked by its verdict."""
    cell = column.cell(entry)
    mark = _MARKS[entry.verdict.kind] if column.heading == "Difference" and entry.verdict and cell.main else ""
    return f"{escaped(cell.main)}{mark} {escaped(cell.aside)}".strip()
