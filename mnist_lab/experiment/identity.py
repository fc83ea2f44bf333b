"""Which run a configuration is: settled down to the backend, with its fingerprint and its folder.

Keras is not needed for it, so a finished run is recognised at once.
"""

from dataclasses import dataclass
from pathlib import Path

from mnist_lab import backends
from mnist_lab.config import Config, fingerprint
from mnist_lab.datasets import KNOWN, Dataset
from mnist_lab.places import expanded
from mnist_lab.runs import RunFolder


@dataclass(frozen=True)
class Identity:
    """A run that is or could be."""

    config: Config
    """With the backend decided, and a data set that is given by its path as an absolute one."""
    fingerprint: str
    folder: RunFolder
    results: Path


def identify(config: Config, dataset: Dataset, results: Path) -> Identity:
    """Settle `config`, whose data set is `dataset`.

    Raises:
        SetupError: its backend is not installed.
    """
    runtime = config.runtime
    backend = backends.choose(runtime.backend, convolves=config.model.convolves, device=runtime.device)
    data, runtime = config.data, runtime.model_copy(update={"backend": backend})
    if data.dataset not in KNOWN:
        data = data.model_copy(update={"dataset": str(expanded(data.dataset).resolve())})
    config = config.model_copy(update={"data": data, "runtime": runtime})
    mark = fingerprint(config, dataset_sha256=dataset.sha256, backend=backend)
    return Identity(config, mark, RunFolder.of(results, str(config.experiment), config.seed, mark), results)
