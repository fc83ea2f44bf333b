"""The public Python API of `mnist_lab`: the commands as functions.

Paths are text or `Path`s, and `~` is expanded. Heavy libraries are imported only when a function needs them.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_lab.errors import TrainingError
from mnist_lab.system.directories import expanded

if TYPE_CHECKING:
    from mnist_lab import experiment, sweeps
    from mnist_lab.config import Config, Override
    from mnist_lab.runs import Run

    AnyPath = str | os.PathLike[str]
    Source = AnyPath | Mapping[str, Any] | Config
    Changes = Mapping[str, Any] | Sequence[Override]


def load_config(source: "Source", overrides: "Changes" = ()) -> "Config":
    """Load and validate a configuration.

    Args:
        source: a YAML file, the name of a shipped configuration, a mapping as YAML would give it (the path in its
            `extends` starts in the working folder), or a configuration.
        overrides: values that replace its own, with dotted or nested keys, as in a file that extends it:
            `{"train.epochs": 3, "model": {"nodes": [64]}}`. Mappings merge, everything else replaces.

    Raises:
        ConfigError: lists every problem with its position.
        TypeError: an argument has the wrong type.
    """
    from mnist_lab import config

    return config.load_config(_source(source), _overrides(overrides))


def run(
    config: "Source",
    *,
    results: "AnyPath" = "results",
    data_dir: "AnyPath | None" = None,
    force: bool = False,
    observer: "experiment.Observer | None" = None,
) -> "Run":
    """Train one configuration and write its run folder; a finished run is loaded, an interrupted one resumes.

    Args:
        config: as the `source` of `load_config`.
        results: the folder for results; the run gets its own folder below.
        data_dir: where to look for the data set first.
        force: retrain a finished run.
        observer: is notified of events.

    Raises:
        InputError: the configuration, the data or the machine cannot be used; nothing is written.
        BusyError: another process is writing this run.
        TrainingError: the loss became NaN; the files so far are kept.
        TypeError: an argument has the wrong type.
        KeyboardInterrupt: says how to resume; the last checkpoint is kept.
    """
    folder, data = _path(results, "results"), _path_or_none(data_dir, "data_dir")
    resolved = load_config(config)
    from mnist_lab import experiment
    from mnist_lab.config.problems import located

    with located(str(config) if isinstance(config, str | os.PathLike) else str(resolved.name)):
        return experiment.run(resolved, results=folder, data_dir=data, force=force, observer=observer)


def sweep(
    references: "AnyPath | Sequence[AnyPath]",
    *,
    seeds: str | int | Iterable[int] | None = None,
    folds: int | None = None,
    overrides: "Changes" = (),
    results: "AnyPath" = "results",
    data_dir: "AnyPath | None" = None,
    jobs: int | None = None,
    force: bool = False,
    timeout: float | None = None,
    fail_fast: bool = False,
    observer: "sweeps.Observer | None" = None,
) -> "list[Run]":
    """Train the missing runs of a sweep, write its summary, and return all its runs in order.

    Runs are processes, so a script that calls this needs `if __name__ == "__main__":`, as always with multiprocessing.

    Args:
        references: folders, configurations, sweep files, and names of those that ship with mnist-lab.
        seeds: the seeds of every experiment, for example `"1..5"`.
        folds: repeat every run with each of so many folds of cross-validation.
        overrides: values that replace those of all files; as for `load_config`.
        results: the folder below which runs are.
        data_dir: where to look for data sets first.
        jobs: the number of parallel runs; None chooses it for this machine.
        force: retrain finished runs.
        timeout: time limit of a run in seconds.
        fail_fast: stop scheduling after the first failure.
        observer: is notified of events.

    Raises:
        InputError: an argument or file is invalid; nothing was trained.
        TrainingError: lists the runs that failed, with reasons; the others are finished.
        TypeError: an argument has the wrong type.
    """
    given = references if isinstance(references, list | tuple) else [references]
    paths = [_reference(reference) for reference in given]
    folder, data = _path(results, "results"), _path_or_none(data_dir, "data_dir")
    if jobs is not None and (not isinstance(jobs, int) or isinstance(jobs, bool) or jobs < 1):
        raise _unexpected("jobs", "a number of 1 or more, or None", jobs)
    if timeout is not None and (not isinstance(timeout, int | float) or isinstance(timeout, bool) or timeout <= 0):
        raise _unexpected("timeout", "a number of seconds, or None", timeout)
    if folds is not None and (not isinstance(folds, int) or isinstance(folds, bool) or folds < 2):
        raise _unexpected("folds", "a number of 2 or more, or None", folds)
    changes = _overrides(overrides)
    from mnist_lab import sweeps
    from mnist_lab.config.sweeps import load_sweep

    swept = sweeps.sweep(
        load_sweep(paths, changes, seeds, folds=folds),
        folder,
        data_dir=data,
        jobs=jobs,
        force=force,
        timeout=timeout,
        fail_fast=fail_fast,
        observer=observer,
    )
    if swept.failures:
        reasons = "\n".join(f"  {run.label}: {reason}" for run, reason in swept.failures)
        raise TrainingError(f"{len(swept.failures)} of {len(swept.schedule.plan.runs)} runs failed:\n{reasons}")
    return list(swept.runs)


def load_run(reference: "AnyPath", *, results: "AnyPath" = "results") -> "Run":
    """Read a finished run.

    Args:
        reference: its folder; or below `results` its id, or the name of an experiment that has one run.
        results: the folder below which runs are.

    Raises:
        InputError: there is none, there are several, or its files are damaged.
        NewerFormatError: this mnist-lab cannot read it.
        TypeError: an argument has the wrong type.
    """
    path, folder = _path(reference, "reference"), _path(results, "results")
    from mnist_lab import runs

    return runs.load_run(path) if path.exists() else runs.find_run(str(path), folder)


def _source(given: Any) -> "str | Path | Mapping[str, Any] | Config":
    from mnist_lab.config import Config

    if isinstance(given, Mapping | Config):
        return given
    if not isinstance(given, str | os.PathLike):
        raise _unexpected("source", "a name, a path, a mapping or a Config", given)
    return _reference(given)


def _reference(given: Any) -> str | Path:
    """A name or a path, with its `~` expanded; a name stays text."""
    path = _path(given, "reference")
    return str(path) if isinstance(given, str) else path


def _overrides(given: Any) -> "Sequence[Override]":
    from mnist_lab.config import Override

    if isinstance(given, Mapping):
        return Override.from_mapping(given)
    if not isinstance(given, list | tuple) or not all(isinstance(one, Override) for one in given):
        raise _unexpected("overrides", 'a mapping such as {"train.epochs": 3}', given)
    return given


def _path_or_none(given: Any, name: str) -> Path | None:
    return None if given is None else _path(given, name)


def _path(given: Any, name: str) -> Path:
    if not isinstance(given, str | os.PathLike):
        raise _unexpected(name, "a path, as text or a Path", given)
    return expanded(Path(given))


def _unexpected(name: str, expected: str, given: Any) -> TypeError:
    return TypeError(f"{name}: expected {expected}, received {given!r:.60} ({type(given).__name__})")
