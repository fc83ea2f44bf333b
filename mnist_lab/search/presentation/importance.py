"""How much each parameter of a search matters, by PED-ANOVA (Watanabe et al. 2023), with Optuna."""

import warnings
from collections.abc import Mapping
from enum import Enum
from importlib.util import find_spec

from mnist_lab.search.presentation.standings import standings
from mnist_lab.search.record import Search
from mnist_lab.search.sampler import distribution

LEAST = 20
"""The fewest trials with results for an importance: a quarter of them is five."""
SHARE = 0.25
"""The fraction of best trials that is compared with all of them."""


class Unknown(Enum):
    """Why there is no importance."""

    ONE_PARAMETER = "one parameter"
    TOO_FEW = "too few trials"
    NOT_INSTALLED = "no Optuna"


def importance(record: Search) -> Mapping[str, float] | Unknown:
    """Return how far the values of each parameter among the best trials differ from those among all, as shares of 1.

    The best are the first of the standings, as numbers after different epochs cannot be compared directly.

    Returns:
        The shares, by the names of the parameters, or why they are not known.
    """
    ranked = standings(record)
    if len(record.space) < 2:
        return Unknown.ONE_PARAMETER
    if len(ranked) < LEAST:
        return Unknown.TOO_FEW
    if not find_spec("optuna"):
        return Unknown.NOT_INSTALLED
    import optuna
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    drawn = {
        each.name: distribution(each.kind, each.choices or (each.low or 0, each.high or 0)) for each in record.space
    }
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = optuna.create_study(direction="minimize")
        study.add_trials(
            optuna.create_trial(
                value=place,
                params=dict(trial.values),
                distributions={name: drawn[name] for name in trial.values},
            )
            for place, trial in enumerate(ranked)
        )
        known = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator(target_quantile=SHARE))
    return {each.name: known.get(each.name, 0.0) for each in record.space}
