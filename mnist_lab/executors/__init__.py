"""Where runs execute: each call in a process of its own, behind the interface of `concurrent.futures`.

A cluster's executor can stand in the place of `ProcessExecutor`: all that a sweep needs is `submit` and `shutdown`.
"""

from mnist_lab.executors.processes import PARENT, ProcessExecutor
from mnist_lab.executors.slots import Slot, divide

__all__ = ["PARENT", "ProcessExecutor", "Slot", "divide"]
