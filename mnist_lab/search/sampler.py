"""Proposes the values of the next trial, with Optuna.

Samplers keep state that is not stored, so the study is rebuilt from the trials for every proposal, and the sampler's
seed derives from that of the search, the number of the trial and that of the attempt: a proposal depends only on these
and the trials so far.
"""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mnist_lab.config.searches import Dimension, Space
from mnist_lab.config.sweeps.file import rounded
from mnist_lab.errors import SetupError
from mnist_lab.search.record import Limit, Objective, Trial, Value
from mnist_lab.system.installation import extra_command

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial
    from optuna.trial import Trial as AskedTrial


def check_installed(sampler: str) -> None:
    """Check that what the sampler needs is installed, and import Optuna without its warning of missing widgets.

    Raises:
        SetupError: something is missing or too old; the message says how to install it.
    """
    if not find_spec("optuna"):
        raise SetupError("Searches need Optuna, which is not installed.", f"Install it: {extra_command('tune')}")
    if int((there := version("optuna")).partition(".")[0]) < OLDEST:
        raise SetupError(
            f"Searches need Optuna {OLDEST} or later; {there} is installed.", f"Update it: {extra_command('tune')}"
        )
    if sampler == "gp" and not find_spec("torch"):
        raise SetupError(
            "sampler: gp needs PyTorch, which is not installed.",
            f"Install it: {extra_command('torch')}\nOr choose the sampler tpe.",
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import optuna  # noqa: F401


OLDEST = 5
"""The first version of Optuna whose trials have constraints."""
AT_RANDOM = 10
"""Proposals for one trial, all tried before, after which values are drawn at random."""


@dataclass(frozen=True)
class Sampler:
    """Proposes values for trials."""

    kind: str
    """`tpe`, `random` or `gp`."""
    space: Space
    objectives: Sequence[Objective]
    limits: Sequence[Limit]
    seed: int

    def ask(self, number: int, trials: Iterable[Trial], attempt: int = 0) -> dict[str, Value]:
        """Propose the values of the trial with this number, from all so far, including those in progress.

        `attempt` counts the earlier proposals for this trial; after `AT_RANDOM` of them, values are random.
        """
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            study = optuna.create_study(
                directions=[each.direction for each in self.objectives], sampler=self._sampler(number, attempt)
            )
            study.add_trials(self.frozen(trials))
            asked = study.ask()
            values: dict[str, Value] = {}
            for each in self.space.dimensions:
                if self.space.exists(each, values):
                    values[each.name] = _suggested(asked, each)
        return values

    def frozen(self, trials: Iterable[Trial]) -> "list[FrozenTrial]":
        """Return the trials as Optuna's.

        A trial that waits at a rung counts with its latest value, which is pessimistic, as its training is not over.
        One that failed counts as worse than all others, as does one beyond a limit.
        """
        from optuna.trial import TrialState, create_trial

        drawn = {each.name: distribution(each.kind, each.ends) for each in self.space.dimensions}
        trials = sorted(trials, key=lambda trial: trial.number)
        known = {trial.number: values for trial in trials if (values := self._objectives(trial)) is not None}
        found = []
        for trial in trials:
            values = known.get(trial.number)
            state = TrialState.COMPLETE if values else TrialState.RUNNING
            if trial.state == "failed":
                state, values = TrialState.PRUNED, None
            elif trial.state == "refused":
                values = self._worst(list(known.values()))
                state = TrialState.COMPLETE if values else TrialState.PRUNED
            found.append(
                create_trial(
                    state=state,
                    values=values,
                    params=dict(trial.values),
                    distributions={name: drawn[name] for name in trial.values},
                    constraints=self._violations(trial) if state != TrialState.RUNNING else None,
                )
            )
        return found

    def _sampler(self, number: int, attempt: int) -> "BaseSampler":
        import numpy as np
        from optuna import samplers

        [seed] = np.random.SeedSequence([self.seed, number, attempt]).generate_state(1)
        if self.kind == "random" or attempt >= AT_RANDOM:
            return samplers.RandomSampler(seed=int(seed))
        if self.kind == "gp":
            return samplers.GPSampler(seed=int(seed))
        conditional = any(each.within for each in self.space.dimensions)
        return samplers.TPESampler(seed=int(seed), multivariate=True, group=conditional, constant_liar=True)

    def _objectives(self, trial: Trial) -> list[float] | None:
        """Return the latest values; None if one is not known."""
        if trial.state in ("failed", "refused"):
            return None
        found = [trial.measured(each.measure) for each in self.objectives]
        return None if any(value is None for value in found) else [float(value or 0) for value in found]

    def _worst(self, known: Sequence[Sequence[float]]) -> list[float] | None:
        columns = zip(self.objectives, zip(*known, strict=True), strict=True) if known else ()
        return [min(column) if each.direction == "maximize" else max(column) for each, column in columns] or None

    def _violations(self, trial: Trial) -> dict[str, float] | None:
        """Return how far the trial exceeds each limit, as a fraction of the limit; negative if it does not.

        For the training time this is what is known so far: after the first epoch, only a lower bound.
        """
        costs = {limit: self._cost(trial, limit) for limit in self.limits}
        return {limit.measure: cost / limit.most - 1 for limit, cost in costs.items() if cost is not None} or None

    def _cost(self, trial: Trial, limit: Limit) -> float | None:
        if limit.measure == "seconds":
            return trial.seconds if trial.expected_seconds is None else trial.expected_seconds
        return getattr(trial, limit.measure)


def distribution(kind: str, ends: Sequence[Value]) -> "BaseDistribution":
    """Return Optuna's distribution for a dimension of the kind `uniform`, `log_uniform`, `int` or `choice`.

    `ends`: its lowest and highest value, or the labels of its options.
    """
    from optuna import distributions

    if kind == "choice":
        return distributions.CategoricalDistribution(ends)
    low, high = map(float, ends)
    if kind == "int":
        return distributions.IntDistribution(int(low), int(high))
    return distributions.FloatDistribution(low, high, log=kind == "log_uniform")


def _suggested(trial: "AskedTrial", dimension: Dimension) -> Value:
    """Suggest the value to train with; numbers of a range have four significant digits."""
    if dimension.labels:
        return trial.suggest_categorical(dimension.name, dimension.labels)
    low, high = dimension.bounds
    if dimension.kind == "int":
        return trial.suggest_int(dimension.name, int(low), int(high))
    return rounded(trial.suggest_float(dimension.name, low, high, log=dimension.kind == "log_uniform"), low, high)
