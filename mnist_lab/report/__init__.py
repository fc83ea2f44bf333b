"""Finished runs compared: groups of seeds, what each experiment changes, tables and figures of them."""

from mnist_lab.report.collection import Collection, collect
from mnist_lab.report.group import Group, Spread
from mnist_lab.report.grouping import Section, groups, sections
from mnist_lab.report.study import Chapter, Entry, Study, study
from mnist_lab.report.summary import write_summary

__all__ = [
    "Chapter",
    "Collection",
    "Entry",
    "Group",
    "Section",
    "Spread",
    "Study",
    "collect",
    "groups",
    "sections",
    "study",
    "write_summary",
]
