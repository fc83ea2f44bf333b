"""The figures of a search, drawn from its record."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from mnist_lab.reports.figures import Plot
from mnist_lab.search.presentation import standings, wording
from mnist_lab.search.presentation.importance import Unknown
from mnist_lab.search.record import Arm, Measure, Parameter, Search

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mnist_lab.plots.searches import Confirmed, Dimension, Tried

NAMES = ("confirmation", "best_so_far", "pareto_front", "slices", "importance", "parallel_coordinates")
"""All possible figures, in order."""


def plots_of(record: Search, importance: Mapping[str, float] | Unknown) -> list[Plot]:
    """Return the figures that a search has data for, in order."""
    from mnist_lab.plots import searches
    from mnist_lab.plots.panel import Quantity

    shown: list[Plot] = []

    def show(name: str, shows: str, draw: "Callable[..., Figure]", *what: Any, **more: Any) -> None:
        shown.append(Plot(f"{name}.png", shows, record.data, partial(draw, *what, **more)))

    if arms := standings.arms(record):
        confirmed = [_confirmed(record, arm) for arm in arms]
        show("confirmation", "Test accuracy of the best and the base", searches.confirmation, confirmed)
    trials, dimensions = list(_tried(record)), _dimensions(record)
    if not trials:
        return shown
    label, several = wording.MEASURES[record.watched.measure], len(record.objectives) > 1
    quantity = Quantity(record.watched.measure, label)
    objective = {"quantity": quantity, "several": several}
    show("best_so_far", f"Best {label} so far", searches.best_so_far, trials, **objective)
    everything = list(dimensions)
    if several:
        measure = record.objectives[1].measure
        cost = wording.MEASURES[measure]
        limit = next((one.most for one in record.limits if one.measure == measure), None)
        against_cost = f"{wording.capitalized(label)} against {cost}"
        show("pareto_front", against_cost, searches.pareto_front, trials, quantity=quantity, cost=cost, limit=limit)
        if costs := [float(trial.values[cost]) for trial in trials if cost in trial.values]:
            everything.append(searches.Dimension(cost, min(costs), max(costs), logarithmic=min(costs) > 0))
    against_each = f"{wording.capitalized(label)} against each parameter"
    show("slices", against_each, searches.slices, trials, dimensions, **objective)
    if not isinstance(importance, Unknown):
        names = standings.parameter_names(record.space)
        shares = {names[name]: share for name, share in importance.items()}
        show("importance", "Importance of the parameters", searches.importance, shares)
    if len(record.space) > 1:
        show(
            "parallel_coordinates",
            f"Parameters and {label} of all trials",
            searches.parallel_coordinates,
            trials,
            everything,
            {trial.number for trial in standings.ahead(record)},
            **objective,
        )
    return shown


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
        logarithmic, choices = each.kind == "log_uniform", tuple(map(wording.value, each.choices or ()))
        return Dimension(names[each.name], each.low or 0, each.high or 0, logarithmic, choices)

    return [dimension(each) for each in record.space]


def _tried(record: Search) -> "Iterator[Tried]":
    """Yield the trials with finite numbers."""
    from mnist_lab.plots.searches import At, Tried

    names, best = standings.parameter_names(record.space), {trial.number for trial in standings.best(record)}
    watched = record.watched.measure
    costs: list[Measure] = [each.measure for each in record.objectives[1:]]
    for trial in record.trials:
        known = [(at, value) for at in trial.reached if (value := getattr(at, watched)) is not None]
        reached = [At(at.epoch, value, at.clock) for at, value in known]
        if trial.state == "finished" and known and known[-1][0] is trial.reached[-1]:
            reached[-1] = reached[-1]._replace(epoch=record.budget.epochs, is_end=True)
        if reached:
            yield Tried(
                trial.number,
                {
                    **{
                        names[name]: wording.value(value) if isinstance(value, str) else value
                        for name, value in trial.values.items()
                    },
                    **{wording.MEASURES[each]: size for each in costs if (size := trial.measured(each)) is not None},
                },
                reached,
                trial.number in best,
            )
