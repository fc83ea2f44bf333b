"""Measured accuracies as points of a figure: the mean over the seeds, its confidence interval, and the legend."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mnist_lab.plots.overview import Style
from mnist_lab.plots.panel import Floats
from mnist_lab.plots.style import BLUE

SEED: Style = {"marker": "_", "markersize": 6, "linestyle": "none", "alpha": 0.6}
SEVERAL, ONE = 1.6, 0.8  # points: the thickness of the interval of several seeds, and of one


@dataclass(frozen=True)
class Point:
    """What was measured for one experiment."""

    at: float
    """Its position on the x-axis: the number that the figure shows accuracy against."""
    accuracies: Sequence[float]
    """Test accuracy of each seed, as fractions of 1."""
    interval: tuple[float, float]
    """95 % confidence interval: for several seeds, of their mean (Student's t); for one, over the choice of test images
    (Wilson)."""
    is_base: bool = False

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return float(np.mean(self.accuracies))

    @property
    def bar(self) -> float:
        """Thickness of its interval, in points."""
        return SEVERAL if len(self.accuracies) > 1 else ONE


def shown(points: Iterable[Point]) -> Floats:
    """Return what the accuracy axis shows: all seeds, and all intervals except those of two seeds (too wide)."""
    points = list(points)
    intervals = [end for point in points if len(point.accuracies) != 2 for end in point.interval]
    return np.array([*intervals, *(value for point in points for value in point.accuracies)], dtype=np.float64)


def key(points: Sequence[Point], base: Style, *, each_run: bool = False) -> list[Line2D]:
    """Return a legend of the markers and bars of the points."""
    ours: Style = {"color": BLUE, "marker": "o"}
    handles = []
    if several := sorted({len(point.accuracies) for point in points if len(point.accuracies) > 1}):
        runs = f"{several[0]}" if len(several) == 1 else f"{several[0]} to {several[-1]}"
        handles.append(Line2D([], [], **ours, linewidth=SEVERAL, label=f"mean of {runs} runs"))
        if each_run:
            handles.append(Line2D([], [], color=BLUE, **SEED, label="each run"))
    if any(len(point.accuracies) == 1 for point in points):
        handles.append(Line2D([], [], **ours, linewidth=ONE, label="one run"))
    bar: Style = {"color": BLUE, "marker": "|", "markersize": 9, "mew": SEVERAL, "linestyle": "none"}
    handles.append(Line2D([], [], **bar, label="95 % confidence interval"))
    if any(point.is_base for point in points):
        marker: Style = base | {"linestyle": "none"}
        handles.append(Line2D([], [], **marker, label="base"))
    return handles


def write_key(figure: Figure, handles: list[Line2D]) -> None:
    """Write the handles as a row in the lower left corner."""
    figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.006, 0), ncols=len(handles), handlelength=1.4)
