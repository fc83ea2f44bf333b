"""The images that runs were tested on, where they are on this machine."""

from collections.abc import Sequence
from pathlib import Path

from mnist_lab import datasets
from mnist_lab.errors import DataError
from mnist_lab.report.group import Group


def load_images(groups: Sequence[Group], data_dir: Path | None = None) -> datasets.Dataset:
    """The data set that `groups` were tested on; nothing is downloaded.

    Args:
        groups: at least one, all tested on the same data.
        data_dir: where to look first.

    Raises:
        DataError: it is not on this machine, or is not the same.
    """
    config = next((group.config for group in groups if group.config), None)
    if config is None:
        raise DataError("no configuration can be read, so it is not known which.")
    dataset = datasets.load(config.data.dataset, data_dir, download=False)
    expected = groups[0].data.sha256
    if dataset.sha256 != expected:
        raise DataError(
            f"{dataset.source}: another than the runs were tested on (SHA-256 {dataset.sha256[:8]}, expected "
            f"{expected[:8]})."
        )
    return dataset
