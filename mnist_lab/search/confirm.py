"""The confirmation: the best trials and the base with seeds that the search has not used, as an ordinary sweep.

Only the confirmation looks at the test images, and nothing that it finds leads back into the search.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from statistics import fmean

from mnist_lab.config import Config
from mnist_lab.config.schema import AFFECT_RESULTS
from mnist_lab.config.searches import Search as Declared
from mnist_lab.config.searches.declaration import TRIAL
from mnist_lab.config.sweeps import Sweep
from mnist_lab.errors import InputError
from mnist_lab.reports import Entry, wording
from mnist_lab.runs import Run
from mnist_lab.search import promotion, trials
from mnist_lab.search.record import Arm, Confirmation, Confirming, Difference, Search, Trial
from mnist_lab.sweeps import Swept


def confirmation_sweep(declared: Declared, best: Sequence[Trial], confirm: Confirming) -> Sweep:
    """Return the sweep of the confirmation; a trial with the configuration of the base is left out.

    Too few seeds are reported before the search.
    """
    base = declared.base
    chosen = [declared.configure(trial.values, trial.number) for trial in best[: confirm.best]]
    different = [config for config in chosen if not _same(config, base)]
    configs = tuple(config.model_copy(update={"seed": seed}) for config in (base, *different) for seed in confirm.seeds)
    notes = tuple(
        f"{config.experiment} is not confirmed: it is identical to the base."
        for config in chosen
        if config not in different
    )
    return Sweep(declared.name, configs, notes, more_seeds="")


def confirmation(swept: Swept, record: Search, results: Path) -> Confirmation:
    """Return the outcome of the confirmation, as `search.json` stores it."""
    entries = [entry for section in swept.study.sections for entry in section.entries] if swept.study else []
    by_experiment = {entry.group.experiment: entry for entry in entries}
    base = by_experiment.pop(record.base, None)
    best = promotion.best(record.trials, record.objectives)
    experiments = {f"{record.name}/{TRIAL.format(trial.number)}": trial for trial in best}
    tried = [(by_experiment[name], trial) for name, trial in experiments.items() if name in by_experiment]
    arms = [_arm(entry, trial, record, results) for entry, trial in ([(base, None)] if base else []) + tried]
    seeds = record.confirm.seeds if record.confirm else ()
    return Confirmation(seeds=seeds, arms=tuple(arms), missing=swept.missing)


def _arm(entry: Entry, trial: Trial | None, record: Search, results: Path) -> Arm:
    group, measure = entry.group, record.watched.measure
    return Arm(
        label=f"trial {trial.number}" if trial else "base",
        trial=trial and trial.number,
        experiment=group.experiment,
        runs=tuple(_below(run.folder.path, results) for run in group.runs),
        seeds=tuple(run.measured.run.seed for run in group.runs),
        test=tuple(run.measured.test.accuracy for run in group.runs),
        interval=group.seeds_interval,
        validation=tuple(_validated(run, group.config, measure) for run in group.runs),
        in_search=trial and trial.measured(measure),
        parameters=group.parameters,
        seconds=round(fmean(run.measured.seconds.train for run in group.runs), 3),
        difference=_difference(entry),
    )


def _difference(entry: Entry) -> Difference | None:
    verdict = entry.verdict
    if verdict is None:
        return None
    pair = verdict.paired
    return Difference(
        kind=verdict.kind,
        text=wording.verdict(verdict),
        mean=pair and pair.mean,
        interval=pair and pair.interval,
        p=verdict.p,
    )


def _validated(run: Run, config: Config | None, measure: str) -> float | None:
    """Return a run's validation number, taken as in the search; None if not known."""
    with suppress(InputError):
        return getattr(trials.reached(run.history, config and config.train.restore_best, 0.0), measure)
    return None


def _below(path: Path, results: Path) -> str:
    return path.relative_to(results).as_posix() if path.is_relative_to(results) else str(path)


def _same(one: Config, other: Config) -> bool:
    """Return whether two configurations are the same run except for names."""
    return all(getattr(one, section) == getattr(other, section) for section in AFFECT_RESULTS)
