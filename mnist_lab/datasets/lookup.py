"""Searches this machine for a published data set; the bundled one is always there.

In each folder, `<dir>/<name>/` is assumed to hold the data set of that name. `<dir>` itself is used only if its hash
matches, because the files of Fashion-MNIST and KMNIST are named like MNIST's; EMNIST's are not. Folders that the user
names (`--data-dir`, `MNIST_LAB_DATA`) must be intact: damaged files there are an error. In a cache, files that do not
verify are ignored.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from mnist_lab.datasets import digits, formats, idx, npz
from mnist_lab.datasets.assembly import assemble
from mnist_lab.datasets.dataset import ROLES, Dataset
from mnist_lab.datasets.files import is_folder, kind
from mnist_lab.datasets.known import KnownSet, recognize
from mnist_lab.errors import DataError
from mnist_lab.system.directories import cache_dir, expanded, home

DATA_VARIABLE = "MNIST_LAB_DATA"


@dataclass
class Search:
    """The result of a search."""

    found: Dataset | None = None
    """The data set; None if it was not found."""
    tried: list[str] = field(default_factory=list)
    """A line for each place that did not have it."""
    passed_over: list[str] = field(default_factory=list)
    """The lines about data that were found but were damaged or another set."""

    def unfit(self, line: str) -> None:
        """Note a place with another data set, or a damaged one."""
        self.tried.append(line)
        self.passed_over.append(line)


def find(known: KnownSet, data_dir: Path | None = None) -> Search:
    """Look in `data_dir`, `MNIST_LAB_DATA`, our cache and Keras' cache, in this order.

    Raises:
        DataError: `data_dir` or `MNIST_LAB_DATA` is not a readable folder, or its content is damaged.
    """
    if known.bundled:
        return Search(assemble(digits.load(), known))
    search = Search()
    for origin, folder in _chosen_folders(data_dir):
        if found := find_in(known, folder, search, origin):
            break
    else:
        found = _find_in_caches(known, search)
    if found:
        search.found = replace(found, notes=(*search.passed_over, *found.notes))
    return search


def find_in(known: KnownSet, folder: Path, search: Search, origin: str = "--data-dir") -> Dataset | None:
    """Look in one folder that the user named, and note in `search` what it has instead.

    Raises:
        DataError: it is not a readable folder, or its content is damaged.
    """
    match kind(folder):
        case None:
            raise DataError(f"{folder}: no such folder (from {origin}).")
        case "file":
            raise DataError(f"{folder}: expected a folder, but this is a file (from {origin}).")
    own = folder / known.folder
    if kind(own):
        raw = formats.read_folder(own, known.prefix)
        if raw is not None:
            return assemble(raw, known)
        search.tried.append(f"{own} ({origin}): no data set in this folder")
    raw = idx.read_folder(folder, known.prefix)
    unpacked = folder / "gzip"  # the folder in EMNIST's archive
    if raw is None and known.prefix and is_folder(unpacked):
        raw = idx.read_folder(unpacked, known.prefix)
    archive = folder / f"{known.name}.npz"
    if raw is None and kind(archive):
        raw = npz.read_file(archive)
    if raw is None:
        files = f"{known.prefix}... files" if known.prefix else "IDX files"
        search.tried.append(f"{folder} ({origin}): neither a folder {known.folder!r} nor {files} nor {archive.name}")
        return None
    dataset = assemble(raw, known)
    if dataset.genuine or known.prefix:
        return dataset
    other = recognize(raw.files, {role: getattr(dataset, role) for role in ROLES}, dataset.digests)
    what = (
        f"contains {other[0].title}, not {known.title}"
        if other
        else f"{dataset.check}; to use it as {known.name} nevertheless, move it to {own}"
    )
    search.unfit(f"{raw.source}, {origin}: {what}")
    return None


def _chosen_folders(data_dir: Path | None) -> Iterator[tuple[str, Path]]:
    value = os.environ.get(DATA_VARIABLE)
    from_environment = expanded(value) if value else None
    if data_dir is not None and data_dir != from_environment:
        yield "--data-dir", data_dir
    if from_environment is not None:
        yield DATA_VARIABLE, from_environment


def _find_in_caches(known: KnownSet, search: Search) -> Dataset | None:
    for place in _caches(known):
        try:
            if not kind(place):
                search.tried.append(f"{place}: not there")
                continue
            dataset = assemble(formats.read_path(place, known.prefix), known)
        except DataError as error:
            search.unfit(error.message)
            continue
        if dataset.genuine:
            return dataset
        search.unfit(f"{place}: {dataset.check}")
    return None


def _caches(known: KnownSet) -> Iterator[Path]:
    """Where downloads may be: our cache, then Keras' cache."""
    if ours := cache_dir():
        yield ours / known.folder
    user = home()
    keras = os.environ.get("KERAS_HOME") or (user and user / ".keras")
    if keras and known.keras_cache:
        yield Path(keras) / "datasets" / known.keras_cache
