"""Runs a finished run again, and says whether the result is the same, to the bit or within noise, and what changed."""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from mnist_lab.analysis.mcnemar import Disagreement, disagreement
from mnist_lab.config import Config
from mnist_lab.errors import InputError
from mnist_lab.experiment.observer import Observer
from mnist_lab.experiment.run import run as train
from mnist_lab.runs import Arrays, Run, finished_runs
from mnist_lab.system.signals import Interruption, number_of

SIGNIFICANT = 0.05
REPRODUCED = ".reproduced"
"""The folder below the results for repetitions; hidden, so that nothing takes them for further runs."""

Verdict = Literal["identical", "within noise", "different"]

_NEEDED = ("config.yaml", "environment.json", "history.jsonl", "mistakes.json")
_NUMBERS = ("train", "validation", "test", "last")
"""The parts of `metrics.json` that are compared."""


@dataclass(frozen=True)
class Comparison:
    """One thing that both runs have: whether it is the same to the bit."""

    what: str
    identical: bool


@dataclass(frozen=True)
class Changed:
    """One circumstance that differs; None where it was not recorded."""

    what: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Reproduction:
    """A run, its repetition, and how they compare."""

    original: Run
    repetition: Run
    compared: tuple[Comparison, ...]
    mistakes: Disagreement | None
    """The test images that only one of them gets wrong; None if they were tested on different images."""
    changed: tuple[Changed, ...]

    @property
    def verdict(self) -> Verdict:
        """`identical`: everything that both have, to the bit. `within noise`: no systematic difference can be shown.

        That is McNemar's exact test on the two networks' mistakes on the same test images, at .05. It cannot show
        that there is none: only that this test set is too small to tell.
        """
        if all(comparison.identical for comparison in self.compared):
            return "identical"
        return "within noise" if self.mistakes and self.mistakes.p > SIGNIFICANT else "different"

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        runs = {"original": self.original, "repetition": self.repetition}
        return {
            "verdict": self.verdict,
            **{name: {"folder": str(run.folder.path), "test": run.metrics["test"]} for name, run in runs.items()},
            "compared": {comparison.what: comparison.identical for comparison in self.compared},
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
    """Train the configuration of `original` again and compare.

    Args:
        results: the folder below which the repetition's run folder is; only in a `.reproduced` may an
            earlier repetition be there, which is replaced.
        data_dir: where to look for the data set first.
        backend: another backend than the original's.
        device: another device than the original's, `cpu` or `gpu`.
        threads: another number of CPU threads than the original's.
        observer: is told what happens.

    Raises:
        InputError: the original lacks a file, or its backend, device or data are not here; nothing is trained.
        TrainingError: the loss became NaN.
        KeyboardInterrupt: passed on with a sentence on how to go on.
    """
    if missing := [name for name in _NEEDED if not (original.folder.path / name).is_file()]:
        raise InputError(f"{original.folder.path}: cannot be compared: there is no {' and no '.join(missing)}.")
    _check_files(original)
    config = repeated(original, backend=backend, device=device, threads=threads)
    there = results / str(config.experiment)
    own_place = os.path.realpath(there) == os.path.realpath(original.folder.path.parent)
    taken = [run for run in finished_runs(there) if run.id.startswith(f"seed{config.seed}-")]
    if own_place or (taken and results.name != REPRODUCED):
        raise InputError(
            f"{there}: there is a run of this experiment with seed {config.seed} already; a repetition could take its "
            "place.",
            "Choose another folder with --into.",
        )
    try:
        repetition = train(config, results=results, data_dir=data_dir, force=True, observer=observer)
    except KeyboardInterrupt as interrupt:  # a repetition never goes on from a checkpoint, as other runs do
        raise Interruption("The same command restarts the repetition.", number_of(interrupt)) from interrupt
    return compare(original, repetition)


def _check_files(run: Run) -> None:
    """Read what will be compared, so that a damaged file is an error before the training and not after it."""
    run.history  # noqa: B018 - raises
    run.folder.read_mistakes()
    run.folder.read_environment()


def repeated(original: Run, *, backend: str | None, device: str | None, threads: int | None) -> Config:
    """The configuration of `original`, with its device and threads where none are given."""
    config = original.config
    used = original.folder.read_environment().get("device")
    changes = {
        "backend": backend or config.runtime.backend,
        "device": device or (used if used in ("cpu", "gpu") else config.runtime.device),
        "threads": threads or config.runtime.threads,
    }
    return config.model_copy(update={"runtime": config.runtime.model_copy(update=changes)})


def compare(original: Run, repetition: Run) -> Reproduction:
    """Hold a repetition against the original: all that both folders have, and the circumstances.

    Raises:
        InputError: a file is missing or damaged.
    """
    both = (original, repetition)
    mistakes = None
    if _same_test_images(*both):
        mistakes = disagreement(*({mistake.index for mistake in run.folder.read_mistakes()} for run in both))
    return Reproduction(*both, tuple(_compared(*both)), mistakes, tuple(_changed(*both)))


def _same_test_images(a: Run, b: Run) -> bool:
    return a.measured.dataset.sha256 == b.measured.dataset.sha256 and a.measured.test.total == b.measured.test.total


def _compared(a: Run, b: Run) -> Iterator[Comparison]:
    """What both have; numbers as they are in JSON, which has every bit of them."""
    yield Comparison("history", _same_history(a.history, b.history))
    yield Comparison("metrics", all(getattr(a.measured, part) == getattr(b.measured, part) for part in _NUMBERS))
    yield Comparison("mistakes", a.folder.read_mistakes() == b.folder.read_mistakes())
    if _have("predictions.npz", a, b):
        yield Comparison("probabilities", _same_arrays(*(run.folder.read_arrays("predictions.npz") for run in (a, b))))
    if _have("model.keras", a, b):
        from mnist_lab import models

        weights = (models.read_weights(run.folder.path / "model.keras") for run in (a, b))
        yield Comparison("weights", _same_arrays(*weights))


def _have(name: str, *runs: Run) -> bool:
    return all((run.folder.path / name).is_file() for run in runs)


def _same_history(a: list[dict[str, Any]], b: list[dict[str, Any]]) -> bool:
    """Every epoch but for its duration, and for what only one of two versions writes down."""
    return len(a) == len(b) and all(
        _equal(one[key], other[key])
        for one, other in zip(a, b, strict=True)
        for key in one.keys() & other.keys() - {"seconds"}
    )


def _equal(a: Any, b: Any) -> bool:
    """NaN, too, equals NaN."""
    return a == b or (a != a and b != b)


def _same_arrays(a: Arrays, b: Arrays) -> bool:
    return a.keys() == b.keys() and all(
        (a[name].shape, a[name].dtype, a[name].tobytes()) == (b[name].shape, b[name].dtype, b[name].tobytes())
        for name in a
    )


def _changed(a: Run, b: Run) -> Iterator[Changed]:
    """The circumstances that differ; and code with uncommitted changes, which nobody can tell apart."""
    if a.measured.dataset.sha256 != b.measured.dataset.sha256:
        yield Changed("data", a.measured.dataset.sha256, b.measured.dataset.sha256)
    before, after = (run.folder.read_environment() for run in (a, b))
    for what in dict.fromkeys([*before, *after]):
        pair = before.get(what), after.get(what)
        if pair[0] != pair[1] or (what == "git_dirty" and any(pair)):
            yield Changed(what, *pair)
