"""Where runs execute: each call in its own process, behind the interface of `concurrent.futures`.

`ProcessExecutor` uses this machine, `dask.DaskExecutor` a cluster; a sweep needs no more than `CallExecutor`.
"""

from mnist_lab.executors.interface import CallExecutor, DiedError, LostError, Progress, left, say, stopping
from mnist_lab.executors.processes import PARENT, ProcessExecutor
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
