"""Imports finished runs of the published experiments and of the records into the evidence.

It keeps the numbers of every run and the plots of the first seed of each experiment, unchanged: `plots.save` has
already reduced their colours.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from evidence.records import records
from evidence.writeups import writeups
from mnist_lab.config import Config, fingerprint
from mnist_lab.errors import InputError
from mnist_lab.reports.observations import observed
from mnist_lab.runs import PLOTS, Run, RunFolder, finished_runs, formats, load_run, read_runs

NUMBERS = ("config.yaml", "environment.json", "history.jsonl", "mistakes.json", "metrics.json")
"""`metrics.json` comes last, as it means that all files are there."""
LARGEST = 25_000_000
"""Maximum size of the evidence in bytes."""


@dataclass(frozen=True)
class Imported:
    """The result of an import."""

    new: int
    known: int
    """Runs that were there already."""
    refused: tuple[str, ...]
    """Runs that are not evidence, and why."""


def import_runs(source: Path, target: Path) -> Imported:
    """Copy the finished runs in and below `source`; a run already there with other numbers is replaced.

    Raises:
        InputError: `source` is not a folder, or a run in it was written by a newer mnist-lab.
    """
    if not source.is_dir():
        raise InputError(f"{source}: there is no such folder.")
    read = read_runs([source]).complete()
    found = [run for run in read.runs if not run.folder.path.resolve().is_relative_to(target.resolve())]
    wanted = wanted_configs()
    new = known = 0
    refused = list(read.problems)
    for run in found:
        try:
            reason = objection(run, wanted)
        except InputError as error:
            reason = error.message
        if reason:
            refused.append(f"{run.folder.path}: {reason}")
        elif _copy(run, target):
            new += 1
        else:
            known += 1
    return Imported(new, known, tuple(refused))


def wanted_configs() -> dict[str, Config]:
    """Return the configurations of which evidence is kept, by experiment."""
    published = {experiment.name: experiment.config for writeup in writeups() for experiment in writeup.experiments}
    return published | {record.experiment: record.config for record in records()}


def objection(run: Run, configs: Mapping[str, Config]) -> str | None:
    """Why a run is not evidence for the experiments with these configurations; None if it is."""
    facts, data = run.measured.run, run.measured.dataset
    config = configs.get(facts.experiment)
    if config is None:
        return f"{facts.experiment} is neither a published experiment nor a record."
    if data.name != "mnist" or not data.genuine:
        return "it was not trained on the published files of MNIST."
    backend = str(run.config.runtime.backend)
    if facts.fingerprint != fingerprint(config, dataset_sha256=data.sha256, backend=backend):
        return "it was not trained as the configuration says now."
    if missing := [name for name in NUMBERS if not (run.folder.path / name).is_file()]:
        return f"there is no {' and no '.join(missing)}."
    return None


def _copy(run: Run, target: Path) -> bool:
    """Copy a run; return whether anything had to be copied."""
    facts = run.measured.run
    there = RunFolder.of(target, facts.experiment, facts.seed, facts.fingerprint)
    if there.finished and formats.read_json(there.path / "metrics.json") == run.metrics:
        return False
    if there.path.exists():
        shutil.rmtree(there.path)
    there.path.mkdir(parents=True)
    for name in (*PLOTS, *NUMBERS):
        if (run.folder.path / name).is_file():
            shutil.copyfile(run.folder.path / name, there.path / name)
    return True


def refresh_observations(target: Path) -> None:
    """Update the sentences in each run's `metrics.json` to what this version observes in its history."""
    for folder in finished_runs(target):
        run = load_run(folder.path)
        measured = run.measured.with_observations(observed(run))
        if measured != run.measured:
            folder.write_measured(measured)


def keep_first_plots(target: Path) -> None:
    """Remove the plots of all runs except the first seed of each experiment that has some."""
    runs = sorted(
        ((folder.path.parent, load_run(folder.path).measured.run.seed, folder) for folder in finished_runs(target)),
        key=lambda run: run[:2],
    )
    for _, of_one in groupby(runs, key=lambda run: run[0]):
        drawn = [folder for _, _, folder in of_one if folder.plots]
        for folder in drawn[1:]:
            for name in folder.plots:
                (folder.path / name).unlink()
