"""The trade-off between two objectives of a search."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from mnist_lab.plots import labels
from mnist_lab.plots.overview import FONT, HEIGHT, LEFT, TEXT, WIDTH, Style, panel, write_beside
from mnist_lab.plots.panel import Quantity
from mnist_lab.plots.points import write_key
from mnist_lab.plots.searches.trials import Tried, looks, on_scale, rung_handles, value_axis
from mnist_lab.plots.style import GREY, ORANGE, inches, styled, titled
from mnist_lab.plots.tradeoff import count_axis
from mnist_lab.plots.wrapping import text_width

FRONT: Style = {"color": ORANGE, "linewidth": 1.6}
LIMIT: Style = {"color": GREY, "linewidth": 1.2, "linestyle": (0, (4, 2))}


@styled
def pareto_front(
    trials: Sequence[Tried], *, quantity: Quantity, cost: str, limit: float | None = None, title: str
) -> Figure:
    """The latest number of every trial against its cost, with the Pareto front, whose trials are numbered.

    Args:
        trials: those with a cost are drawn; the front is those that are the best.
        quantity: the first objective.
        cost: the name of the other one, which is a count and the less the better.
        limit: what is above it was not trained.
    """
    trials, edge = on_scale(trials, quantity)
    priced = [(trial, float(trial.cost)) for trial in trials if trial.cost is not None]
    figure = titled(title, WIDTH, HEIGHT)
    axes = panel(figure, right=0.16)
    count_axis(axes, [price for _, price in priced], f"{cost} (log scale)")
    value_axis(axes, quantity, (trial.last.value for trial, _ in priced))
    known = looks(trials)
    for trial, price in priced:
        axes.plot(price, trial.last.value, **known[trial.last.epoch], linestyle="none", zorder=3)
    front = sorted(
        ((price, trial.last.value, trial) for trial, price in priced if trial.is_best), key=lambda one: one[:2]
    )
    handles = [*rung_handles(known, trials), Line2D([], [], **FRONT, label="Pareto front"), *edge]
    if front:
        xs, ys = np.array([[x, y] for x, y, _ in front]).T
        right = axes.get_xlim()[1]
        axes.step([*xs, right], [*ys, ys[-1]], where="post", **FRONT, zorder=2)
        axes.plot(xs, ys, linestyle="none", marker="o", markersize=8.5, mfc="none", mec=ORANGE, mew=1.5, zorder=4)
        _write_numbers(figure, axes, front, priced)
    if limit is not None and limit < axes.get_xlim()[1]:
        axes.axvline(limit, **LIMIT, zorder=1)
        handles.append(Line2D([], [], **LIMIT, label="limit"))
    write_key(figure, handles)
    return figure


def _write_numbers(
    figure: Figure, axes: Axes, front: Sequence[tuple[float, float, Tried]], priced: Sequence[tuple[Tried, float]]
) -> None:
    """The number of each trial of the front beside its point."""
    spots = inches(axes, [(price, trial.last.value) for trial, price in priced])
    at = inches(axes, [(x, y) for x, y, _ in front])
    names = [f"trial {trial.number}" for _, _, trial in front]
    box, dpi = axes.get_window_extent(), figure.dpi
    places = labels.around(
        at, [text_width(name, FONT) for name in names], TEXT,
        markers=[(x - 0.05, y - 0.05, x + 0.05, y + 0.05) for x, y in spots], bars=[*_steps(at, box.x1 / dpi)],
        panel=(max(LEFT, box.x0 / dpi), box.y0 / dpi, box.x1 / dpi, box.y1 / dpi),
    )  # fmt: skip
    for name, spot, place in zip(names, at, places, strict=True):
        write_beside(figure, spot, place, name)


def _steps(at: NDArray[np.float64], right: float) -> Iterator[labels.Box]:
    """The lines of the front as boxes, in inches."""
    ends = [*at, np.array([right, at[-1][1]])]
    for (x, y), (x_next, y_next) in pairwise(ends):
        yield x, y - 0.02, x_next, y + 0.02
        yield x_next - 0.02, min(y, y_next), x_next + 0.02, max(y, y_next)
