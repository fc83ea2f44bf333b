"""Run folders: how they are written, found and read."""

from mnist_lab.runs.collection import Collection, read_runs
from mnist_lab.runs.folder import CHECKPOINT, ERROR, LAST_CHECKPOINT, PLOTS, RunFolder
from mnist_lab.runs.formats import Arrays, Mistake
from mnist_lab.runs.lock import across_machines
from mnist_lab.runs.measured import FORMAT, Continued, Measured
from mnist_lab.runs.run import Predictions, Run, confusion_matrix, find_folders, find_run, load_run
from mnist_lab.runs.search import check_folder, finished_runs, search

__all__ = [
    "CHECKPOINT",
    "ERROR",
    "FORMAT",
    "LAST_CHECKPOINT",
    "PLOTS",
    "Arrays",
    "Collection",
    "Continued",
    "Measured",
    "Mistake",
    "Predictions",
    "Run",
    "RunFolder",
    "across_machines",
    "check_folder",
    "confusion_matrix",
    "find_folders",
    "find_run",
    "finished_runs",
    "load_run",
    "read_runs",
    "search",
]
