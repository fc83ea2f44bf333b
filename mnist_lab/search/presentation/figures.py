"""The figures of a search, drawn from its record."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING

from mnist_lab.search.presentation import standings, wording
from mnist_lab.search.presentation.importance import Unknown
from mnist_lab.search.record import Arm, Parameter, Reached, Search

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

    from mnist_lab.plots.searches import Confirmed, Dimension, Tried

NAMES = ("confirmation", "best_so_far", "pareto_front", "slices", "importance", "parallel_coordinates")
"""All figures there can be, in order."""


@dataclass(frozen=True)
class Plot:
    """One figure."""

    name: str
    """One of `NAMES`."""
    shows: str
    """What it shows, as a title begins."""
    draw: "Callable[[str], Figure]"
    """Draws it under a title."""

    @property
    def file(self) -> str:
        """Its file."""
        return f"{self.name}.png"

    def drawn(self, record: Search) -> "Figure":
        """It, under its full title."""
        return self.draw(f"{record.name}: {self.shows[0].lower()}{self.shows[1:]}, {record.data}")


def plots_of(record: Search, importance: Mapping[str, float] | Unknown) -> list[Plot]:
    """The figures that a search has something to show for, in order."""
    shown, label = [], wording.MEASURES[record.watched.measure]
    if record.confirmation and record.confirmation.arms:
        shown.append(Plot("confirmation", "Test accuracy of the best and the base", partial(_confirmation, record)))
    if not any(_tried(record)):
        return shown
    shown.append(Plot("best_so_far", f"Best {label} so far", partial(_best_so_far, record)))
    if len(record.objectives) > 1:
        cost = wording.MEASURES[record.objectives[1].measure]
        shown.append(Plot("pareto_front", f"{wording.capitalized(label)} against {cost}", partial(_front, record)))
    shown.append(Plot("slices", f"{wording.capitalized(label)} against each parameter", partial(_slices, record)))
    if not isinstance(importance, Unknown):
        names = standings.parameter_names(record.space)
        shares = {names[name]: share for name, share in importance.items()}
        shown.append(Plot("importance", "Importance of the parameters", partial(_importance, shares)))
    if len(record.space) > 1:
        shown.append(
            Plot(
                "parallel_coordinates", f"Parameters and {label} of all trials", partial(_parallel_coordinates, record)
            )
        )
    return shown


def _best_so_far(record: Search, title: str) -> "Figure":
    from mnist_lab.plots import searches

    return searches.best_so_far(
        list(_tried(record)),
        quantity=searches.QUANTITIES[record.watched.measure],
        several=len(record.objectives) > 1,
        title=title,
    )


def _slices(record: Search, title: str) -> "Figure":
    from mnist_lab.plots import searches

    return searches.slices(
        list(_tried(record)),
        _dimensions(record),
        quantity=searches.QUANTITIES[record.watched.measure],
        several=len(record.objectives) > 1,
        title=title,
    )


def _parallel_coordinates(record: Search, title: str) -> "Figure":
    from mnist_lab.plots import searches

    trials, dimensions = list(_tried(record)), _dimensions(record)
    costs = [trial.cost for trial in trials if trial.cost is not None]
    if costs:
        name = wording.MEASURES[record.objectives[1].measure]
        trials = [replace(trial, values={**trial.values, name: trial.cost or 0}) for trial in trials]
        dimensions.append(searches.Dimension(name, min(costs), max(costs), logarithmic=min(costs) > 0))
    ahead = {trial.number for trial in standings.ahead(record)}
    return searches.parallel_coordinates(
        trials,
        dimensions,
        ahead,
        quantity=searches.QUANTITIES[record.watched.measure],
        said=f"next best {len(ahead)}",
        several=len(record.objectives) > 1,
        title=title,
    )


def _front(record: Search, title: str) -> "Figure":
    from mnist_lab.plots import searches

    measure = record.objectives[1].measure
    return searches.pareto_front(
        list(_tried(record)),
        quantity=searches.QUANTITIES[record.watched.measure],
        cost=wording.MEASURES[measure],
        limit=next((one.most for one in record.limits if one.measure == measure), None),
        title=title,
    )


def _importance(shares: Mapping[str, float], title: str) -> "Figure":
    from mnist_lab.plots import searches

    return searches.importance(shares, title=title)


def _confirmation(record: Search, title: str) -> "Figure":
    from mnist_lab.plots import searches

    arms = record.confirmation.arms if record.confirmation else ()
    return searches.confirmation([_confirmed(record, arm) for arm in arms], title=title)


def _confirmed(record: Search, arm: Arm) -> "Confirmed":
    from mnist_lab.plots.searches import Confirmed

    found = arm.difference
    return Confirmed(
        record.base if arm.trial is None else arm.label,
        arm.test,
        arm.interval,
        found and found.mean,
        found and found.interval,
        str(found.kind) if found else "",
    )


def _dimensions(record: Search) -> "list[Dimension]":
    from mnist_lab.plots.searches import Dimension

    names = standings.parameter_names(record.space)

    def dimension(each: Parameter) -> Dimension:
        logarithmic = each.kind == "log_uniform"
        return Dimension(names[each.name], each.low or 0, each.high or 0, logarithmic, each.choices or ())

    return [dimension(each) for each in record.space]


def _tried(record: Search) -> "Iterator[Tried]":
    """The trials with finite numbers."""
    from mnist_lab.plots.searches import At, Tried

    names, best = standings.parameter_names(record.space), {trial.number for trial in standings.best(record)}
    cost = record.objectives[1].measure if len(record.objectives) > 1 else None
    for trial in record.trials:
        known = [(at, value) for at in trial.reached if (value := _finite(record, at)) is not None]
        reached = [At(at.epoch, value, at.clock) for at, value in known]
        if trial.state == "finished" and known and known[-1][0] is trial.reached[-1]:
            reached[-1] = reached[-1]._replace(epoch=record.budget.epochs, is_end=True)
        if reached:
            yield Tried(
                trial.number,
                {names[name]: value for name, value in trial.values.items()},
                reached,
                trial.measured(cost) if cost else None,
                trial.number in best,
            )


def _finite(record: Search, at: Reached) -> float | None:
    value = getattr(at, record.watched.measure)
    return value if value is not None and isfinite(value) else None
