"""The trade-off between two objectives of a search."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from mnist_lab.plots.labels import Box
from mnist_lab.plots.overview import HEIGHT, WIDTH, Style, panel, write_around
from mnist_lab.plots.panel import Quantity
from mnist_lab.plots.points import write_key
from mnist_lab.plots.searches.trials import BEST, Tried, looks, on_scale, rung_handles, value_axis
from mnist_lab.plots.style import GREY, ORANGE, inches, styled, titled
from mnist_lab.plots.tradeoff import count_axis

FRONT: Style = {"color": ORANGE, "linewidth": 1.6}
LIMIT: Style = {"color": GREY, "linewidth": 1.2, "linestyle": (0, (4, 2))}


@styled
def pareto_front(
    trials: Sequence[Tried], *, quantity: Quantity, cost: str, limit: float | None = None, title: str
) -> Figure:
    """Draw the latest value of every trial against its cost, with the Pareto front, whose trials are numbered.

    Args:
        trials: those with a cost among their values are drawn; the best ones form the front.
        quantity: the first objective.
        cost: the name of the other one, a count; lower is better.
        limit: the cost above which trials were not trained.
    """
    trials, edge = on_scale(trials, quantity)
    priced = [(trial, float(trial.values[cost])) for trial in trials if cost in trial.values]
    figure = titled(title, WIDTH, HEIGHT)
    axes = panel(figure, right=0.16)
    count_axis(axes, [price for _, price in priced], f"{cost} (log scale)")
    value_axis(axes, quantity, (trial.last.value for trial, _ in priced))
    known = looks(trials)
    for trial, price in priced:
        axes.plot(price, trial.last.value, **known[trial.last.epoch], zorder=3)
    front = sorted((one for one in priced if one[0].is_best), key=lambda one: (one[1], one[0].last.value))
    handles = [*rung_handles(known, trials), Line2D([], [], **FRONT, label="Pareto front"), *edge]
    if front:
        xs, ys = np.array([(price, trial.last.value) for trial, price in front]).T
        right = axes.get_xlim()[1]
        axes.step([*xs, right], [*ys, ys[-1]], where="post", **FRONT, zorder=2)
        axes.plot(xs, ys, **BEST, markersize=8.5, zorder=4)
        corners, edge_of_panel = inches(axes, np.column_stack([xs, ys])), axes.get_window_extent().x1 / figure.dpi
        spots = inches(axes, [(price, trial.last.value) for trial, price in priced])
        write_around(
            axes,
            {f"trial {trial.number}": spot for (trial, _), spot in zip(front, corners, strict=True)},
            edge_of_panel,
            markers=[(x - 0.05, y - 0.05, x + 0.05, y + 0.05) for x, y in spots],
            bars=[*_steps(corners, edge_of_panel)],
        )
    if limit is not None and limit < axes.get_xlim()[1]:
        axes.axvline(limit, **LIMIT, zorder=1)
        handles.append(Line2D([], [], **LIMIT, label="limit"))
    write_key(figure, handles)
    return figure


def _steps(at: NDArray[np.float64], right: float) -> Iterator[Box]:
    """Yield the lines of the front as boxes, in inches."""
    ends = [*at, np.array([right, at[-1][1]])]
    for (x, y), (x_next, y_next) in pairwise(ends):
        yield x, y - 0.02, x_next, y + 0.02
        yield x_next - 0.02, min(y, y_next), x_next + 0.02, max(y, y_next)
