"""Sweeps: a sweep declares the runs that should exist; running it trains the missing ones."""

from mnist_lab.sweeps.launch import Supply, launch, launch_from, task_for
from mnist_lab.sweeps.machine import Machine, ThisMachine
from mnist_lab.sweeps.observer import Observer, Running
from mnist_lab.sweeps.pipeline import Swept, sweep
from mnist_lab.sweeps.plan import STATES, Plan, PlannedRun, make_plan
from mnist_lab.sweeps.schedule import Schedule
from mnist_lab.sweeps.worker import Outcome

__all__ = [
    "STATES",
    "Machine",
    "Observer",
    "Outcome",
    "Plan",
    "PlannedRun",
    "Running",
    "Schedule",
    "Supply",
    "Swept",
    "ThisMachine",
    "launch",
    "launch_from",
    "make_plan",
    "sweep",
    "task_for",
]
