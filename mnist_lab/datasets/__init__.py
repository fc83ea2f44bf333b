"""Data sets as arrays: the published ones by name, any other by its path.

    load("mnist")            found on this machine, else downloaded and verified
    load("digits")           comes with the package
    load("path/to/folder")   IDX files, NumPy's files, CSV files, or pictures in folders
    load(config.data)        the data set of a configuration, with its `resize` and `grey`

Pixels are always uint8; rescaling is part of the model. `subset`, `split` and `fold` choose rows.
"""

import dataclasses
import os
from pathlib import Path

from mnist_lab.config.problems import suggest
from mnist_lab.config.schema import Data
from mnist_lab.datasets import download as downloads
from mnist_lab.datasets import formats, lookup
from mnist_lab.datasets.assembly import assemble, converted
from mnist_lab.datasets.dataset import Dataset, class_list
from mnist_lab.datasets.download import Progress
from mnist_lab.datasets.files import kind, printable
from mnist_lab.datasets.form import AS_IT_IS, Form
from mnist_lab.datasets.known import KNOWN, KnownSet
from mnist_lab.datasets.npz import write
from mnist_lab.datasets.selection import FOLDS_SEED, fold, scarce, split, subset
from mnist_lab.errors import ConfigError, DataError
from mnist_lab.system.directories import cache_dir, expanded

__all__ = [
    "FOLDS_SEED",
    "KNOWN",
    "Dataset",
    "KnownSet",
    "Progress",
    "class_list",
    "fetch",
    "find",
    "fold",
    "images_of",
    "load",
    "scarce",
    "split",
    "subset",
    "write",
]


def load(
    dataset: str | Data, data_dir: Path | None = None, *, download: bool = True, progress: Progress | None = None
) -> Dataset:
    """Load a data set by name or path; it is never replaced by another one.

    Args:
        dataset: a name of `KNOWN`, the path of a folder or file, or the `data` section of a configuration.
        data_dir: the first place to look for a published set; then `MNIST_LAB_DATA`, the user's cache, Keras'.
        download: whether to download it into the user's cache if it is in none of these.
        progress: called during a download with the address, the bytes received so far, and the total if known.

    Raises:
        DataError: it is unavailable, damaged or in no known format; or the name is unknown (also a ConfigError).
    """
    name, form = (dataset, AS_IT_IS) if isinstance(dataset, str) else images_of(dataset)
    known = KNOWN.get(name)
    if known is None:
        return _load_path(name, form)
    search = lookup.find(known, data_dir)
    if search.found:
        return converted(search.found, form)
    if not download:
        raise _not_here(known, search, None)
    if (cache := cache_dir()) is None:
        raise DataError(
            f"{known.title} is not on this machine, and there is no home folder to keep a download in.",
            f"Name a folder for it: mnist-lab data fetch {known.name} --data-dir DIR, and --data-dir DIR from then on.",
        )
    return converted(_download(known, cache / known.folder, search, progress, replace=True), form)


def images_of(data: Data) -> tuple[str, Form]:
    """Name and form of the images that `load` reads; equal for configurations that differ only in their rows."""
    return data.dataset, Form(data.resize, data.grey)


def find(name: str, data_dir: Path | None = None) -> Dataset | None:
    """Return a published data set; None if it is not on this machine.

    Raises:
        DataError: it is damaged in a folder that the user named, or the name is unknown.
    """
    return lookup.find(_known(name), data_dir).found


def fetch(name: str, data_dir: Path | None = None, *, progress: Progress | None = None) -> Dataset:
    """Ensure that a published data set is on this machine and verified.

    With `data_dir`, it is looked for there as in `load` and otherwise downloaded to `<data_dir>/<folder>/`, which is
    created if necessary; without, anywhere that `load` looks.

    Raises:
        DataError: no mirror has it, the folder cannot be written, its content is damaged, or the name is unknown.
    """
    known = _known(name)
    if data_dir is None or known.bundled:
        return load(name, progress=progress)
    search = lookup.Search()
    if kind(data_dir) and (dataset := lookup.find_in(known, data_dir, search)):
        if dataset.genuine:
            return dataset
        raise DataError(f"{dataset.source}: {dataset.check}.", "Remove it, or fetch into another folder.")
    return _download(known, data_dir / known.folder, search, progress)


def _download(
    known: KnownSet, folder: Path, search: lookup.Search, progress: Progress | None, *, replace: bool = False
) -> Dataset:
    dataset, failures = downloads.fetch(known, folder, replace=replace, progress=progress)
    if dataset is None:
        raise _not_here(known, search, failures)
    return dataclasses.replace(dataset, notes=(*search.passed_over, *dataset.notes))


class UnknownDataSetError(ConfigError, DataError):
    """A configuration names no known data set, file or folder; as a ConfigError, it is reported with its file."""


def _load_path(dataset: str, form: Form) -> Dataset:
    path = expanded(dataset)
    if not dataset or not kind(path):
        if os.sep in dataset or path.suffix:
            raise UnknownDataSetError(f"{dataset}: no such file or folder.")
        raise UnknownDataSetError(f"{_unknown(dataset)}, or the path of a folder or file.")
    absolute = path.resolve()
    if printable(absolute) != str(absolute):
        raise DataError(
            f"{printable(absolute)}: expected a path in UTF-8, as it goes into the run's files.",
            "Rename the folder or file.",
        )
    name = _name_of_file(absolute) if kind(path) == "file" else absolute.name
    return converted(assemble(formats.read_path(path, form=form), None, name), form)


def _name_of_file(path: Path) -> str:
    """Return the name of the data in a file: that of the file, or of its folder if the file is only called `train`."""
    name = Path(path.name.removesuffix(".gz")).stem
    return path.parent.name or name if name.lower() in ("train", "training") else name


def _known(name: str) -> KnownSet:
    if name not in KNOWN:
        raise DataError(f"{_unknown(name)}.")
    return KNOWN[name]


def _unknown(name: str) -> str:
    return f"unknown data set {name!r}{suggest(name.lower(), KNOWN)}; expected one of {', '.join(KNOWN)}"


def _not_here(known: KnownSet, search: lookup.Search, failures: list[str] | None) -> DataError:
    lines = [f"{known.title} is not on this machine" + (" and could not be downloaded." if failures else ".")]
    lines += ["Looked in:", *(f"  {line}" for line in search.tried)]
    if failures:
        lines += ["Tried to download:", *(f"  {failure}" for failure in failures)]
    archive = " or mnist.npz" if known.name == "mnist" else ""
    ways = [
        f"Put its four IDX files{archive} into a folder and pass --data-dir FOLDER, or set {lookup.DATA_VARIABLE}.",
        f"On a machine with network access: mnist-lab data fetch {known.name} --data-dir FOLDER; then copy it here.",
        "Use the bundled digits instead: data set `digits`.",
    ]
    if failures is None:
        ways[1] = f"Download it: mnist-lab data fetch {known.name}"
    numbered = "\n".join(f"  {n}. {way}" for n, way in enumerate(ways, 1))
    return DataError("\n".join(lines), f"What you can do:\n{numbered}")
