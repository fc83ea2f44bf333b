"""The figure of the searches: the best validation accuracy so far against time, with the range over the repeats."""

from mnist_lab.plots import save  # before Matplotlib: it imports that whatever MPLBACKEND says

# isort: split
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from benchmarks.search import CONTENDERS, best_so_far
from mnist_lab.plots.panel import accuracy_axis
from mnist_lab.plots.style import BLUE, GREY, ORANGE, PURPLE, headline, new_figure, styled

LOOKS: dict[str, dict[str, Any]] = {
    "tune": {"color": BLUE, "linestyle": "-"},
    "hyperband": {"color": ORANGE, "linestyle": (0, (4, 1.5))},
    "random": {"color": PURPLE, "linestyle": (0, (1, 1))},
}
POINTS = 600
"""Times at which the curves are evaluated."""


def draw(kept: dict[str, Any], file: Path) -> None:
    """Write the figure."""
    save(figure_of(kept), file)


@styled
def figure_of(kept: dict[str, Any]) -> Figure:
    """Median and range over the repeats for each contender."""
    figure = new_figure(7.5, 4.2)
    headline(figure, "Best validation accuracy so far: further up and left is better")
    axes = figure.add_subplot()
    seconds = np.linspace(0, 60 * kept["setting"]["minutes"], POINTS)
    shown = []
    for name, title in CONTENDERS.items():
        some = [one for one in kept["searches"] if one["contender"] == name]
        if not some:
            continue
        curves = np.array([best_so_far(one["points"], list(seconds)) for one in some])
        there = ~np.isnan(curves).any(axis=0)  # the median is over all repeats, or it would jump
        known, at = curves[:, there], seconds[there]
        if not len(at):
            continue
        axes.fill_between(at, known.min(axis=0), known.max(axis=0), color=LOOKS[name]["color"], alpha=0.15, linewidth=0)
        axes.plot(at, np.median(known, axis=0), **LOOKS[name], label=title)
        shown.append(known.ravel())
    # The first epochs would compress the part that matters.
    values = np.concatenate(shown) if shown else np.array([0.0, 1.0])
    accuracy_axis(axes, values[values >= np.quantile(values, 0.05)], "validation accuracy")
    axes.set(xlabel="seconds", xlim=(0, seconds[-1]))
    handles = [
        *axes.get_legend_handles_labels()[0],
        Patch(color=GREY, alpha=0.3, linewidth=0, label="range over the repeats"),
    ]
    figure.legend(handles=handles, loc="outside lower left", ncols=2)
    return figure
