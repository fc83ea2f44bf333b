"""From a configuration to a finished run folder, step by step."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mnist_lab import backends, datasets
from mnist_lab.config import Config, to_yaml
from mnist_lab.errors import InputError
from mnist_lab.experiment import epochs, metrics
from mnist_lab.experiment.build import build_trainer, with_network
from mnist_lab.experiment.data import prepare_data
from mnist_lab.experiment.extension import continue_from, shorter_runs
from mnist_lab.experiment.failures import recording_failures
from mnist_lab.experiment.identity import identify
from mnist_lab.experiment.interrupts import Interrupts
from mnist_lab.experiment.log import LogFile
from mnist_lab.experiment.observer import Observer, Observers, Plan
from mnist_lab.experiment.provenance import provenance
from mnist_lab.experiment.tracking import tracking
from mnist_lab.runs import CHECKPOINT, LAST_CHECKPOINT, Run, RunFolder, formats, load_run
from mnist_lab.system import atomic
from mnist_lab.system.writable import check_clock, check_writable
from mnist_lab.text.quantities import count

if TYPE_CHECKING:
    from mnist_lab.models import Builder
    from mnist_lab.training import Trainer


def run(
    config: Config,
    *,
    results: str | Path = "results",
    data_dir: Path | None = None,
    dataset: datasets.Dataset | None = None,
    force: bool = False,
    network: "Builder | None" = None,
    observer: Observer | None = None,
) -> Run:
    """Train one configuration and write its run folder; a finished run is loaded, an interrupted one resumes.

    Runs in several threads of a process wait for each other, so that each has the same numbers as alone.

    Args:
        config: from `load_config`.
        results: the results folder.
        data_dir: where to look for the data set first.
        dataset: the data set of `config`, if it is already loaded.
        force: train from scratch, even if the run is finished.
        network: a function that builds the network, instead of the configuration's.
        observer: is notified of events.

    Raises:
        InputError: the configuration, the data or the machine cannot be used; nothing is written.
        BusyError: another process is writing this run.
        TrainingError: the loss is not finite; the files written so far are kept.
        KeyboardInterrupt: as an `Interruption` that says how to resume; the last checkpoint is kept.
    """
    with Interrupts(observer or Observer()).watched() as watched, backends.in_turn:
        done = _run(config, Path(results), data_dir, dataset, watched, force=force, network=network)
        return cast("Run", done)  # None only with `until`


def advance(
    config: Config,
    *,
    until: int,
    results: str | Path = "results",
    data_dir: Path | None = None,
    dataset: datasets.Dataset | None = None,
    observer: Observer | None = None,
) -> None:
    """Train a run up to an epoch and leave it there with a checkpoint: neither tested nor finished, even at its end.

    A later call, or `run`, continues from there as if the run had never stopped. A run that is finished or already that
    far stays unchanged. The other arguments and the errors are those of `run`.
    """
    with Interrupts(observer or Observer()).watched() as watched, backends.in_turn:
        _run(config, Path(results), data_dir, dataset, watched, until=until)


def _run(
    config: Config,
    results: Path,
    data_dir: Path | None,
    dataset: datasets.Dataset | None,
    observer: Observer,
    *,
    force: bool = False,
    network: "Builder | None" = None,
    until: int | None = None,
) -> Run | None:
    """Find out which run `config` describes and whether it is finished; if not, prepare and train it.

    Return None if it was trained up to the epoch `until`.
    """
    timing = metrics.Timing()
    observer.preparing("Reading the data")
    dataset = dataset or datasets.load(config.data, data_dir, progress=observer.download)
    if network:
        observer.preparing("Importing Keras")
        config = with_network(config, network, dataset)
    identity = identify(config, dataset, results)
    config, folder = identity.config, identity.folder
    for note in identity.notes:
        observer.note(note)
    if not force:
        folder.settle()
    if _is_done(folder, force=force):
        if config.runtime.keep_checkpoint and not (folder.path / LAST_CHECKPOINT).exists():
            observer.note(
                "runtime.keep_checkpoint: this finished run was trained without it, so its last checkpoint was not"
                " kept; only retraining keeps it."
            )
        for name in config.runtime.report_to:
            observer.note(
                f"runtime.report_to: this run was finished before; report it with mnist-lab log {folder.path}"
                f" --to {name}."
            )
        finished = load_run(folder.path)
        if note := identity.renamed(finished):
            observer.note(note)
        return finished

    # All errors in the input are found before the folder is created.
    check_clock()
    check_writable(folder.path, "Choose another folder with --results.")
    splits = prepare_data(config, dataset)

    observer.preparing("Importing Keras")
    resumes = folder.interrupted and not force
    shorter = [] if resumes or force else shorter_runs(identity, dataset)
    threads = config.runtime.threads or _threads_of([folder.current] if resumes else shorter)
    backend = backends.start(str(config.runtime.backend), device=config.runtime.device, threads=threads)
    runtime = config.runtime.model_copy(update={"threads": backend.threads})
    identity = replace(identity, config=config.model_copy(update={"runtime": runtime}))
    from mnist_lab import models

    observer.preparing("Building the network")
    with models.memory_errors():
        trainer = build_trainer(identity.config, splits, network)
        summary = models.summarize(trainer.model)
    environment = provenance(backend, trainer)

    with folder.locked():
        if _is_done(folder, force=force):  # by another process in the meantime
            return load_run(folder.path)
        with recording_failures(folder, results, force=force), models.memory_errors():
            # A finished run is only replaced once it is completely retrained.
            written = folder.repetition if folder.finished else folder
            written.path.mkdir(exist_ok=True)
            log = LogFile(written.path / "log.txt")
            observer = Observers([log, observer])
            if threads and backend.threads < threads:
                observer.note(
                    f"Using {count(backend.threads, 'thread')}, not {threads}: no more processors are available to "
                    "this process."
                )
            continues = epochs.begin_or_resume(trainer, written, observer, force=force)
            for note in identity.notes:
                log.note(note)
            if not trainer.history:
                continues = continue_from(shorter, trainer, config, environment, observer)
            plan = Plan(
                identity=replace(identity, folder=written),
                splits=splits,
                summary=summary,
                backend=backend,
                environment=environment,
                epochs_done=len(trainer.history),
                continues=continues,
            )
            return _train(plan, trainer, timing, observer, until)


def _train(plan: Plan, trainer: "Trainer", timing: metrics.Timing, observer: Observer, until: int | None) -> Run | None:
    """Train the remaining epochs, and write the files of the run."""
    from mnist_lab.experiment.results import write_results

    plan.folder.write_history(trainer.history)
    atomic.write_text(plan.folder.path / "config.yaml", to_yaml(plan.config))
    formats.write_json(plan.folder.path / "environment.json", plan.environment)
    if plan.continues and plan.continues.epochs == plan.epochs_done:
        epochs.save(plan, trainer, CHECKPOINT)
    timing = timing.training_begins(trainer.history)
    with tracking(plan.config.runtime.report_to, observer.note) as trackers:
        observer = Observers([observer, trackers])
        observer.begun(plan)
        epochs.fit(plan, trainer, observer, until)
        if until is not None:
            observer.note(f"Stopped after epoch {len(trainer.history)} of {plan.config.train.epochs}, not tested.")
            return None
        return write_results(plan, trainer, timing, observer)


def _is_done(folder: RunFolder, *, force: bool) -> bool:
    """Return whether there is nothing to train: the run is finished, and no retraining is requested or interrupted."""
    return folder.finished and not force and not folder.interrupted


def _threads_of(before: Sequence[RunFolder]) -> int | None:
    """Return the threads of the first of these runs that records them; continuing it bit-identically needs the same."""
    for folder in before:
        with suppress(InputError, KeyError, TypeError, ValueError):
            return int(folder.read_environment()["threads"])
    return None
