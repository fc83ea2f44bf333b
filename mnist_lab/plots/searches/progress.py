"""The progress of a search: all values that its trials reached, and the best so far, by trial and by time."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from mnist_lab.plots.overview import LEFT, WIDTH, Style, above_panel
from mnist_lab.plots.panel import Quantity
from mnist_lab.plots.points import write_key
from mnist_lab.plots.searches.trials import BEST, At, Tried, best_handle, looks, on_scale, rung_handles, value_axis
from mnist_lab.plots.style import BLUE, GREY, axes_at, styled, titled

HEIGHT, BETWEEN, BELOW = 3.7, 0.22, 0.72  # inches
STEPS = (("s", 1.0), ("min", 60.0), ("h", 3600.0))
FROM = 3.0  # the largest unit that fits at least this many times is used
THREAD: Style = {"color": GREY, "linewidth": 0.5, "alpha": 0.5, "zorder": 1}  # from rung to rung of one trial

Spot = tuple[float, At]
"""The position on the x-axis, and the value."""


@styled
def best_so_far(trials: Sequence[Tried], *, quantity: Quantity, several: bool, title: str) -> Figure:
    """Draw the objective of every trial at each of its rungs, with the best so far, by trial number and by time.

    Values after different epochs are not compared: each rung has its own line. A thin line connects the rungs of a
    trial that was promoted.
    """
    figure = titled(title, WIDTH, HEIGHT)
    trials, edge = on_scale(trials, quantity)
    known, top = looks(trials), above_panel(figure)
    wide = (WIDTH - LEFT - BETWEEN - 0.14) / 2
    by_trial, by_time = (axes_at(figure, LEFT + i * (wide + BETWEEN), top, wide, HEIGHT - top - BELOW) for i in (0, 1))
    most = max(at.seconds for trial in trials for at in trial.reached)
    unit, seconds = next((step for step in reversed(STEPS) if most >= FROM * step[1]), STEPS[0])
    last = max(trial.number for trial in trials)
    _draw(by_trial, trials, known, [[(float(trial.number), at) for at in trial.reached] for trial in trials], quantity)
    _draw(by_time, trials, known, [[(at.seconds / seconds, at) for at in trial.reached] for trial in trials], quantity)
    by_trial.set(xlabel="trial", xlim=(1 - 0.03 * last, last * 1.03 + 0.2))
    by_trial.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    by_time.set(xlabel=f"time since the start ({unit})")
    by_time.set_xlim(left=0)
    for axes in (by_trial, by_time):
        value_axis(axes, quantity, (at.value for trial in trials for at in trial.reached))
    by_time.set_ylabel("")
    by_time.tick_params(labelleft=False)
    line = Line2D([], [], color=BLUE, linewidth=1.6, label="best so far")
    several_rungs = any(len(trial.reached) > 1 for trial in trials)
    thread = [Line2D([], [], **THREAD, label="same trial")] if several_rungs else []
    write_key(figure, [*rung_handles(known, trials), *thread, line, best_handle(several), *edge])
    return figure


def _draw(
    axes: Axes, trials: Sequence[Tried], known: dict[int, Style], spots: Sequence[list[Spot]], quantity: Quantity
) -> None:
    """Draw all values of each trial at their spots, and the best so far of each rung."""
    for spot in spots:
        if len(spot) > 1:
            axes.plot([x for x, _ in spot], [at.value for _, at in spot], **THREAD)
    end = max((x for spot in spots for x, _ in spot), default=1.0)
    for epoch, look in known.items():
        xs, values = np.array(sorted((x, at.value) for spot in spots for x, at in spot if at.epoch == epoch)).T
        axes.plot(xs, values, **look, zorder=3, alpha=0.9)
        best = (np.maximum if quantity.rises else np.minimum).accumulate(values)
        new = np.flatnonzero(np.diff(best, prepend=np.nan))  # the first too, as a difference from NaN is not 0
        axes.step([*xs[new], end], [*best[new], best[-1]], where="post", color=look["color"], linewidth=1.6)
    for trial, spot in zip(trials, spots, strict=True):
        if trial.is_best:
            axes.plot(spot[-1][0], trial.last.value, **BEST, markersize=9, zorder=5)
