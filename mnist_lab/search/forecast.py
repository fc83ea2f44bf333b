"""Estimates how long a search will take, from finished runs on this machine or a short benchmark.

The networks at the ends of all ranges are built for it, so one whose layers do not fit each other is an error before
anything is trained.
"""

from dataclasses import dataclass
from statistics import fmean

from mnist_lab.executors import Slot
from mnist_lab.experiment import identify
from mnist_lab.runs import read_runs
from mnist_lab.search.confirm import confirmation_sweep
from mnist_lab.search.tuner import Tuner, expected_epochs
from mnist_lab.sweeps import PlannedRun, make_plan
from mnist_lab.sweeps.appraisal import appraise
from mnist_lab.sweeps.plan import Plan
from mnist_lab.sweeps.schedule import Schedule


@dataclass(frozen=True)
class Forecast:
    """How long the rest of a search will probably take."""

    trials: int | None
    """Trials that are still to begin; None if only the time is limited."""
    trial_seconds: float
    """Wall-clock seconds of all trials, some of which run in parallel."""
    confirming: int
    """Runs of the confirmation that are still to be trained."""
    confirming_seconds: float
    parallel: int
    """Runs at a time."""
    basis: str
    """What the times are estimated from."""
    problems: tuple[str, ...]
    """Networks of the space that are too large for this machine; their trials will fail."""
    longest_training: float | None = None
    """Seconds to train the slowest network at the ends of all ranges for all epochs; None if not known."""

    @property
    def seconds(self) -> float:
        """Seconds of trials and confirmation."""
        return self.trial_seconds + self.confirming_seconds


def forecast(tuner: Tuner, slot: Slot, parallel: int) -> Forecast:
    """Estimate what remains of a search if a run gets `slot` of this machine and `parallel` runs go at a time.

    Raises:
        InputError: a network's layers do not fit each other or the images; the message says where in the search file.
    """
    identities = [(label, identify(config, tuner.dataset, tuner.results)) for label, config in tuner.declared.corners]
    different = {identity.fingerprint: PlannedRun(identity, "new", source=label) for label, identity in identities}
    finished = tuple(run.measured for run in read_runs([tuner.results]).complete().runs)
    plan = Plan(tuple(different.values()), tuple(different.values()), (), finished)
    costs = appraise(plan, slot, data_dir=tuner.data_dir)
    schedule = Schedule(plan, (), parallel, costs)
    usual = [cost for cost in costs.values() if not cost.problem]
    search = tuner.record
    budget, begun = search.budget, [trial for trial in search.trials if trial.counts]
    overhead = fmean(cost.overhead for cost in usual) if usual else 0.0
    trainings = [cost.seconds - cost.overhead for cost in usual]
    epoch = fmean(trainings) / budget.epochs if trainings else 0.0
    by_time = max(0.0, 60 * budget.minutes - search.seconds) if budget.minutes else None
    if tuner.to_begin is not None:
        most = len(begun) + tuner.to_begin
        expected = expected_epochs(most, tuner.epochs, tuner.rungs, tuner.factor)
        epochs = max(0.0, expected - sum(trial.epochs for trial in begun))
        segments = sum(most / tuner.factor**i for i in range(len(tuner.rungs) + 1))
        starts = segments - sum(len(trial.reached) for trial in begun)
        seconds = (epochs * epoch + max(0.0, starts) * overhead) / parallel
        seconds = seconds if by_time is None else min(seconds, by_time)
    else:
        seconds = by_time or 0.0
    confirming = _confirming(tuner)
    return Forecast(
        trials=tuner.to_begin,
        trial_seconds=0.0 if search.ended else seconds,
        confirming=confirming,
        confirming_seconds=confirming * (budget.epochs * epoch + overhead) / parallel,
        parallel=parallel,
        basis=schedule.basis,
        problems=tuple(schedule.problems),
        longest_training=max(trainings, default=None),
    )


def _confirming(tuner: Tuner) -> int:
    """Return how many runs of the confirmation are still to be trained."""
    search = tuner.record
    if search.confirm is None or (search.ended and not tuner.best):
        return 0
    if search.ended:
        confirmed = confirmation_sweep(tuner.declared, tuner.best, search.confirm)
        return len(make_plan(confirmed.configs, tuner.results, data_dir=tuner.data_dir).todo)
    begun = sum(trial.counts for trial in search.trials)
    most = search.confirm.best if tuner.to_begin is None else min(search.confirm.best, begun + tuner.to_begin)
    return (most + 1) * len(search.confirm.seeds)
