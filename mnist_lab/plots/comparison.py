"""The validation curves of several experiments in one panel."""

from collections.abc import Collection, Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnist_lab.plots import labels
from mnist_lab.plots.overview import FONT, HEIGHT, WIDTH, Floats, Style, accuracy_axis, drawn, panel, short, written
from mnist_lab.plots.panel import whole_epochs
from mnist_lab.plots.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, headline, new_figure, styled

Histories = Sequence[Sequence[Mapping[str, Any]]]

EACH = 10  # up to so many experiments every line has a look of its own
MARKERS = 12  # at most about this many on a line
LINE = 0.15  # inches from one name to the next
SAMPLE = 0.4  # inches of a line's look before its name
FAN = 0.2  # inches for the leaders from the lines to their names, and more for each name

LONG, SHORT, MIXED = (0, (4, 1.5)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5))
BASES: Sequence[Style] = tuple(
    {"color": INK, "linestyle": dashes, "marker": marker, "linewidth": 2.2}
    for dashes, marker in (("-", "o"), (LONG, "s"), (SHORT, "^"), (MIXED, "D"))
)
LOOKS: Sequence[Style] = (
    {"color": BLUE, "linestyle": "-", "marker": "o"},
    {"color": ORANGE, "linestyle": LONG, "marker": "s", "mfc": "white"},
    {"color": GREEN, "linestyle": SHORT, "marker": "^"},
    {"color": PURPLE, "linestyle": MIXED, "marker": "D", "mfc": "white"},
    {"color": "#56B4E9", "linestyle": "-", "marker": "v", "mfc": "white"},
    {"color": "#B27D00", "linestyle": LONG, "marker": "P"},
    {"color": "#005A8C", "linestyle": SHORT, "marker": "X"},
    {"color": "#8C3B00", "linestyle": MIXED, "marker": "<", "mfc": "white"},
    {"color": "#006B4E", "linestyle": "-", "marker": ">"},
    {"color": "#74365A", "linestyle": LONG, "marker": "*"},
)
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
    fan = FAN + 0.012 * len(named)
    figure = new_figure(WIDTH + fan - FAN, max(HEIGHT, 1.15 + LINE * len(named)), layout="none")
    headline(figure, title, width=76)
    axes = panel(figure, right=fan + SAMPLE + widest_name(figure, named))

    last = max((int(line.epochs[-1]) for line in lines if line.there), default=1)
    margin = max(0.15, 0.02 * (last - 1))
    axes.set(xlabel="epoch", xlim=(1 - margin, last + margin))
    whole_epochs(axes, 1, last, 12)
    accuracy_axis(axes, np.concatenate([edge for line in lines for edge in (line.low, line.high)] or [[]]), VALIDATION)
    for line in reversed(lines):
        look = looks[line.name]
        front = not crowded or "marker" in look
        if line.runs > 1 and front:
            axes.fill_between(line.epochs, line.low, line.high, color=look["color"], alpha=0.13, linewidth=0)
        every = max(1, -(-len(line.epochs) // MARKERS))
        axes.plot(line.epochs, line.mean, **look, markevery=every, zorder=3 if front else 2)
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


VALIDATION = "validation accuracy"


class Line:
    """The runs of one experiment as one line: the mean and range of a key of their histories at each epoch."""

    def __init__(self, name: str, histories: Histories, key: str = "val_accuracy") -> None:
        values = [{int(row["epoch"]): _number(row.get(key)) for row in history} for history in histories]
        epochs = sorted({epoch for run in values for epoch, value in run.items() if isfinite(value)})
        at = [[run[epoch] for run in values if isfinite(run.get(epoch, np.nan))] for epoch in epochs]
        lasts = [run[max(run)] for run in values if run]
        self.name, self.runs, self.there = name, len(histories), bool(epochs)
        self.epochs: Floats = np.array(epochs, dtype=np.float64)
        self.mean, self.low, self.high = (
            np.array([of(present) for present in at], dtype=np.float64) for of in (np.mean, min, max)
        )
        self.last = float(np.mean(lasts)) if lasts else np.nan
        self.rank = self.last if isfinite(self.last) else -1.0

    @property
    def label(self) -> str:
        """What stands beside the panel."""
        if not self.there:
            return f"{short(self.name)}: no validation"
        return f"{self.last:.4f}  {short(self.name)}" if isfinite(self.last) else f"NaN  {short(self.name)}"


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


def write_names(
    figure: Figure,
    axes: Axes,
    lines: Sequence[Line],
    looks: Mapping[str, Style],
    fan: float,
    *,
    bold: Collection[str] = (),
) -> None:
    """A column of names beside the panel, each with its line's look, and led to by the line's end."""
    box = axes.get_window_extent()
    right, bottom, top = box.x1 / figure.dpi, box.y0 / figure.dpi, box.y1 / figure.dpi
    ends = [
        axes.transData.transform((line.epochs[-1], line.mean[-1])) / figure.dpi if line.there else (right, 0.0)
        for line in lines
    ]
    upwards = sorted(range(len(lines)), key=lambda i: (ends[i][1], -i))
    heights = labels.column([ends[i][1] for i in upwards], LINE, bottom - 0.3, top)
    for i, y in zip(upwards, heights, strict=True):
        line, look, (x, end) = lines[i], looks[lines[i].name], ends[i]
        name = right + fan + SAMPLE
        if line.there:
            leader = {"color": look["color"], "linewidth": 0.5, "zorder": 1.5}
            drawn(figure, [x, right, right + fan], [end, end, y], leader)
            places = [right + fan, right + fan + SAMPLE / 2 - 0.03, name - 0.06]
            drawn(figure, places, [y, y, y], look, markevery=[1], markersize=4)
        figure.text(
            name, y, line.label, transform=figure.dpi_scale_trans, fontsize=FONT, va="center_baseline",
            color=INK if line.there else GREY, weight="bold" if line.name in bold else "normal",
        )  # fmt: skip


def widest_name(figure: Figure, lines: Sequence[Line]) -> float:
    """Inches that the widest of the labels takes, and a margin."""
    widest = 0.0
    for line in lines:
        text = figure.text(0, 0, line.label, fontsize=FONT, weight="bold")
        widest = max(widest, text.get_window_extent().width / figure.dpi)
        text.remove()
    return widest + 0.08


def seeds_said(runs: Collection[int]) -> str:
    """What is drawn of so many runs each, in words."""
    if max(runs, default=1) == 1:
        return "one seed each"
    counts = f"{min(runs)}" if len(runs) == 1 else f"{min(runs)} to {max(runs)}"
    return f"mean and range over the seeds, {counts} each"


def _number(value: Any) -> float:
    return float(value) if value is not None and isfinite(value) else np.nan
