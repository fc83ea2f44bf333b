"""The learning curves of a few runs in one figure: accuracy above, loss below."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnist_lab.plots.lines import (
    BASES,
    LINE,
    LOOKS,
    Histories,
    Label,
    Line,
    leaders,
    runs_said,
    widest_name,
    write_names,
)
from mnist_lab.plots.overview import BELOW, WIDTH, Style, above_panel, note, panel
from mnist_lab.plots.panel import ACCURACY, LOSS, Quantity, accuracy_axis, epoch_axis, frame, name_axis
from mnist_lab.plots.style import GREY, set_height, styled, titled

PANEL = 2.7  # minimum height of each panel, in inches
BETWEEN = 0.62  # inches between the two
TRAINING_NAMED = 6  # up to this many runs, the training lines are named separately
LOG_FROM = 20.0  # above this ratio of the largest to the smallest loss, the axis is logarithmic
SOLID: Style = {"linestyle": "-", "linewidth": 1.8}
DASHED: Style = {"linestyle": (0, (3.2, 1.6)), "linewidth": 1.0, "markersize": 3.2, "zorder": 2.5}
ARMS = (*LOOKS[1:], LOOKS[0] | {"mfc": "white"})  # filled, the first has the base's marker


class Side(NamedTuple):
    """A look, and the two lines that have it: validation (solid) and training (dashed)."""

    look: Style
    validation: Line
    training: Line


@styled
def overlay(curves: Mapping[str, Histories], *, title: str, over: str = "seeds") -> Figure:
    """Draw accuracy and loss of a few sides by epoch: validation solid, training dashed, each side with its own marker.

    Beside every line is its name with the value of its last epoch. Several runs of one side are drawn
    as their mean at each epoch; for validation, a band shows the lowest and the highest.

    Args:
        curves: the histories of each side's runs, the base first; each a mapping per epoch with `epoch` (from 1),
            `loss`, `accuracy` and, if there is a validation set, `val_loss` and `val_accuracy`; values may be NaN
            or None.
        over: what the runs of one side differ in.
    """
    quantities = {
        quantity: [
            Side(_look(i), Line(name, runs, quantity.validation_key), Line(f"{name}, training", runs, quantity.key))
            for i, (name, runs) in enumerate(curves.items())
        ]
        for quantity in (ACCURACY, LOSS)
    }
    names = {quantity: _names(sides) for quantity, sides in quantities.items()}
    most = max(map(len, names.values()))
    high, fan = max(PANEL, LINE * most), leaders(most)
    figure = titled(title, WIDTH + fan - leaders(0))
    above = above_panel(figure)
    set_height(figure, above + 2 * high + BETWEEN + BELOW)
    right = fan + max(map(widest_name, names.values()))
    upper = panel(figure, right=right, below=BELOW + high + BETWEEN)
    lower = panel(figure, right=right, above=above + high + BETWEEN)
    for axes, quantity in ((upper, ACCURACY), (lower, LOSS)):
        _draw(axes, quantity, quantities[quantity])
        write_names(figure, axes, names[quantity], fan)

    runs = {len(histories) for histories in curves.values()}
    notes = ["solid, bold: validation", "dashed: training"]
    if max(runs, default=1) > 1:
        notes.append(runs_said(runs, over))
    note(figure, notes)
    return figure


def _look(side: int) -> Style:
    """Return the look of the base or an arm; in the second round, filled markers become hollow and vice versa."""
    if side == 0:
        return BASES[0]
    look = ARMS[(side - 1) % len(ARMS)]
    return look if side <= len(ARMS) else look | {"mfc": look["color"] if "mfc" in look else "white"}


def _names(sides: list[Side]) -> list[Label]:
    """Return the names of the lines; with many sides, only of those for validation."""
    names = []
    for look, validation, training in sides:
        if validation.there:
            names.append(validation.label(look | SOLID, bold=True))
        if training.there and (len(sides) <= TRAINING_NAMED or not validation.there):
            names.append(training.label(look | DASHED))
    return names


def _draw(axes: Axes, quantity: Quantity, sides: list[Side]) -> None:
    name_axis(axes, quantity.label)
    shown, last = [], 1
    for look, validation, training in sides:
        if training.there:
            training.draw(axes, look | DASHED, band=False)
            shown.append(training.mean)
        if validation.there:
            validation.draw(axes, look | SOLID)
            shown += [validation.low, validation.high]
        last = max(last, training.last_epoch, validation.last_epoch)
    epoch_axis(axes, last, 12)
    if not shown:
        axes.text(0.5, 0.5, "no history", transform=axes.transAxes, ha="center", va="center", color=GREY)
    elif quantity is ACCURACY:
        accuracy_axis(axes, np.concatenate(shown), quantity.key)
    else:
        frame(axes, quantity, shown, logarithmic_from=LOG_FROM)
