"""Which run a configuration is: settled down to the backend, with its fingerprint and its folder.

Keras is not needed for it, so a finished run is recognised at once.
"""

from dataclasses import dataclass
from pathlib import Path

from mnist_lab import backends
from mnist_lab.config import Config, fingerprint
from mnist_lab.datasets import KNOWN, Dataset
from mnist_lab.experiment import class_weights
from mnist_lab.experiment.data import settle_split
from mnist_lab.runs import RunFolder
from mnist_lab.system.directories import expanded


@dataclass(frozen=True)
class Identity:
    """A run that is or could be."""

    config: Config
    """With all that its data set and this machine decide: the backend, a split that gives every class both parts, class
    weights by name, and a data set that is given by its path as an absolute one."""
    fingerprint: str
    folder: RunFolder
    results: Path
    notes: tuple[str, ...] = ()
    """What was changed about the data set or the configuration, for people."""


def identify(config: Config, dataset: Dataset, results: Path) -> Identity:
    """Settle `config`, whose data set is `dataset`.

    Raises:
        InputError: the data set does not have the rows or the classes that it names.
        SetupError: its backend is not installed.
    """
    runtime = config.runtime
    backend = backends.choose(runtime.backend, convolves=config.model.convolves, device=runtime.device)
    data, runtime = config.data, runtime.model_copy(update={"backend": backend})
    if data.dataset not in KNOWN:
        data = data.model_copy(update={"dataset": str(expanded(data.dataset).resolve())})
    data, notes = settle_split(data, dataset)
    train = class_weights.by_name(config.train, dataset)
    config = config.model_copy(update={"data": data, "runtime": runtime, "train": train})
    mark = fingerprint(config, dataset_sha256=dataset.sha256, backend=backend, classes=dataset.classes)
    folder = RunFolder.of(results, str(config.experiment), config.seed, mark)
    return Identity(config, mark, folder, results, (*dataset.notes, *notes))
