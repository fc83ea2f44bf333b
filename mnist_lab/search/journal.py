"""Writes a search as an Optuna journal, which optuna-dashboard opens."""

import warnings
from datetime import datetime, timedelta
from pathlib import Path

from mnist_lab.search.record import Search
from mnist_lab.search.sampler import Sampler
from mnist_lab.system import atomic

JOURNAL = "optuna.journal"


def write_journal(folder: Path, record: Search, sampler: Sampler) -> Path:
    """Write the trials to `optuna.journal`; a trial that waits at a rung counts as pruned there."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend
    from optuna.trial import TrialState

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    begun = datetime.now() - timedelta(seconds=record.seconds)
    watched = record.watched.measure
    with atomic.replacing(folder / JOURNAL) as part, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        storage = JournalStorage(JournalFileBackend(str(part)))
        study = optuna.create_study(
            study_name=record.name, storage=storage, directions=[each.direction for each in record.objectives]
        )
        study.set_metric_names([each.measure for each in record.objectives])
        for trial, frozen in zip(record.trials, sampler.frozen(record.trials), strict=True):
            if trial.state == "stopped":
                frozen.state, frozen.values = TrialState.PRUNED, None
            elif trial.state in ("failed", "refused"):
                frozen.state, frozen.values = TrialState.FAIL, None
            frozen.datetime_start = begun
            ends = trial.reached[-1].clock if trial.reached else 0.0
            frozen.datetime_complete = begun + timedelta(seconds=ends) if frozen.state.is_finished() else None
            if len(record.objectives) == 1:
                values = {at.epoch: getattr(at, watched) for at in trial.reached}
                frozen.intermediate_values = {epoch: value for epoch, value in values.items() if value is not None}
            facts = {"parameters": trial.parameters, "multiply_adds": trial.multiply_adds, "reason": trial.reason}
            frozen.user_attrs = {name: value for name, value in facts.items() if value is not None}
            study.add_trial(frozen)
    return folder / JOURNAL
