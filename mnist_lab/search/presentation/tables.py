"""The tables about a search, the same for Markdown and HTML."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from mnist_lab.reports.columns import Cell
from mnist_lab.reports.wording import CI, ends, ends_pp, p_value
from mnist_lab.search.presentation import standings, wording
from mnist_lab.search.record import Arm, Measure, Parameter, Search, Trial
from mnist_lab.text.quantities import duration


@dataclass(frozen=True)
class Column:
    """One column of the table of trials."""

    heading: str
    cell: Callable[[Trial], Cell]
    numeric: bool = True


@dataclass(frozen=True)
class Table:
    """Headings, and a cell for each in every row."""

    headings: Sequence[str]
    cells: Sequence[Sequence[Cell]]
    numeric: Sequence[int] = ()
    """The indices of the columns of numbers."""
    left: int = 0
    """Rows that were left out."""

    @property
    def rows(self) -> list[list[str]]:
        """The cells as text."""
        return [[cell.text for cell in row] for row in self.cells]

    def first(self, most: int) -> "Table":
        """Return the table with at most this many rows."""
        return replace(self, cells=self.cells[:most], left=max(0, len(self.cells) - most))


def every(record: Search) -> dict[str, Any]:
    """Return all tables, by name."""
    return {
        "confirmation": confirmation(record),
        "front": front(record),
        "trials": trials(record),
        "lost": lost(record),
        "space": space(record),
    }


def trials(record: Search) -> Table:
    """Return the table of trials that have numbers, in the order of the standings."""
    return _of_trials(record, standings.standings(record))


def front(record: Search) -> Table | None:
    """Return the table of the Pareto front; None for one objective."""
    return _of_trials(record, standings.best(record)) if record.front else None


def lost(record: Search) -> Table:
    """Return the table of trials that failed or were refused, by number, with the reason."""
    rows = [
        (
            _counted(trial.number),
            Cell(wording.STATES[trial.state]),
            Cell(trial.reason or ""),
            Cell(wording.values(record, trial)),
        )
        for trial in record.trials
        if trial.state in ("failed", "refused")
    ]
    return Table(("Trial", "State", "Reason", "Values"), rows, [0])


def space(record: Search) -> Table:
    """Return the table of parameters with their ranges and options."""
    names = standings.parameter_names(record.space)
    rows = [(names[each.name], each.key, wording.bounds(each)) for each in record.space]
    return Table(("Parameter", "Key", "Values"), [tuple(map(Cell, row)) for row in rows])


def confirmation(record: Search) -> Table | None:
    """Return the table of the base and the confirmed trials; None without a confirmation."""
    arms = standings.arms(record)
    if not arms:
        return None
    watched = wording.MEASURES[record.watched.measure]
    headings = (
        "Configuration", "Test accuracy", CI, "Difference (pp)", CI, "p", "Verdict",
        f"{wording.capitalized(watched)}, new seeds", "In the search", "Parameters", "Training time",
    )  # fmt: skip
    return Table(headings, [_arm(record, arm) for arm in arms], [1, 2, 3, 4, 5, 7, 8, 9, 10])


def _arm(record: Search, arm: Arm) -> list[Cell]:
    found, measure = arm.difference, record.watched.measure
    return [
        Cell(record.base if arm.trial is None else arm.label),
        Cell(f"{arm.mean:.4f}", value=arm.mean),
        Cell(ends(arm.interval)),
        Cell(wording.difference(arm), value=found and found.mean),
        Cell(ends_pp(found.interval) if found else ""),
        Cell(p_value(found.p).removeprefix("p = ").removeprefix("p ") if found and found.p is not None else ""),
        Cell(str(found.kind) if found else "base"),
        Cell(wording.number(measure, arm.validated)),
        Cell(wording.number(measure, arm.in_search)),
        _counted(arm.parameters),
        Cell(duration(arm.seconds), value=arm.seconds),
    ]


def _of_trials(record: Search, some: Iterable[Trial]) -> Table:
    """Return the table of these trials, without empty columns, the objectives first."""
    objectives: list[Measure] = [each.measure for each in record.objectives]
    others: list[Measure] = [measure for measure in get_args(Measure) if measure not in objectives]
    names = standings.parameter_names(record.space)
    columns = [
        Column("Trial", lambda trial: _counted(trial.number)),
        *map(_measured, objectives),
        Column("Epochs", lambda trial: _counted(trial.epochs)),
        *(_parameter(each, names[each.name]) for each in record.space),
        *map(_measured, others),
        Column("Training time", lambda trial: Cell(duration(trial.seconds), value=trial.seconds)),
    ]
    shown = list(some)
    columns = [column for column in columns if any(column.cell(trial).text for trial in shown)]
    return Table(
        [column.heading for column in columns],
        [[column.cell(trial) for column in columns] for trial in shown],
        [i for i, column in enumerate(columns) if column.numeric],
    )


def _measured(measure: Measure) -> Column:
    def cell(trial: Trial) -> Cell:
        value = trial.measured(measure)
        return Cell(wording.number(measure, value), value=value)

    return Column(wording.capitalized(wording.MEASURES[measure]), cell)


def _parameter(parameter: Parameter, name: str) -> Column:
    def cell(trial: Trial) -> Cell:
        value = trial.values.get(parameter.name)
        if value is None:
            return Cell()
        return Cell(wording.value(value), value=None if isinstance(value, str) else value)

    return Column(wording.capitalized(name), cell, numeric=parameter.choices is None)


def _counted(number: int) -> Cell:
    return Cell(f"{number:,}", value=number)
