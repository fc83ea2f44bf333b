"""One run, from its configuration to its folder."""

from mnist_lab.experiment.endings import record_failure
from mnist_lab.experiment.identity import Identity, identify
from mnist_lab.experiment.material import Material, Part, prepare
from mnist_lab.experiment.observer import Observer, Plan
from mnist_lab.experiment.run import make_trainer, run

__all__ = [
    "Identity",
    "Material",
    "Observer",
    "Part",
    "Plan",
    "identify",
    "make_trainer",
    "prepare",
    "record_failure",
    "run",
]
