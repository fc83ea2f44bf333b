"""Finished runs compared: groups of seeds, what each experiment changes, verdicts, tables, figures and pages of them.

`runs` collects and groups them, `study` and `compare` compute what is said, `wording` says it, `write` writes it.
"""

from mnist_lab.reports.compare import Comparison, compare, find_results, find_sides
from mnist_lab.reports.runs import Collection, Group, Spread, collect, groups
from mnist_lab.reports.study import Entry, Section, Study, study
from mnist_lab.reports.write import markdown, write_comparison, write_page, write_report

__all__ = [
    "Collection",
    "Comparison",
    "Entry",
    "Group",
    "Section",
    "Spread",
    "Study",
    "collect",
    "compare",
    "find_results",
    "find_sides",
    "groups",
    "markdown",
    "study",
    "write_comparison",
    "write_page",
    "write_report",
]
