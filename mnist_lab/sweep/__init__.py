"""Many runs: a sweep is the wanted state of the results folder, and running it makes up what is missing."""

from mnist_lab.sweep.launch import Observer, launch
from mnist_lab.sweep.plan import Plan, PlannedRun, make_plan

__all__ = ["Observer", "Plan", "PlannedRun", "launch", "make_plan"]
