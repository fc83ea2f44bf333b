"""From a configuration to a finished run folder, step by step."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_lab import backends, datasets
from mnist_lab.config import Config, to_yaml
from mnist_lab.errors import InputError
from mnist_lab.experiment import epochs, metrics
from mnist_lab.experiment.build import build_trainer, with_network
from mnist_lab.experiment.data import prepare_data
from mnist_lab.experiment.failures import recording_failures
from mnist_lab.experiment.identity import identify
from mnist_lab.experiment.interrupts import Interrupts
from mnist_lab.experiment.log import LogFile
from mnist_lab.experiment.observer import Observer, Observers, Plan
from mnist_lab.experiment.provenance import provenance
from mnist_lab.runs import Run, RunFolder, load_run
from mnist_lab.system.writable import check_clock, check_writable

if TYPE_CHECKING:
    from mnist_lab.models import Builder


def run(
    config: Config,
    *,
    results: str | Path = "results",
    data_dir: Path | None = None,
    force: bool = False,
    network: "Builder | None" = None,
    observer: Observer | None = None,
) -> Run:
    """Train one configuration and write its run folder; a finished run is loaded, an interrupted one resumes.

    Runs in several threads of a process wait for each other, so that each gives the same numbers as alone.

    Args:
        config: from `load_config`.
        results: the folder that contains the run folders.
        data_dir: where to look for the data set first.
        force: train from scratch, even if the run is finished.
        network: a function that builds the network, instead of the configuration's.
        observer: is notified of what happens.

    Raises:
        InputError: the configuration, the data or the machine are unsuitable; nothing is written.
        BusyError: another process is writing this run.
        TrainingError: the loss is not finite; the files written so far are kept.
        KeyboardInterrupt: as an `Interruption` that says how to resume; the last checkpoint is kept.
    """
    with Interrupts().watched() as interrupts, backends.in_turn:
        told = Observers([observer or Observer(), interrupts])
        return _run(config, Path(results), data_dir, told, force=force, network=network)


def _run(
    config: Config, results: Path, data_dir: Path | None, observer: Observer, *, force: bool, network: "Builder | None"
) -> Run:
    timing = metrics.Timing()

    # Which run it is, and whether it is finished.
    observer.preparing("Reading the data")
    dataset = datasets.load(config.data, data_dir, progress=observer.download)
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
        return load_run(folder.path)

    # All errors in the input are found before the folder is created.
    check_clock()
    check_writable(folder.path, "Choose another folder with --results.")
    splits = prepare_data(config, dataset)

    observer.preparing("Importing Keras")
    runtime, threads = config.runtime, _threads(config, folder, force=force)
    backend = backends.start(str(runtime.backend), device=runtime.device, threads=threads)
    from mnist_lab import models
    from mnist_lab.experiment.results import write_results

    config = config.model_copy(update={"runtime": runtime.model_copy(update={"threads": backend.threads})})
    observer.preparing("Building the network")
    with models.memory_errors():
        trainer = build_trainer(config, splits, network)
        summary = models.summarize(trainer.model)
    environment = provenance(backend, trainer)

    with folder.locked():
        if _is_done(folder, force=force):  # by another process in the meantime
            return load_run(folder.path)
        with recording_failures(folder, identity.results), models.memory_errors():
            # A finished run is only replaced when its repetition is finished.
            written = folder.repetition if folder.finished else folder
            written.path.mkdir(exist_ok=True)
            identity = replace(identity, config=config, folder=written)
            log = LogFile(written.path / "log.txt")
            observer = Observers([log, observer])

            if threads and backend.threads < threads:
                observer.note(
                    f"Using {backend.threads} threads, not {threads}: no more processors are available to this process."
                )
            epochs.begin_or_resume(trainer, written, observer, force=force)
            for note in identity.notes:
                log.note(note)
            written.write_text("config.yaml", to_yaml(config))
            written.write_json("environment.json", environment)

            timing = timing.training_begins(trainer.history)
            plan = Plan(identity, splits, summary, backend, environment, len(trainer.history))
            observer.begun(plan)
            epochs.fit(plan, trainer, observer)
            return write_results(plan, trainer, timing, observer)


def _is_done(folder: RunFolder, *, force: bool) -> bool:
    """Whether there is nothing to train: the run is finished, and neither a repetition is requested nor interrupted."""
    return folder.finished and not force and not folder.interrupted


def _threads(config: Config, folder: RunFolder, *, force: bool) -> int | None:
    """The requested threads; else those of the interrupted run that resumes, as its results depend on them."""
    if config.runtime.threads is None and folder.interrupted and not force:
        with suppress(InputError, KeyError, TypeError, ValueError):
            return int(folder.current.read_environment()["threads"])
    return config.runtime.threads
