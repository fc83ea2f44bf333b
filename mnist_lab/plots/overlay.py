"""The learning curves of a few runs over each other: accuracy above, loss beneath."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnist_lab.plots.accuracy_axis import accuracy_axis, name_axis
from mnist_lab.plots.lines import BASES, LINE, LOOKS, Histories, Line, leaders, seeds_said, widest_name, write_names
from mnist_lab.plots.overview import BELOW, FONT, WIDTH, Style, above_panel, panel
from mnist_lab.plots.panel import ACCURACY, LOSS, Quantity, frame, whole_epochs
from mnist_lab.plots.style import GREY, headline, new_figure, styled

PANEL = 2.7  # inches that each panel is high at least
BETWEEN = 0.62  # inches between the two
TRAINING_NAMED = 6  # up to this many runs, the training lines are named separately
LOG_FROM = 20.0  # from this ratio of the largest to the smallest loss on the axis is logarithmic
DASHED = (0, (3.2, 1.6))
ARMS = (*LOOKS[1:], LOOKS[0] | {"mfc": "white"})  # filled, the first has the base's marker


@dataclass(frozen=True)
class _Pair:
    """The two lines of one side: solid what is validated, dashed what is trained."""

    validation: Line
    training: Line


@styled
def overlay(curves: Mapping[str, Histories], *, title: str) -> Figure:
    """Accuracy and loss by epoch of a few sides: validation solid, training dashed, each side with a marker of its own.

    Every line's name stands beside it with the value of its last epoch. Several runs of one side (its seeds) are drawn
    as their mean at each epoch; of validation a band shows the lowest and the highest.

    Args:
        curves: for each side its runs' histories, the base first; each a mapping per epoch with `epoch` (from 1),
            `loss`, `accuracy` and, where there is a validation set, `val_loss` and `val_accuracy`; values may be NaN
            or None.
        title: one line about the comparison; long ones are wrapped.
    """
    looks: dict[str, Style] = {}
    for i, name in enumerate(curves):
        look = BASES[0] if i == 0 else _look(i - 1)
        looks[name] = look | {"linestyle": "-", "linewidth": 1.8}
        looks[_training(name)] = look | {"linestyle": DASHED, "linewidth": 1.0, "markersize": 3.2}
    quantities = {
        quantity: [
            _Pair(Line(name, histories, quantity.validation_key), Line(_training(name), histories, quantity.key))
            for name, histories in curves.items()
        ]
        for quantity in (ACCURACY, LOSS)
    }
    named = {quantity: _named(pairs) for quantity, pairs in quantities.items()}
    most = max(map(len, named.values()))
    high, fan = max(PANEL, LINE * most), leaders(most)
    figure = new_figure(WIDTH + fan - leaders(0), 1, layout="none")
    headline(figure, title)
    above = above_panel(figure)
    figure.set_size_inches(figure.get_size_inches()[0], above + 2 * high + BETWEEN + BELOW)
    right = fan + max(widest_name(figure, lines) for lines in named.values())
    upper = panel(figure, right=right, below=BELOW + high + BETWEEN)
    lower = panel(figure, right=right, above=above + high + BETWEEN)
    for axes, quantity in ((upper, ACCURACY), (lower, LOSS)):
        _draw(axes, quantity, quantities[quantity], looks)
        validated = {pair.validation.name for pair in quantities[quantity]}
        write_names(figure, axes, named[quantity], looks, fan, bold=validated)

    runs = {pair.training.runs for pair in quantities[LOSS]}
    notes = ["solid, bold: validation", "dashed: training"]
    if max(runs, default=1) > 1:
        notes.append(seeds_said(runs))
    figure.text(0.012, 0.05 / figure.get_size_inches()[1], "; ".join(notes), fontsize=FONT, color=GREY)
    return figure


def _look(arm: int) -> Style:
    """Of the arm with this number; from the second round on what was filled is hollow, and the other way round."""
    look = ARMS[arm % len(ARMS)]
    return look if arm < len(ARMS) else look | {"mfc": look["color"] if "mfc" in look else "white"}


def _training(name: str) -> str:
    return f"{name}, training"


def _named(pairs: list[_Pair]) -> list[Line]:
    """The lines that have a name beside the panel: of many sides only what is validated."""
    lines = []
    for pair in pairs:
        if pair.validation.there:
            lines.append(pair.validation)
        if pair.training.there and (len(pairs) <= TRAINING_NAMED or not pair.validation.there):
            lines.append(pair.training)
    return lines


def _draw(axes: Axes, quantity: Quantity, pairs: list[_Pair], looks: Mapping[str, Style]) -> None:
    lines = [line for pair in pairs for line in (pair.training, pair.validation) if line.there]
    last = max((int(line.epochs[-1]) for line in lines), default=1)
    margin = max(0.15, 0.02 * (last - 1))
    axes.set(xlabel="epoch", xlim=(1 - margin, last + margin))
    whole_epochs(axes, 1, last, 12)
    name_axis(axes, quantity.label)
    shown = []
    for line in lines:
        look = looks[line.name]
        banded = line.runs > 1 and look["linestyle"] == "-"
        shown += [line.low, line.high] if banded else [line.mean]
        if banded:
            axes.fill_between(line.epochs, line.low, line.high, color=look["color"], alpha=0.13, linewidth=0)
        axes.plot(line.epochs, line.mean, **look, markevery=line.every, zorder=3 if look["linestyle"] == "-" else 2.5)
    if not lines:
        axes.text(0.5, 0.5, "no history", transform=axes.transAxes, ha="center", va="center", color=GREY)
    elif quantity is ACCURACY:
        accuracy_axis(axes, np.concatenate(shown), quantity.key)
    else:
        frame(axes, quantity, shown, logarithmic_from=LOG_FROM)
