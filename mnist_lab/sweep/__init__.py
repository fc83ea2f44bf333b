"""Many runs: a sweep is the wanted state of the results folder, and running it makes up what is missing."""

from mnist_lab.sweep.appraisal import Appraisal, appraise
from mnist_lab.sweep.launch import Observer, launch, slots_for
from mnist_lab.sweep.plan import STATES, Plan, PlannedRun, make_plan
from mnist_lab.sweep.worker import Outcome

__all__ = [
    "STATES",
    "Appraisal",
    "Observer",
    "Outcome",
    "Plan",
    "PlannedRun",
    "appraise",
    "launch",
    "make_plan",
    "slots_for",
]
