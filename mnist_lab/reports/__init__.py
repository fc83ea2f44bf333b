"""Reports and comparisons of finished runs: what each experiment changes, verdicts, tables, figures and pages.

`runs` collects the runs and groups their seeds, `study` and `compare` compute the results, `wording` has the sentences,
and `write` writes the files.
"""

from mnist_lab.reports import wording
from mnist_lab.reports.compare import Comparison, compare
from mnist_lab.reports.facts import reported_seeds
from mnist_lab.reports.runs import Group, Spread, collect, groups
from mnist_lab.reports.study import Entry, Published, Section, Study, published_in, study
from mnist_lab.reports.write import comparison_of, markdown, report_on, write_page, write_report

__all__ = [
    "Comparison",
    "Entry",
    "Group",
    "Published",
    "Section",
    "Spread",
    "Study",
    "collect",
    "compare",
    "comparison_of",
    "groups",
    "markdown",
    "published_in",
    "report_on",
    "reported_seeds",
    "study",
    "wording",
    "write_page",
    "write_report",
]
