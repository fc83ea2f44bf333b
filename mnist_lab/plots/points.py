"""Measured accuracies as points of a figure: the mean over the seeds, its confidence interval, and the legend."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mnist_lab.plots.overview import FONT, Style
from mnist_lab.plots.panel import Floats
from mnist_lab.plots.style import BLUE
from mnist_lab.plots.wrapping import text_width

SEED: Style = {"marker": "_", "markersize": 6, "linestyle": "none", "alpha": 0.6}
SAMPLE = 0.4  # inches that the sample of a legend and the gaps beside it take
ARROWHEAD: Style = {"markersize": 3.6, "mew": 0, "linestyle": "none", "clip_on": False}
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
    over_images: bool = False
    """Whether the interval of several runs is over the choice of test images too, as it is for folds."""

    @property
    def over(self) -> str:
        """Whose choice the interval allows for."""
        return "test images" if self.over_images or len(self.accuracies) == 1 else "seeds"

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


def beyond(point: Point, limits: tuple[float, float]) -> list[tuple[float, str]]:
    """Return where the interval leaves a panel that shows accuracies within the limits, with the arrowhead to draw."""
    low, high = limits
    ends = ((low, "v", point.interval[0] < low), (high, "^", point.interval[1] > high))
    return [(limit, arrowhead) for limit, arrowhead, leaves in ends if leaves]


def key(points: Sequence[Point], base: Style, *, one: Style | None = None, each_run: bool = False) -> list[Line2D]:
    """Return a legend of the markers and bars of the points; `one` is the look of the marker of a single run."""
    ours: Style = {"color": BLUE, "marker": "o"}
    handles = []
    over = {point.over for point in points if len(point.accuracies) > 1} or {"test images"}
    if several := sorted({len(point.accuracies) for point in points if len(point.accuracies) > 1}):
        runs = f"{several[0]}" if len(several) == 1 else f"{several[0]} to {several[-1]}"
        handles.append(Line2D([], [], **ours, linewidth=SEVERAL, label=f"mean of {runs} runs"))
        if each_run:
            handles.append(Line2D([], [], color=BLUE, **SEED, label="each run"))
    if any(len(point.accuracies) == 1 for point in points):
        label = "one run" if over == {"test images"} else "one run: interval over test images"
        handles.append(Line2D([], [], **ours | (one or {}), linewidth=ONE, label=label))
    bar: Style = {"color": BLUE, "marker": "|", "markersize": 9, "mew": SEVERAL, "linestyle": "none"}
    handles.append(Line2D([], [], **bar, label=f"95 % confidence interval over {' or '.join(sorted(over))}"))
    if any(point.is_base for point in points):
        marker: Style = base | {"linestyle": "none"}
        handles.append(Line2D([], [], **marker, label="base"))
    return handles


def write_key(figure: Figure, handles: list[Line2D]) -> None:
    """Write the handles as a row in the lower left corner, in smaller letters if there are too many."""
    width = sum(text_width(str(handle.get_label()), FONT) for handle in handles)
    size = FONT * min(1.0, (figure.get_size_inches()[0] - SAMPLE * len(handles)) / max(width, 0.1))
    place: Style = {"loc": "lower left", "bbox_to_anchor": (0.006, 0)}
    figure.legend(handles=handles, **place, ncols=len(handles), handlelength=1.4, fontsize=size)
