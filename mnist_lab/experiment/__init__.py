"""One run, from its configuration to its folder.

`run` has the sequence of steps: `identity`, `data` and `build` prepare the run, `epochs` trains it, and `results` and
`metrics` finish it.
"""

from mnist_lab.experiment.build import augmented, build_trainer
from mnist_lab.experiment.data import Splits, prepare_data
from mnist_lab.experiment.failures import record_failure
from mnist_lab.experiment.identity import Identity, identify
from mnist_lab.experiment.observer import Observer, Plan
from mnist_lab.experiment.run import advance, run

__all__ = [
    "Identity",
    "Observer",
    "Plan",
    "Splits",
    "advance",
    "augmented",
    "build_trainer",
    "identify",
    "prepare_data",
    "record_failure",
    "run",
]
