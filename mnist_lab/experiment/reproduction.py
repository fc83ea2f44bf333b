"""Repeats a finished run: whether the result is bit-identical, within noise or different, and what has changed."""

import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from mnist_lab.analysis.holm import ALPHA
from mnist_lab.analysis.mcnemar import Disagreement, disagreement
from mnist_lab.config import Config
from mnist_lab.errors import DamagedError, InputError
from mnist_lab.experiment.observer import Observer
from mnist_lab.experiment.run import run as train
from mnist_lab.runs import Arrays, Run, finished_runs, formats
from mnist_lab.runs.weights import read_weights
from mnist_lab.system.signals import Interruption, number_of

REPRODUCED = ".reproduced"
"""The folder for repetitions, in the results folder; hidden, so that they are not counted as further runs."""

Conclusion = Literal["identical", "within noise", "different"]

_NEEDED = ("config.yaml", "environment.json", "history.jsonl", "mistakes.json")
_PREDICTIONS, _MODEL = "predictions.npz", "model.keras"
_NUMBERS = ("train", "validation", "test", "last")
"""The parts of `metrics.json` that are compared."""


@dataclass(frozen=True)
class Changed:
    """A circumstance that differs; a value is None if it was not recorded."""

    what: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Reproduction:
    """A run, its repetition, and how they compare."""

    original: Run
    repetition: Run
    compared: dict[str, bool]
    """For each part of the results that both runs have, whether it is bit-identical."""
    mistakes: Disagreement | None
    """The test images that only one of the two misclassifies; None if their test images differ."""
    changed: tuple[Changed, ...]

    @property
    def verdict(self) -> Conclusion:
        """`identical`: everything that both have is bit-identical. `within noise`: no significant difference.

        The latter is decided by McNemar's exact test on the mistakes of the two networks on the same test images, at
        0.05. It does not prove that there is no difference, only that this test set is too small to detect one.
        """
        if all(self.compared.values()):
            return "identical"
        return "within noise" if self.mistakes and self.mistakes.p > ALPHA else "different"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        runs = {"original": self.original, "repetition": self.repetition}
        return {
            "verdict": self.verdict,
            **{name: {"folder": str(run.folder.path), "test": run.metrics["test"]} for name, run in runs.items()},
            "compared": self.compared,
            "mistakes": self.mistakes and asdict(self.mistakes),
            "changed": [asdict(change) for change in self.changed],
        }


def reproduce(
    original: Run,
    results: Path,
    *,
    data_dir: Path | None = None,
    backend: str | None = None,
    device: str | None = None,
    threads: int | None = None,
    observer: Observer | None = None,
) -> Reproduction:
    """Train the configuration of `original` again, on its own backend, device and threads unless given, and compare.

    `results` is the results folder of the repetition; an earlier repetition is only replaced in a folder named
    `.reproduced`. `data_dir` is where to look for the data set first; `observer` is notified of events.

    Raises:
        InputError: the original lacks a file, or its backend, device or data are unavailable; nothing is trained.
        TrainingError: the loss is not finite.
        KeyboardInterrupt: as an `Interruption` that says how to continue.
    """
    if missing := [name for name in _NEEDED if not (original.folder.path / name).is_file()]:
        raise InputError(f"{original.folder.path}: cannot be reproduced: there is no {' and no '.join(missing)}.")
    if original.config.model.kind == "custom":
        raise InputError(
            f"{original.folder.path}: its network was built by a Python function, which a run folder does not contain.",
            "Train it again from Python, with the same function: mnist_lab.run(config, network=build, force=True).",
        )
    _check_files(original)
    config = repeated(original, backend=backend, device=device, threads=threads)
    there = results / str(config.experiment)
    own_place = os.path.realpath(there) == os.path.realpath(original.folder.path.parent)
    taken = [run for run in finished_runs(there) if run.id.startswith(f"seed{config.seed}-")]
    if own_place or (taken and results.name != REPRODUCED):
        raise InputError(
            f"{there}: there is already a run of this experiment with seed {config.seed}, which a repetition could "
            "replace.",
            "Choose another folder with --into.",
        )
    try:
        repetition = train(config, results=results, data_dir=data_dir, force=True, observer=observer)
    except KeyboardInterrupt as interrupt:  # a repetition never resumes from a checkpoint
        raise Interruption("The same command restarts the repetition.", number_of(interrupt)) from interrupt
    return compare(original, repetition)


def _check_files(run: Run) -> None:
    """Read the files to compare, so that a damaged one is an error before training rather than after."""
    run.history  # noqa: B018 - raises
    run.mistakes  # noqa: B018 - raises
    run.folder.read_environment()
    if (file := run.folder.path / _PREDICTIONS).exists():
        _probabilities(file)
    if (file := run.folder.path / _MODEL).exists():
        _check_archive(file)


def _check_archive(file: Path) -> None:
    """Check every checksum of a saved model, without Keras, which must not be imported before its backend is chosen."""
    try:
        with zipfile.ZipFile(file) as archive:
            damaged = archive.testzip()
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"{file}: cannot be read, or is damaged ({error}).") from error
    if damaged:
        raise DamagedError(f"{file}: damaged ({damaged} does not match its checksum).")


def repeated(original: Run, *, backend: str | None, device: str | None, threads: int | None) -> Config:
    """Return the configuration of `original`, with its backend, device and threads unless others are given."""
    config = original.config
    used = original.folder.read_environment().get("device")
    changes = {
        "backend": backend or config.runtime.backend,
        "device": device or (used if used in ("cpu", "gpu") else config.runtime.device),
        "threads": threads or config.runtime.threads,
        "report_to": (),
    }
    return config.model_copy(update={"runtime": config.runtime.model_copy(update=changes)})


def compare(original: Run, repetition: Run) -> Reproduction:
    """Compare a repetition with the original: everything that both folders have, and the circumstances.

    Raises:
        InputError: a file is missing or damaged.
    """
    both = (original, repetition)
    mistakes = None
    if len({(run.measured.dataset.sha256, run.measured.test.total) for run in both}) == 1:
        mistakes = disagreement(*({mistake.index for mistake in run.mistakes} for run in both))
    return Reproduction(*both, dict(_compared(*both)), mistakes, tuple(_changed(*both)))


def _compared(a: Run, b: Run) -> Iterator[tuple[str, bool]]:
    """Compare the parts that both have; numbers as in JSON, which is exact."""
    yield "history", _same_history(a.history, b.history)
    yield "metrics", all(getattr(a.measured, part) == getattr(b.measured, part) for part in _NUMBERS)
    yield "mistakes", a.mistakes == b.mistakes
    for what, (name, read) in _ARRAYS.items():
        one, other = _arrays(a, name, read), _arrays(b, name, read)
        if one is not None and other is not None:
            yield what, _same_arrays(one, other)


def _arrays(run: Run, name: str, read: Callable[[Path], Arrays]) -> Arrays | None:
    file = run.folder.path / name
    return read(file) if file.exists() else None


def _probabilities(file: Path) -> Arrays:
    """Return the probabilities alone: some files have nothing else."""
    return {name: array for name, array in formats.read_arrays(file).items() if name == "probabilities"}


_ARRAYS = {"probabilities": (_PREDICTIONS, _probabilities), "weights": (_MODEL, read_weights)}
"""The arrays that are compared, each with its file, which a run may lack, and the function that reads it."""


def _same_arrays(a: Arrays, b: Arrays) -> bool:
    return a.keys() == b.keys() and all(
        a[name].shape == b[name].shape and a[name].dtype == b[name].dtype and a[name].tobytes() == b[name].tobytes()
        for name in a
    )


def _same_history(a: list[dict[str, Any]], b: list[dict[str, Any]]) -> bool:
    """Compare every epoch, except durations and what only one of two versions records; NaN equals NaN."""
    return len(a) == len(b) and all(
        formats.finite(one[key]) == formats.finite(other[key])
        for one, other in zip(a, b, strict=True)
        for key in one.keys() & other.keys() - {"seconds"}
    )


def _changed(a: Run, b: Run) -> Iterator[Changed]:
    """Yield the circumstances that differ, and code with uncommitted changes, which may differ."""
    if a.measured.dataset.sha256 != b.measured.dataset.sha256:
        yield Changed("data", a.measured.dataset.sha256, b.measured.dataset.sha256)
    before, after = (run.folder.read_environment() for run in (a, b))
    for what in dict.fromkeys([*before, *after]):
        pair = before.get(what), after.get(what)
        if what == "processors" and None in pair:  # older versions do not record it
            continue
        if pair[0] != pair[1] or (what == "git_dirty" and any(pair)):
            yield Changed(what, *pair)
