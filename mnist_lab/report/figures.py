"""The figures of a comparison: validation accuracy by epoch, and test accuracy against parameters."""

from typing import TYPE_CHECKING

from mnist_lab.report.group import Group
from mnist_lab.report.grouping import Section
from mnist_lab.report.names import short_names
from mnist_lab.report.published import published_test

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mnist_lab.plots.tradeoff import Point


CURVES, PARAMETERS = "accuracy_curves", "accuracy_parameters"


def figure_name(kind: str, chapter: int) -> str:
    """The file of the `CURVES` or of the `PARAMETERS` of a chapter, counted from 0."""
    return f"{kind}.png" if chapter == 0 else f"{kind}_{chapter + 1}.png"


def accuracy_curves(section: Section, title: str) -> "Figure":
    """Validation accuracy of every experiment by epoch."""
    from mnist_lab import plots

    labels = short_names(group.name for group in section.groups)
    curves = {labels[group.name]: list(group.histories) for group in section.groups}
    return plots.all_accuracies(curves, title=title, bases=_base_of_each(section))


def accuracy_parameters(section: Section, title: str) -> "Figure":
    """Test accuracy of every experiment, beside the published one, against its number of parameters."""
    from mnist_lab import plots

    labels = short_names(group.name for group in section.groups)
    known = {labels[group.name]: published_test(group.published, group).accuracy for group in section.groups}
    return plots.accuracy_against_parameters(
        [_point(labels[group.name], group) for group in section.groups],
        title=title,
        reference={label: value for label, value in known.items() if value is not None},
        bases=_bases(section),
    )


def _base_of_each(section: Section) -> dict[str, str]:
    """The label of the base of every experiment that has one."""
    labels = short_names(group.name for group in section.groups)
    return {labels[group.name]: labels[group.base] for group in section.groups if group.base in labels}


def _bases(section: Section) -> set[str]:
    labels = short_names(group.name for group in section.groups)
    return {labels[group.name] for group in section.groups if group.is_base}


def _point(label: str, group: Group) -> "Point":
    deviation = group.test.deviation
    low, high = group.results[0].test.ci95
    if deviation is not None:
        low, high = group.test.mean - deviation, group.test.mean + deviation
    return {
        "name": label,
        "parameters": group.parameters,
        "accuracy": group.test.mean,
        "low": low,
        "high": high,
        "seeds": group.n,
    }
