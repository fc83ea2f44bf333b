"""What there is to do: every run of a sweep, and whether its result is there already."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

from mnist_lab import datasets
from mnist_lab.config import Config
from mnist_lab.errors import InputError, NewerFormatError
from mnist_lab.experiment import Identity, identify
from mnist_lab.runs import RunFolder, finished_runs, load_run

State = Literal["done", "failed", "resumable", "changed", "new"]
STATES: tuple[State, ...] = ("done", "resumable", "failed", "changed", "new")
"""`changed`: the experiment has a finished run of this seed, made with another configuration."""


@dataclass(frozen=True, eq=False)
class PlannedRun:
    """One run of a sweep."""

    identity: Identity
    state: State
    folder: RunFolder
    """Where its result is or will be; a finished run of the same numbers may stand under another experiment."""
    seconds: float | None = None
    """How long runs that differ in seed only have taken (median)."""

    @property
    def label(self) -> str:
        """The experiment and the seed."""
        return f"{self.identity.config.experiment} seed {self.identity.config.seed}"


@dataclass(frozen=True)
class Plan:
    """All runs of a sweep, in order."""

    runs: tuple[PlannedRun, ...]
    todo: tuple[PlannedRun, ...]
    notes: tuple[str, ...] = ()

    def count(self, state: State) -> int:
        """How many runs are in `state`."""
        return sum(run.state == state for run in self.runs)


def make_plan(
    configs: Iterable[Config],
    results: Path,
    *,
    data_dir: Path | None = None,
    force: bool = False,
    retry_failed: bool = False,
) -> Plan:
    """Look up every configuration in the results folder. Keras is not imported.

    A run whose `metrics.json` is damaged is kept aside and counts as new.

    Args:
        configs: as `load_sweep` gives them.
        results: the folder below which runs are.
        data_dir: where to look for data sets first.
        force: everything is to be done again.
        retry_failed: nothing but failed runs is to be done.

    Raises:
        InputError: a data set cannot be had, a backend is not installed, or a run was written by a newer mnist-lab.
    """
    known: dict[str, datasets.Dataset] = {}
    notes: list[str] = []
    identities = []
    for config in configs:
        name = config.data.dataset
        if name not in known:
            known[name] = datasets.load(name, data_dir)
            notes += known[name].notes
        identities.append(identify(config, known[name], results))
    finished = _Finished(results, notes)
    runs = tuple(_planned(identity, finished) for identity in identities)
    if force:
        todo = runs
    elif retry_failed:
        todo = tuple(run for run in runs if run.state == "failed")
    else:
        todo = tuple(run for run in runs if run.state != "done")
    return Plan(runs, todo, tuple(notes))


def _planned(identity: Identity, finished: "_Finished") -> PlannedRun:
    config, own = identity.config, identity.folder
    there = finished.folder(identity.fingerprint, config.seed, own)
    state: State = "new"
    if there:
        state = "done"
    elif (own.path / "error.txt").is_file():
        state = "failed"
    elif own.interrupted:
        state = "resumable"
    elif (config.experiment, config.seed) in finished.seeds:
        state = "changed"
    seconds = finished.seconds.get(identity.fingerprint)
    return PlannedRun(identity, state, there or own, median(seconds) if seconds else None)


class _Finished:
    """The finished runs of a results folder, by what was run."""

    def __init__(self, results: Path, notes: list[str]) -> None:
        self.seconds: dict[str, list[float]] = {}
        self.folders: dict[tuple[str, int], list[RunFolder]] = {}
        self.seeds: set[tuple[str, int]] = set()
        for folder in finished_runs(results):
            metrics = _metrics(folder, notes)
            if metrics:
                facts = metrics["run"]
                self.seconds.setdefault(facts["fingerprint"], []).append(metrics["seconds"]["total"])
                self.folders.setdefault((facts["fingerprint"], facts["seed"]), []).append(folder)
                self.seeds.add((facts["experiment"], facts["seed"]))

    def folder(self, fingerprint: str, seed: int, own: RunFolder) -> RunFolder | None:
        """Where the run is finished: its own folder rather than another experiment's."""
        there = self.folders.get((fingerprint, seed), [])
        return own if own in there else there[0] if there else None


def _metrics(folder: RunFolder, notes: list[str]) -> dict[str, Any] | None:
    try:
        return load_run(folder.path).metrics
    except NewerFormatError:
        raise
    except InputError as error:
        aside = folder.set_aside()
        notes.append(f"{error.message} Kept aside as {aside.name}; the run counts as not done.")
        return None
