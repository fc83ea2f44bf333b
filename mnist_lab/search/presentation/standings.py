"""The order of a search's trials, and the names of its parameters."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby

from mnist_lab.config.settings import setting_name
from mnist_lab.search import promotion
from mnist_lab.search.record import Arm, Parameter, Search, Trial

AHEAD = 10
"""Figures highlight one trial in this many."""
FEWEST_AHEAD = 3


def standings(record: Search) -> list[Trial]:
    """Return the trials that have numbers: those trained the longest first, ties by the objectives.

    With two objectives, front by front, each in the order of the first objective.
    """
    deepest_first = sorted((trial for trial in record.trials if trial.reached), key=promotion.depth, reverse=True)
    return [
        trial
        for _, some in groupby(deepest_first, promotion.depth)
        for trial in promotion.ranked([(one, one.reached[-1]) for one in some], record.objectives)
    ]


def best(record: Search) -> list[Trial]:
    """Return the best trial or, with two objectives, the Pareto front; none before any trial has a result."""
    numbers = record.front or [record.best]
    return [trial for number in numbers for trial in record.trials if trial.number == number]


def ahead(record: Search) -> list[Trial]:
    """Return the trials that follow the best: with it a tenth of all, but at least three; none with two objectives."""
    if len(record.objectives) > 1:
        return []
    ranked = standings(record)
    return ranked[1 : max(FEWEST_AHEAD, len(ranked) // AHEAD)]


def arms(record: Search) -> Sequence[Arm]:
    """Return the base and the trials that were confirmed; none before the confirmation."""
    return record.confirmation.arms if record.confirmation else ()


def chosen(record: Search) -> Arm | None:
    """Return the confirmation of the trial that the search put first; None if it was not confirmed."""
    return next((arm for arm in arms(record) if arm.trial and arm.trial == record.best), None)


def parameter_names(space: Sequence[Parameter]) -> Mapping[str, str]:
    """Return a readable name for each parameter, by its name in the record."""
    called = {each.name: _called(each) for each in space}
    shared = Counter(called.values())
    return {name: text if shared[text] == 1 else name for name, text in called.items()}


def _called(parameter: Parameter) -> str:
    path = re.sub(r"\[(\d+)\]", r".\1", parameter.key)
    words = setting_name(path) or path.rpartition(".")[2].replace("_", " ")
    return words + parameter.name.removeprefix(parameter.key)
