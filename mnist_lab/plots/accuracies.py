"""The validation accuracy of all experiments by epoch, in one panel."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from mnist_lab.plots.lines import (
    BASES,
    LINE,
    LONG,
    LOOKS,
    MIXED,
    SHORT,
    Histories,
    Line,
    leaders,
    seeds_said,
    widest_name,
    write_names,
)
from mnist_lab.plots.overview import FONT, HEIGHT, WIDTH, Style, accuracy_axis, panel, written
from mnist_lab.plots.panel import whole_epochs
from mnist_lab.plots.style import GREY, headline, new_figure, styled

EACH = 10  # up to so many experiments every line has a look of its own
BEST, WORST = dict(LOOKS[0], linewidth=2.0), dict(LOOKS[1], linewidth=2.0)
OTHERS: Sequence[Style] = tuple(
    {"color": color, "linestyle": dashes, "linewidth": 0.9}
    for dashes in ("-", LONG, SHORT, MIXED)
    for color in ("#8A8A8A", "#A8A8A8")
)


@styled
def all_accuracies(curves: Mapping[str, Histories], *, title: str, bases: Collection[str] = ()) -> Figure:
    """Validation accuracy by epoch of every experiment; a list beside the panel names them, the best on top.

    Several runs of one experiment (its seeds) are drawn as their mean and a band from lowest to highest, at each
    epoch over those that reached it. Up to `EACH` experiments have a look of their own; of more, only the bases, the
    best and the worst, and the others are grey lines that lead to their names. The figure grows with the names.

    Args:
        curves: for each experiment its runs' histories; each a mapping per epoch with `epoch` (from 1) and, where
            there is a validation set, `val_accuracy`, which may be NaN or None.
        title: one line about the comparison; long ones are wrapped.
        bases: the experiments that others are compared against.
    """
    lines = sorted((Line(name, runs) for name, runs in curves.items()), key=lambda line: (-line.rank, line.name))
    looks, crowded = _looks(lines, bases), len(lines) > EACH
    names = written([line.name for line in lines], bases)
    named = [line for line in lines if line.name in names]
    fan = leaders(len(named))
    figure = new_figure(WIDTH + fan - leaders(0), max(HEIGHT, 1.15 + LINE * len(named)), layout="none")
    headline(figure, title, width=76)
    axes = panel(figure, right=fan + widest_name(figure, named))

    last = max((int(line.epochs[-1]) for line in lines if line.there), default=1)
    margin = max(0.15, 0.02 * (last - 1))
    axes.set(xlabel="epoch", xlim=(1 - margin, last + margin))
    whole_epochs(axes, 1, last, 12)
    edges = [edge for line in lines for edge in (line.low, line.high)]
    accuracy_axis(axes, np.concatenate(edges or [[]]), "validation accuracy")
    for line in reversed(lines):
        look = looks[line.name]
        front = not crowded or "marker" in look
        if line.runs > 1 and front:
            axes.fill_between(line.epochs, line.low, line.high, color=look["color"], alpha=0.13, linewidth=0)
        axes.plot(line.epochs, line.mean, **look, markevery=line.every, zorder=3 if front else 2)
    several = len({id(look) for look in looks.values()}) > 1
    write_names(
        figure,
        axes,
        named,
        looks,
        fan,
        bold={name for name in looks if looks[name] in (*BASES, BEST, WORST) and several},
    )

    notes = [seeds_said({line.runs for line in lines})]
    if crowded:
        notes.append(f"bold: the best and the worst last epoch{', the bases' if looks.keys() & bases else ''}")
    if len(named) < len(lines):
        notes.append(f"{len(lines) - len(named)} in between are not named")
    figure.text(0.012, 0.05 / figure.get_size_inches()[1], "; ".join(notes), fontsize=FONT, color=GREY)
    return figure


def _looks(lines: Sequence[Line], bases: Collection[str]) -> dict[str, Style]:
    arms = [line.name for line in lines if line.name not in bases]
    if len(lines) <= EACH:
        looks = dict(zip(arms, LOOKS, strict=False))
    else:
        looks = {name: OTHERS[i % len(OTHERS)] for i, name in enumerate(arms)}
        for name, look in ((arms[-1:], WORST), (arms[:1], BEST)):
            looks |= dict.fromkeys(name, look)
    known = sorted(line.name for line in lines if line.name in bases)
    return looks | {name: BASES[i % len(BASES)] for i, name in enumerate(known)}
