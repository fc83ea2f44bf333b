"""Run folders: how they are written, found and read."""

from mnist_lab.runs.folder import FORMAT, PLOTS, Arrays, RunFolder, finished_runs
from mnist_lab.runs.measured import Measured
from mnist_lab.runs.run import Run, find_folders, find_run, is_run_folder, load_run

__all__ = [
    "FORMAT",
    "PLOTS",
    "Arrays",
    "Measured",
    "Run",
    "RunFolder",
    "find_folders",
    "find_run",
    "finished_runs",
    "is_run_folder",
    "load_run",
]
