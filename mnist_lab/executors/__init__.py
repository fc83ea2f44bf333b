"""Executors, with the interface of `concurrent.futures`, that make each call in a separate process.

`ProcessExecutor` uses this machine, `dask.DaskExecutor` a cluster; sweeps only use their interface, `CallExecutor`.
"""

from mnist_lab.executors.forkserver import PARENT
from mnist_lab.executors.interface import CallExecutor, DiedError, LostError, Progress, left, say, stopping
from mnist_lab.executors.processes import ProcessExecutor
from mnist_lab.executors.slots import Slot, divide

__all__ = [
    "PARENT",
    "CallExecutor",
    "DiedError",
    "LostError",
    "ProcessExecutor",
    "Progress",
    "Slot",
    "divide",
    "left",
    "say",
    "stopping",
]
