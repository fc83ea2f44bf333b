"""The plan of a sweep: its runs, their states, and which of them to train."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Literal, get_args

from mnist_lab import datasets
from mnist_lab.config import Config
from mnist_lab.config.sweeps.declaration import SEEDS
from mnist_lab.errors import InputError, UnreadableError
from mnist_lab.experiment import Identity, identify
from mnist_lab.runs import Measured, Run, RunFolder, load_run, read_runs
from mnist_lab.sweeps.verdicts import too_few_seeds
from mnist_lab.system.writable import check_clock, check_writable
from mnist_lab.text.quantities import count

State = Literal["done", "resumable", "failed", "damaged", "unreadable", "changed", "new", "queued", "running"]
STATES: tuple[State, ...] = get_args(State)
"""`unreadable`: its folder cannot be read at the moment, so it is kept and not trained. `changed`: the experiment has a
finished run with this seed, but another configuration. `queued`, `running`: on SLURM."""


@dataclass(frozen=True, eq=False)
class PlannedRun:
    """One run of a sweep."""

    identity: Identity
    state: State
    found: Run | None = None
    """Its finished run, if there is one; possibly under the name of another experiment."""
    source: str = ""
    """The file of its configuration, for messages."""

    @property
    def folder(self) -> RunFolder:
        """The folder to which it is written."""
        return self.identity.folder

    def result(self) -> Run | None:
        """Return its finished run under its own names, if there is one that can be read."""
        with suppress(InputError):
            return load_run(self.folder.path)
        return self.found and self.found.as_result_of(self.identity.config)

    @property
    def repeats(self) -> bool:
        """Whether it is the failed retraining of a finished run; it is then retrained as with --force."""
        return self.state == "failed" and self.folder.finished

    @property
    def server(self) -> tuple[str, str]:
        """The backend and the device of the fork server that its process comes from."""
        runtime = self.identity.config.runtime
        return str(runtime.backend), runtime.device

    @property
    def label(self) -> str:
        """The label of its configuration."""
        return self.identity.config.label


def by_server(runs: Iterable[PlannedRun]) -> list[list[PlannedRun]]:
    """Return the runs of each fork server, in their order."""
    server = attrgetter("server")
    return [list(group) for _, group in groupby(sorted(runs, key=server), key=server)]


@dataclass(frozen=True)
class Plan:
    """All runs of a sweep, in order."""

    runs: tuple[PlannedRun, ...]
    todo: tuple[PlannedRun, ...]
    notes: tuple[str, ...] = ()
    finished: tuple[Measured, ...] = ()
    """All finished runs in the results folder, of whatever experiment."""

    def count(self, state: State) -> int:
        """Return the number of runs in `state`."""
        return sum(run.state == state for run in self.runs)

    def settle(self) -> None:
        """Remove what killed retrainings have left in finished runs; those that can be resumed are in `todo`."""
        for run in self.runs:
            if run.state == "done":
                run.folder.settle()

    def check_folders(self, *others: Path) -> None:
        """Check that the folders of all runs to train, and `others`, can be written.

        Raises:
            NoRoomError: one of them cannot be written; nothing was started.
            SetupError: the clock is in a year that archives cannot hold.
        """
        if self.todo:
            check_clock()
        for folder in (*(run.folder.path for run in self.todo), *others):
            check_writable(folder, "Choose another folder with --results.")


def make_plan(
    configs: Iterable[Config],
    results: Path,
    *,
    source: Callable[[Config], str] = lambda config: str(config.experiment),
    data_dir: Path | None = None,
    force: bool = False,
    retry_failed: bool = False,
    more_seeds: str = SEEDS,
) -> Plan:
    """Find the state of every run in the results folder, without importing Keras.

    Args:
        configs: from `load_sweep`.
        results: the results folder.
        source: returns the name of a configuration in messages, as `Sweep.source` does.
        data_dir: where to look for data sets first.
        force: retrain finished runs.
        retry_failed: retry only failed runs, regardless of `force`.
        more_seeds: the setting that requests more seeds, as in `Sweep`.

    Raises:
        InputError: a data set is not available, a backend is not installed, or two configurations are the same run.
        NewerFormatError: a run was written by a newer mnist-lab.
    """
    known: dict[object, datasets.Dataset] = {}
    notes: list[str] = []
    identities: list[Identity] = []
    for config in configs:
        images = datasets.images_of(config.data)
        if images not in known:
            known[images] = datasets.load(config.data, data_dir)
        identity = identify(config, known[images], results)
        identities.append(identity)
        notes += [note for note in identity.notes if note not in notes]
    _refuse_twins(identities)
    finished = _Finished(results)
    planned = {identity.fingerprint for identity in identities}
    runs = tuple(finished.planned(identity, source(identity.config), planned) for identity in identities)
    notes += finished.problems
    notes += dict.fromkeys(note for run in runs if run.found and (note := run.identity.renamed(run.found)))
    notes += _found_elsewhere(runs)
    if more_seeds:
        notes += too_few_seeds((identity.config for identity in identities), more_seeds)
    if retry_failed:
        todo = tuple(run for run in runs if run.state == "failed")
    else:
        kept = {"unreadable"} if force else {"unreadable", "done"}
        todo = tuple(run for run in runs if run.state not in kept)
    return Plan(runs, todo, tuple(notes), tuple(run.measured for run in finished.found.runs))


def _refuse_twins(identities: Sequence[Identity]) -> None:
    """Raise an InputError if two configurations, with backend and data set known, are the same run."""
    first: dict[tuple[str, int], Identity] = {}
    for identity in identities:
        twin = first.setdefault((identity.fingerprint, identity.config.seed), identity)
        if twin is not identity:
            both = f"{twin.config.experiment} and {identity.config.experiment}"
            raise InputError(
                f"{both} are the same run, with seed {identity.config.seed}: "
                "all settings that affect the results are equal.",
                "Remove one of them.",
            )


def _found_elsewhere(runs: Iterable[PlannedRun]) -> list[str]:
    """Return notes on where finished runs are that are not in their own folders."""
    places = Counter(_place(run, run.found.folder.path) for run in runs if run.found and run.found.folder != run.folder)
    return [f"{count(number, 'finished run')} found in {place}." for place, number in places.items()]


def _place(run: PlannedRun, found: Path) -> Path:
    """Return the results folder in which a run was found, or the folder of its experiment if that has another name."""
    own = run.folder.path.relative_to(run.identity.results).parts
    return Path(*found.parts[: -len(own)]) if found.parts[-len(own) :] == own else found.parent


class _Finished:
    """The finished runs of a results folder, by fingerprint and seed."""

    def __init__(self, results: Path) -> None:
        self.found = read_runs([results]).complete()
        self.problems = list(self.found.problems)
        self.runs: dict[tuple[str, int], list[Run]] = {}
        self.fingerprints: dict[tuple[str | None, int], set[str]] = {}
        for run in self.found.runs:
            facts = run.measured.run
            self.runs.setdefault((facts.fingerprint, facts.seed), []).append(run)
            self.fingerprints.setdefault((facts.experiment, facts.seed), set()).add(facts.fingerprint)

    def planned(self, identity: Identity, source: str, planned: set[str]) -> PlannedRun:
        """Return the run, with its finished one, preferably that in its own folder; `planned` are all fingerprints."""
        there = self.runs.get((identity.fingerprint, identity.config.seed), [])
        found = next((run for run in there if run.folder == identity.folder), there[0] if there else None)
        try:
            state = self._state(identity, found, planned)
        except UnreadableError as error:
            self.problems.append(error.message)
            state = "unreadable"
        return PlannedRun(identity, state, found, source)

    def _state(self, identity: Identity, found: Run | None, planned: set[str]) -> State:
        own = identity.folder
        if found and not (found.folder == own and own.unsettled):
            return "done"
        if own in self.found.unreadable:
            return "unreadable"
        if own in self.found.damaged:
            return "damaged"
        if own.failed:
            return "failed"
        if own.interrupted:
            return "resumable"
        if found:
            return "done"
        others = self.fingerprints.get((identity.config.experiment, identity.config.seed), set())
        return "changed" if others - planned else "new"
