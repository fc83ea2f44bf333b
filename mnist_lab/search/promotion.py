"""Chooses the trials to promote by asynchronous successive halving (Li et al. 2020); the others wait instead of ending.

Of the trials that have reached a rung, the best 1/factor continue from their checkpoints as soon as that is known,
however many are still to come. These are pure functions of the trials so far, so an interrupted search decides the
same when it continues.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import inf, isfinite

from mnist_lab.analysis.pareto import front
from mnist_lab.search.record import Objective, Reached, Trial

Point = tuple[float, ...]
"""The values of the objectives, with signs so that higher is better."""


def rungs(first: int, factor: int, epochs: int) -> tuple[int, ...]:
    """Return the epochs at which trials wait: `first` times powers of `factor` whose next one is within `epochs`.

    `rungs(2, 3, 20) == (2, 6)`; the training ends at 20.
    """
    found = []
    while first * factor <= epochs:
        found.append(first)
        first *= factor
    return tuple(found)


def target(trial: Trial, rungs: Sequence[int], epochs: int) -> int:
    """Return the epoch up to which a trial is to be trained next."""
    done = trial.reached[-1].epoch if trial.reached else 0
    return next((rung for rung in rungs if rung > done), epochs)


def promotable(
    trials: Iterable[Trial], rungs: Sequence[int], factor: int, objectives: Sequence[Objective]
) -> Trial | None:
    """Return the trial that is to continue, from the highest rung that has one; None if none has."""
    trials = list(trials)
    for rung in reversed(rungs):
        at_rung = [(trial, at) for trial in trials for at in trial.reached if at.epoch == rung]
        for trial in ranked(at_rung, objectives, spread=True)[: len(at_rung) // factor]:
            if trial.state == "stopped" and trial.reached[-1].epoch == rung:
                return trial
    return None


def furthest(trials: Iterable[Trial], objectives: Sequence[Objective]) -> Trial | None:
    """Return the best of the trials that wait at the highest rung; None if no trial waits."""
    waiting = [(trial, trial.reached[-1]) for trial in trials if trial.state == "stopped" and trial.reached]
    last = max((at.epoch for _, at in waiting), default=0)
    return next(iter(ranked((one for one in waiting if one[1].epoch == last), objectives, spread=True)), None)


def best(trials: Iterable[Trial], objectives: Sequence[Objective]) -> list[Trial]:
    """Return the trials that were trained the longest and did not fail, the best first.

    With two objectives, only their Pareto front, in the order of the first objective.
    """
    known = [trial for trial in trials if trial.reached and trial.state != "failed"]
    most = max(map(depth, known), default=0)
    results = _by_number((trial, trial.reached[-1]) for trial in known if depth(trial) == most)
    if len(objectives) == 1:
        return ranked(results, objectives)
    points = [point(trial, at, objectives) for trial, at in results]
    return [results[i][0] for i in next(_fronts(points), [])]


def depth(trial: Trial) -> float:
    """Return the epoch of a trial's last rung; infinite once its training has ended, however early."""
    return inf if trial.state == "finished" else trial.reached[-1].epoch


def ranked(
    results: Iterable[tuple[Trial, Reached]], objectives: Sequence[Objective], *, spread: bool = False
) -> list[Trial]:
    """Rank trials, each with its numbers at a rung, the best first; ties go to the earlier trial.

    With two objectives, front by front. Each front is in the order of the first objective; if `spread`, the most
    isolated come first (NSGA-II, Deb et al. 2002).
    """
    results = _by_number(results)
    points = [point(trial, at, objectives) for trial, at in results]
    if len(objectives) == 1:
        order = sorted(range(len(results)), key=lambda i: -points[i][0])
    else:
        order = [i for each in _fronts(points) for i in (_spread(each, points) if spread else each)]
    return [results[i][0] for i in order]


def point(trial: Trial, at: Reached, objectives: Sequence[Objective]) -> Point:
    """Return the objectives at a rung; a value that was not finite counts as the worst possible."""

    def value(objective: Objective) -> float:
        given = getattr(at if objective.measure.startswith("val_") else trial, objective.measure)
        if given is None:
            return -inf
        return given if objective.direction == "maximize" else -given

    return tuple(value(objective) for objective in objectives)


def _by_number(results: Iterable[tuple[Trial, Reached]]) -> list[tuple[Trial, Reached]]:
    return sorted(results, key=lambda result: result[0].number)


def _fronts(points: Sequence[Point]) -> Iterator[list[int]]:
    """Yield the indices front by front, each in the order of the first objective; ties keep the order of the points.

    Points with a value that is not finite come after all others, however little they cost.
    """
    finite = [i for i, values in enumerate(points) if all(map(isfinite, values))]
    for members in (finite, [i for i in range(len(points)) if i not in finite]):
        left = members
        while left:
            nondominated = [left[i] for i in front([(-points[i][1], points[i][0]) for i in left])]
            yield sorted(nondominated, key=lambda i: -points[i][0])
            left = [i for i in left if i not in nondominated]


def _spread(members: Sequence[int], points: Sequence[Point]) -> list[int]:
    """Sort the members of a front, given in the order of one of its two objectives, by descending crowding distance."""
    spans = [abs(last - first) for first, last in zip(points[members[0]], points[members[-1]], strict=True)]
    distances = dict.fromkeys(members, inf)  # for both ends
    for before, i, after in zip(members, members[1:], members[2:], strict=False):
        sides = zip(points[before], points[after], spans, strict=True)
        distances[i] = sum(abs(high - low) / span for low, high, span in sides if span and isfinite(span))
    return sorted(members, key=lambda i: -distances[i])
