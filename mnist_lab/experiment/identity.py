"""The run that a configuration describes: fully resolved, with its fingerprint and folder.

This does not need Keras, so a finished run is recognized at once.
"""

from dataclasses import dataclass
from pathlib import Path

from mnist_lab import backends
from mnist_lab.config import Config, fingerprint
from mnist_lab.datasets import KNOWN, Dataset
from mnist_lab.experiment import class_weights, warm_start
from mnist_lab.experiment.data import resolve_split
from mnist_lab.runs import Run, RunFolder
from mnist_lab.system.directories import expanded
from mnist_lab.trackers.registry import check_installed

RENAMED = 3
"""How many renamed classes are listed."""


@dataclass(frozen=True)
class Identity:
    """A run, finished or not."""

    config: Config
    """All that depends on the data set and this machine is resolved: the backend, a split in which no class lacks
    training or validation images, class weights by name, the run of the initial weights with their hash, and the
    absolute path of a data set given by its path."""
    fingerprint: str
    folder: RunFolder
    results: Path
    notes: tuple[str, ...] = ()
    """Changes to the data set or the configuration, for the user."""
    group: str | None = None
    """For cross-validation, the fingerprint of the first fold, which all folds share."""
    dataset_sha256: str = ""
    classes: tuple[str, ...] = ()
    """The names of the data set's classes."""

    def renamed(self, finished: Run) -> str:
        """Return a note if the classes had other names when the finished run was trained; else empty.

        Names are not part of a data set's hash, since no number depends on them.
        """
        before = finished.measured.dataset.class_names or self.classes
        pairs = [f"{old} (now {new})" for old, new in zip(before, self.classes, strict=False) if old != new]
        more = f" and {len(pairs) - RENAMED} more" if len(pairs) > RENAMED else ""
        known = ", ".join(pairs[:RENAMED])
        return f"Finished runs show the names that the classes had then: {known}{more}." if pairs else ""


def identify(config: Config, dataset: Dataset, results: Path) -> Identity:
    """Resolve `config`, whose data set is `dataset`.

    Raises:
        InputError: it names rows or classes that the data set does not have, or a run whose weights cannot be read.
        SetupError: its backend or a tracker is not installed.
    """
    runtime = config.runtime
    check_installed(runtime.report_to)
    backend = backends.choose(runtime.backend, convolves=config.model.convolves, device=runtime.device)
    data, runtime = config.data, runtime.model_copy(update={"backend": backend})
    if data.dataset not in KNOWN:
        data = data.model_copy(update={"dataset": str(expanded(data.dataset).resolve())})
    data, notes = resolve_split(data, dataset)
    train = warm_start.resolve(class_weights.by_name(config.train, dataset), results)
    config = config.model_copy(update={"data": data, "runtime": runtime, "train": train})
    mark = fingerprint_of(config, dataset)
    group = fingerprint_of(config.in_fold(1), dataset) if data.validation.fold else None
    folder = RunFolder.of(results, str(config.experiment), config.seed, mark)
    notes = (*dataset.notes, *notes)
    return Identity(config, mark, folder, results, notes, group, dataset.sha256, dataset.classes)


def fingerprint_of(config: Config, dataset: Dataset) -> str:
    """Return the fingerprint of a configuration that is resolved as in `identify`."""
    backend = str(config.runtime.backend)
    return fingerprint(config, dataset_sha256=dataset.sha256, backend=backend, classes=dataset.classes)
