"""Experiments as lines of a figure: mean and range over the seeds, their styles, and their names beside the panel."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnist_lab.history import History, column
from mnist_lab.plots import labels
from mnist_lab.plots.overview import FONT, Style, drawn, short
from mnist_lab.plots.panel import Floats
from mnist_lab.plots.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, inches
from mnist_lab.plots.wrapping import text_width

Histories = Sequence[History]
"""The histories of an experiment's runs."""

MARKERS = 12  # at most about this many on a line
LINE = 0.15  # inches from one name to the next
WITHIN = 0.1  # inches from the end of a line to its leader, if that runs through the panel
SAMPLE = 0.4  # inches of the sample of a line before its name

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


class Line:
    """The runs of one experiment as one line: mean and range, at each epoch, of one key of their histories."""

    def __init__(self, name: str, histories: Histories, key: str = "val_accuracy") -> None:
        values = [
            {int(row["epoch"]): value for row, value in zip(history, column(history, key), strict=True)}
            for history in histories
        ]
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
    def last_epoch(self) -> int:
        """The last epoch with a value; 1 if there is none."""
        return int(self.epochs[-1]) if self.there else 1

    @property
    def value(self) -> str:
        """The value of the last epoch, formatted."""
        return f"{self.last:.4f}" if isfinite(self.last) else "NaN"

    def draw(self, axes: Axes, look: Style, *, band: bool = True, **more: Any) -> None:
        """Draw the mean with at most about `MARKERS` markers, and the range as a band."""
        if band and self.runs > 1:
            axes.fill_between(self.epochs, self.low, self.high, color=look["color"], alpha=0.13, linewidth=0)
        every = max(1, -(-len(self.epochs) // MARKERS))
        axes.plot(self.epochs, self.mean, **{"markevery": every, "zorder": 3, **look, **more})

    def label(self, look: Style, *, bold: bool = False) -> "Label":
        """Return a label beside the panel, with name and last value."""
        if not self.there:
            return Label(f"{short(self.name)}: no validation", look, None, bold)
        return Label(f"{self.value}  {short(self.name)}", look, (self.epochs[-1], self.mean[-1]), bold)


@dataclass(frozen=True)
class Label:
    """The name of a line, written beside the panel."""

    text: str
    look: Style
    """The look of its line, for a sample before the name."""
    end: tuple[float, float] | None
    """Where the line ends, in the panel's units; None if there is no line."""
    bold: bool = False


def leaders(names: int) -> float:
    """Return the inches that the leaders from the lines to this many names need."""
    return 0.2 + 0.012 * names


def write_names(figure: Figure, axes: Axes, names: Sequence[Label], fan: float) -> None:
    """Write a column of names beside the panel, each with a sample of its line; leaders take `fan` inches."""
    box = axes.get_window_extent()
    right, bottom, top = box.x1 / figure.dpi, box.y0 / figure.dpi, box.y1 / figure.dpi
    ends = [inches(axes, label.end) if label.end else (right, 0.0) for label in names]
    upwards = sorted(range(len(names)), key=lambda i: (ends[i][1], -i))
    heights = labels.column([ends[i][1] for i in upwards], LINE, bottom - 0.3, top)
    for i, y in zip(upwards, heights, strict=True):
        label, (x, end) = names[i], ends[i]
        left = right + fan + SAMPLE
        if label.end:
            leader = {"color": label.look["color"], "linewidth": 0.5, "zorder": 1.5}
            drawn(figure, [right, right + fan], [end, y], leader)
            if x < right - WITHIN:  # no solid line in the panel, where it would read as a plateau
                drawn(figure, [x + WITHIN, right], [end, end], leader | {"color": GREY, "linestyle": SHORT})
            else:
                drawn(figure, [x, right], [end, end], leader)
            places = [right + fan, right + fan + SAMPLE / 2 - 0.03, left - 0.06]
            drawn(figure, places, [y, y, y], label.look, markevery=[1], markersize=4)
        figure.text(
            left, y, label.text, transform=figure.dpi_scale_trans, fontsize=FONT, va="center_baseline",
            color=INK if label.end else GREY, weight="bold" if label.bold else "normal",
        )  # fmt: skip


def widest_name(names: Sequence[Label]) -> float:
    """Return the inches that the names take beside the leaders, with a sample of each line and a margin."""
    return SAMPLE + max((text_width(label.text, FONT, "bold") for label in names), default=0.0) + 0.08


def runs_said(runs: Collection[int], over: str) -> str:
    """Describe what is drawn for experiments with this many runs, which differ in `over`."""
    if max(runs, default=1) == 1:
        return "one seed each" if over == "seeds" else "one fold each"
    counts = f"{min(runs)}" if len(runs) == 1 else f"{min(runs)} to {max(runs)}"
    return f"line: mean; band: range over {counts} {over}"
