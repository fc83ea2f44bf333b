"""Finished runs compared: groups of seeds, what each experiment changes, tables and figures of them."""

from mnist_lab.report.collection import Collection, collect
from mnist_lab.report.groups import Group, Section, Spread, groups, sections
from mnist_lab.report.summary import write_summary

__all__ = ["Collection", "Group", "Section", "Spread", "collect", "groups", "sections", "write_summary"]
