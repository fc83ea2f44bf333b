"""Many runs: a sweep is the wanted state of the results folder, and running it makes up what is missing."""

from mnist_lab.sweeps.appraisal import Appraisal, appraise
from mnist_lab.sweeps.family import sweep
from mnist_lab.sweeps.launch import Observer, launch, longest_first, slots_for
from mnist_lab.sweeps.plan import STATES, Plan, PlannedRun, make_plan
from mnist_lab.sweeps.worker import Outcome

__all__ = [
    "STATES",
    "Appraisal",
    "Observer",
    "Outcome",
    "Plan",
    "PlannedRun",
    "appraise",
    "launch",
    "longest_first",
    "make_plan",
    "slots_for",
    "sweep",
]
