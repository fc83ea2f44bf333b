"""Chosen runs against the first of them: what `mnist-lab compare` finds, says, draws and writes."""

from mnist_lab.report.comparison.comparison import Arm, Comparison, compare
from mnist_lab.report.comparison.document import default_folder, write_comparison
from mnist_lab.report.comparison.sides import Side, find_results, find_sides

__all__ = ["Arm", "Comparison", "Side", "compare", "default_folder", "find_results", "find_sides", "write_comparison"]
