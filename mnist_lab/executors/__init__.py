"""Where runs execute: each call in its own process, behind the interface of `concurrent.futures`.

A cluster's executor can replace `ProcessExecutor`: a sweep only needs `submit` and `shutdown`.
"""

from mnist_lab.executors.processes import PARENT, ProcessExecutor
from mnist_lab.executors.slots import Slot, divide

__all__ = ["PARENT", "ProcessExecutor", "Slot", "divide"]
