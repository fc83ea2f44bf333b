"""The pipeline of a search: check, train and promote trials, confirm the best, and write what was found."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from typing_extensions import override

from mnist_lab import datasets, sweeps
from mnist_lab.config import to_yaml
from mnist_lab.config.clusters import kind_of
from mnist_lab.config.searches import Search as Declared
from mnist_lab.config.searches import describe
from mnist_lab.errors import BusyError, InputError, TrainingError
from mnist_lab.executors import Slot
from mnist_lab.experiment import identify
from mnist_lab.reports import Study
from mnist_lab.runs import RunFolder
from mnist_lab.runs.lock import LOCK, locked
from mnist_lab.search.confirm import confirmation, confirmation_sweep
from mnist_lab.search.forecast import Forecast, forecast
from mnist_lab.search.journal import JOURNAL, write_journal
from mnist_lab.search.observer import Observer, RunningTrial
from mnist_lab.search.outline import outline
from mnist_lab.search.presentation import write_search
from mnist_lab.search.record import Search
from mnist_lab.search.sampler import check_installed
from mnist_lab.search.tuner import Tuner
from mnist_lab.sweeps import Machine, PlannedRun, Running, ThisMachine, launch_from
from mnist_lab.sweeps.schedule import slots_for
from mnist_lab.system import atomic
from mnist_lab.system.writable import check_clock, check_writable
from mnist_lab.version import __version__

BEST = "best.yaml"


@dataclass(frozen=True)
class Tuned:
    """The result of a search."""

    record: Search
    forecast: Forecast | None = None
    """What remains; only for a dry run."""
    files: tuple[Path, ...] = ()
    """The files written, the page first."""
    study: Study | None = None
    """The comparison of the confirmed trials with the base; None if nothing was confirmed."""
    failures: tuple[tuple[PlannedRun, str], ...] = ()
    """Runs of the confirmation that failed, each with the reason."""


@dataclass(frozen=True)
class _Options:
    """How trials are trained."""

    jobs: int | None
    cluster: str | None
    wait: bool
    observer: Observer


def tune(
    declared: Declared,
    results: Path,
    *,
    data_dir: Path | None = None,
    jobs: int | None = None,
    cluster: str | None = None,
    wait: bool = False,
    dry_run: bool = False,
    observer: Observer | None = None,
) -> Tuned:
    """Run a search, or continue it, and write what was found to `results/<name>/`.

    Args:
        declared: as `load_search` returns it.
        results: the results folder.
        data_dir: where to look for data sets first.
        jobs: trials at a time; None chooses by this machine.
        cluster: where to train instead of on this machine: the address or the scheduler file of a Dask cluster, or
            `local` or `local:N`.
        wait: wait for the workers of the cluster.
        dry_run: estimate only; nothing is trained or written.
        observer: is notified of events.

    Raises:
        InputError: an argument or the file is invalid (nothing was trained), or no trial had a result within the limits
            or the time budget.
        BusyError: another process runs this search.
        TrainingError: the first trials have all failed, or none has a result.
        Interruption: a KeyboardInterrupt; the same call continues.
        NoRoomError: the disk is full.
    """
    options = _Options(jobs, cluster, wait, observer or Observer())
    check_installed(declared.spec.sampler)
    if cluster and kind_of(cluster) == "slurm":
        raise InputError(
            "--cluster slurm: a search chooses each trial by the results of earlier ones, so it cannot submit them in "
            "advance.",
            "Run the search inside a SLURM job, or start Dask workers in SLURM jobs and give --cluster the address of "
            "their scheduler.",
        )
    dataset = datasets.load(declared.base.data, data_dir)
    known = outline(declared, dataset, results)
    if dry_run:
        tuner = Tuner(declared, known, results, dataset, data_dir=data_dir)
        with _machine(tuner, options) as (machine, slot):
            options.observer.appraising()
            return Tuned(tuner.record, forecast(tuner, slot, machine.parallel))
    check_clock()
    check_writable(results / declared.name, "Choose another folder with --results.")
    with _held(results / declared.name, results):
        tuner = Tuner(declared, known, results, dataset, data_dir=data_dir, reported=options.observer.reported)
        if not tuner.ended_by:
            _search(tuner, options)
        return _concluded(tuner, options)


def _search(tuner: Tuner, options: _Options) -> None:
    """Train trials until the search has ended."""
    with _machine(tuner, options) as (machine, slot):
        machine.await_workers(options.observer.note)
        options.observer.appraising()
        remains = forecast(tuner, slot, machine.parallel)
        like = _like(tuner)
        tuner.note_environment(
            backend=like.identity.config.runtime.backend,
            jobs=machine.parallel,
            cluster=options.cluster,
            mnist_lab=__version__,
            optuna=version("optuna"),
        )
        options.observer.begun(tuner.record, remains)
        try:
            with tuner.session():
                launch_from(tuner, machine, like, observer=_Following(tuner, options.observer))
        except KeyboardInterrupt:
            write_search(tuner.folder, tuner.record)
            raise
        finally:
            write_journal(tuner.folder, tuner.record, tuner.sampler)


def _concluded(tuner: Tuner, options: _Options) -> Tuned:
    """Write what was found, and confirm it."""
    _check_success(tuner)
    found = tuner.record
    options.observer.ended_search(found)
    files = [tuner.folder / JOURNAL, _write_best(tuner)]
    pages = [*write_search(tuner.folder, found), found.write(tuner.folder)]  # up to date even if interrupted now
    if not found.confirm:
        return Tuned(found, files=(*pages, *files))
    swept = sweeps.sweep(
        confirmation_sweep(tuner.declared, tuner.best, found.confirm),
        tuner.results,
        data_dir=tuner.data_dir,
        jobs=options.jobs,
        cluster=options.cluster,
        wait=options.wait,
        observer=options.observer,
    )
    found = found.model_copy(update={"confirmation": confirmation(swept, found, tuner.results)})
    pages = write_search(tuner.folder, found)
    files = [*pages, found.write(tuner.folder), *files, *swept.files]
    return Tuned(found, files=tuple(files), study=swept.study, failures=swept.failures)


def _check_success(tuner: Tuner) -> None:
    """Check that at least one trial has a result.

    Raises:
        TrainingError: the first trials have all failed, or none has a result.
        InputError: no trial is within the limits, or there was no time for one.
    """
    again = f"Then remove {tuner.folder}, or give the search another name."
    if tuner.failing:
        raise TrainingError(f"The first trials have all failed: {tuner.failing}", f"Change the space. {again}")
    if tuner.best:
        return
    if refused := tuner.refusing or tuner.refused:
        raise InputError(f"No trial is within the limits: {refused}", f"Change `where` or the space. {again}")
    if tuner.ended_by == "minutes":
        raise InputError("The time budget ran out before any trial had a result.", "Increase budget.minutes.")
    raise TrainingError(f"No trial has a result. {tuner.failed}", f"Change the space. {again}")


def _write_best(tuner: Tuner) -> Path:
    """Write `best.yaml`, the configuration of the best trial, with the seed of the search."""
    found, best = tuner.record, tuner.best[0]
    described = (
        f"# Trial {best.number} of the search {found.name}: {found.watched.measure} {found.value(best)} after "
        f"{best.epochs} of {found.budget.epochs} epochs\n# {describe(best.values)}\n"
    )
    file = tuner.folder / BEST
    atomic.write_text(file, described + to_yaml(tuner.declared.configure(best.values, best.number)))
    return file


@contextmanager
def _machine(tuner: Tuner, options: _Options) -> Iterator[tuple[Machine, Slot]]:
    """Open the machine that trains the trials, with the part of this machine that a trial has, or would have."""
    trials = tuner.record.most_trials
    likely: Sequence[PlannedRun] = [_like(tuner)] * min(trials or 1_000, 1_000)
    slots = slots_for(likely, jobs=options.jobs)
    machine: Machine = ThisMachine(slots)
    if options.cluster:
        from mnist_lab.sweeps.dask import DaskMachine

        machine = DaskMachine(options.cluster, tuner.results, data_dir=tuner.data_dir, wait=options.wait)
    with closing(machine):
        yield machine, slots[0]


def _like(tuner: Tuner) -> PlannedRun:
    """Return a run with the data set, the backend and the device of all trials."""
    return PlannedRun(identify(tuner.declared.base, tuner.dataset, tuner.results), "new")


@contextmanager
def _held(folder: Path, results: Path) -> Iterator[None]:
    """Lock the folder of a search, and remove it again if nothing was written to it."""
    try:
        with locked(folder):
            try:
                yield
            finally:
                with suppress(OSError):
                    if all(file.name == LOCK for file in folder.iterdir()):
                        RunFolder(folder).discard(results)
    except BusyError as error:
        if not error.message.startswith(f"{folder}: "):  # it is about a run of the confirmation
            raise
        raise BusyError(f"{folder}: another process runs this search.", error.hint) from None


class _Following(sweeps.Observer):
    """Passes on what is in progress; the tuner itself reports how trials have ended."""

    def __init__(self, tuner: Tuner, observer: Observer) -> None:
        self._tuner = tuner
        self._observer = observer

    @override
    def tick(self, running: Sequence[Running]) -> None:
        self._tuner.autosave()
        self._observer.running([RunningTrial(*self._tuner.tried_in(each.run), each) for each in running])

    @override
    def note(self, text: str) -> None:
        self._observer.note(text)
