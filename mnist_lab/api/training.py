"""Loading and training configurations: `load_config`, `run`, `sweep`."""

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mnist_lab.api import arguments
from mnist_lab.api.arguments import AnyPath
from mnist_lab.api.errors import brief
from mnist_lab.api.guard import check_guard
from mnist_lab.errors import ConfigError, TrainingError
from mnist_lab.text.quantities import count

if TYPE_CHECKING:
    from mnist_lab import experiment, sweeps
    from mnist_lab.api.study import Study
    from mnist_lab.api.trained import Run
    from mnist_lab.config import Config, Override
    from mnist_lab.models import Builder

    Source = AnyPath | Mapping[str, Any] | Config
    Changes = Mapping[str, Any] | Sequence[Override]

NAMELESS = "experiment"
"""The name of a configuration that has neither a name nor a file."""


@brief
def load_config(config: "Source", set: "Changes" = ()) -> "Config":  # noqa: A002 - as on the command line
    """Load and validate a configuration.

    Args:
        config: a YAML file, the name of a shipped configuration, a mapping as loaded from YAML (in which a
            relative `extends` is relative to the current directory), or a configuration.
        set: values that replace those of the configuration, with dotted or nested keys, as in a file that extends it:
            `{"train.epochs": 3, "model": {"nodes": [64]}}`. Mappings merge, everything else replaces.

    Raises:
        ConfigError: lists every problem with its position.
        TypeError: an argument has the wrong type.
    """
    from mnist_lab import config as configurations

    return configurations.load_config(arguments.source(config), arguments.overrides(set))


@brief
def run(
    config: "Source",
    *,
    set: "Changes" = (),  # noqa: A002
    dataset: AnyPath | None = None,
    subset: int | None = None,
    test_subset: int | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    backend: str | None = None,
    device: str | None = None,
    threads: int | None = None,
    network: "Builder | None" = None,
    results: AnyPath = "results",
    data_dir: AnyPath | None = None,
    force: bool = False,
    progress: bool = True,
    observer: "experiment.Observer | None" = None,
) -> "Run":
    """Train one configuration and write its run folder; a finished run is loaded, an interrupted one resumes.

    `dataset` to `threads` are short forms of settings, as on the command line: `epochs=3` is
    `set={"train.epochs": 3}`.

    Args:
        config: as for `load_config`.
        set: as for `load_config`.
        dataset: the name or path of the data set.
        subset: number of training rows, stratified by class.
        test_subset: number of test rows, stratified by class.
        epochs: the maximum number of epochs.
        seed: the seed of everything random.
        backend: `tensorflow`, `jax`, `torch` or `auto`; by default that of Keras if it is already imported.
        device: `auto`, `cpu` or `gpu`.
        threads: number of CPU threads.
        network: a function `build(input_shape, classes)` that returns an uncompiled Keras model, from preprocessed
            images (batch, height, width, channels) to class probabilities (batch, classes). It replaces the
            configuration's network, which may then be missing; the experiment is named after both.
        results: the results folder, in which the run gets its own folder.
        data_dir: where to look for the data set first.
        force: retrain a finished run.
        progress: show the progress, in a notebook or on stderr.
        observer: is notified of events and replaces the progress display.

    Raises:
        InputError: the configuration, the network, the data or the machine cannot be used; nothing is written.
        BusyError: another process is writing this run.
        TrainingError: the loss is not finite; the files written so far are kept.
        TypeError: an argument has the wrong type.
        KeyboardInterrupt: its message says how to resume; the last checkpoint is kept.
    """
    folder, data = arguments.path(results, "results"), arguments.path_or_none(data_dir, "data_dir")
    changes = arguments.overrides(
        set, dataset=dataset, subset=subset, test_subset=test_subset, epochs=epochs, seed=seed, backend=backend,
        device=device, threads=threads,
    )  # fmt: skip
    given = arguments.source(config)
    if network is not None:
        arguments.builder(network)
        resolved = _with_network(given, changes, network)
    else:
        from mnist_lab import config as configurations

        resolved = configurations.load_config(given, changes)
    from mnist_lab import experiment
    from mnist_lab.api.trained import Run
    from mnist_lab.config.problems import located
    from mnist_lab.notebook import run_progress

    arguments.optional(observer, experiment.Observer, "observer", "an Observer")
    name = str(given) if isinstance(given, str | os.PathLike) else str(resolved.name)
    with run_progress(observer, shown=progress) as reporter, located(name):
        done = experiment.run(
            _on_the_backend_at_hand(resolved),
            results=folder,
            data_dir=data,
            force=force,
            network=network,
            observer=reporter,
        )
    return Run.of(done)


@brief
def sweep(
    references: "Source | Sequence[Source]",
    *,
    seeds: str | int | Iterable[int] | None = None,
    folds: int | None = None,
    set: "Changes" = (),  # noqa: A002
    dataset: AnyPath | None = None,
    subset: int | None = None,
    test_subset: int | None = None,
    epochs: int | None = None,
    backend: str | None = None,
    device: str | None = None,
    threads: int | None = None,
    name: str | None = None,
    results: AnyPath = "results",
    data_dir: AnyPath | None = None,
    jobs: int | None = None,
    cluster: str | None = None,
    wait: bool = False,
    force: bool = False,
    retry_failed: bool = False,
    timeout: float | None = None,
    fail_fast: bool = False,
    progress: bool = True,
    observer: "sweeps.Observer | None" = None,
) -> "Study":
    """Train the missing runs of a sweep, write its summary, and return the comparison of all its runs.

    Runs are processes, so a script that calls this needs `if __name__ == "__main__":`, as always with multiprocessing;
    a notebook does not.

    Args:
        references: folders, configurations, sweep files, and names of shipped ones.
        seeds: the seeds of every experiment, for example `"1..5"`.
        folds: repeat every run with each of this many folds of cross-validation.
        set: values that replace those of all files; as for `load_config`.
        dataset, subset, test_subset, epochs, backend, device, threads: short forms of settings, as for `run`.
        name: the name of the sweep; its summary goes to `results/<name>/`.
        results: the results folder.
        data_dir: where to look for data sets first.
        jobs: the number of parallel runs; None chooses it for this machine.
        cluster: where to train instead: the address or the scheduler file of a Dask cluster, `local` or `local:N`; or
            `slurm` or a file of SLURM options, to which the runs are only submitted.
        wait: wait for the workers of the Dask cluster, or until SLURM has trained the runs.
        force: retrain finished runs.
        retry_failed: retry only runs that failed.
        timeout: time limit per run in seconds.
        fail_fast: start no more runs after the first failure.
        progress: show the progress, in a notebook or on stderr.
        observer: is notified of events and replaces the progress display.

    Raises:
        InputError: an argument or file is invalid; nothing was trained.
        TrainingError: lists the runs that failed, with reasons; the others are finished.
        TypeError: an argument has the wrong type.

    Warns:
        UserWarning: SLURM has not trained all runs yet, so the comparison lacks some.
    """
    paths = [arguments.source(one) for one in arguments.several(references)]
    folder, data = arguments.path(results, "results"), arguments.path_or_none(data_dir, "data_dir")
    arguments.optional(name, str, "name", "text")
    arguments.optional(cluster, str, "cluster", "text")
    arguments.number(jobs, "jobs")
    arguments.number(folds, "folds")
    arguments.number(timeout, "timeout", whole=False)
    changes = arguments.overrides(
        set, dataset=dataset, subset=subset, test_subset=test_subset, epochs=epochs, backend=backend, device=device,
        threads=threads,
    )  # fmt: skip
    check_guard("sweep")
    from mnist_lab import sweeps
    from mnist_lab.api.study import Study
    from mnist_lab.config import load_config
    from mnist_lab.config.sweeps import load_sweep
    from mnist_lab.notebook import sweep_progress

    arguments.optional(observer, sweeps.Observer, "observer", "an Observer")
    declared = load_sweep(
        [load_config(one) if isinstance(one, Mapping) else one for one in paths],
        changes, seeds, folds=folds, name=name,
    )  # fmt: skip
    with sweep_progress(observer, shown=progress) as reporter:
        swept = sweeps.sweep(
            declared, folder, data_dir=data, jobs=jobs, cluster=cluster, wait=wait, force=force,
            retry_failed=retry_failed, timeout=timeout, fail_fast=fail_fast, observer=reporter,
        )  # fmt: skip
    if swept.failures:
        reasons = "\n".join(f"  {run.label}: {reason}" for run, reason in swept.failures)
        runs = count(len(swept.schedule.plan.runs), "run")
        raise TrainingError(f"{len(swept.failures)} of {runs} failed:\n{reasons}")
    if swept.queued:
        warnings.warn(
            f"Queued or running on SLURM: {len(swept.queued)} of {count(len(swept.schedule.plan.runs), 'run')}; the "
            "same call compares what is finished then, and wait=True waits for all.",
            stacklevel=3,
        )
    return Study.of(swept.study, swept.files, swept.runs) if swept.study else Study(declared.name)


def _with_network(given: Any, changes: "list[Override]", network: "Builder") -> "Config":
    """Return the configuration with the function's network.

    If the configuration has a network of its own, the experiment is named after both, and its base is the original; if
    it has no name, after the function.
    """
    from mnist_lab.config import Override, load_config
    from mnist_lab.config.names import part_of_name

    resolved = load_config(given, [*changes, Override(("model",), {"kind": "custom"}, "network")])
    label = part_of_name(getattr(network, "__name__", type(network).__name__).replace("<lambda>", "lambda"))
    if resolved.name == resolved.experiment == NAMELESS:
        return resolved.model_copy(update={"name": label, "experiment": label})
    try:
        own = load_config(given, changes)
    except ConfigError:  # it has no network; everything else is valid
        return resolved
    if own.model.kind == "custom" or any(override.path in (("name",), ("experiment",)) for override in changes):
        return resolved
    names = {key: f"{getattr(resolved, key)},network={label}" for key in ("name", "experiment")}
    return resolved.model_copy(update={**names, "base": resolved.experiment})


def _on_the_backend_at_hand(config: "Config") -> "Config":
    """Return `config` with the backend of Keras if that is already imported and `config` leaves the choice open."""
    backend = arguments.imported_backend()
    if backend is None or config.runtime.backend not in (None, "auto"):
        return config
    return config.model_copy(update={"runtime": config.runtime.model_copy(update={"backend": backend})})
