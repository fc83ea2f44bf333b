"""The confirmation of a search: test accuracies of the best trials and the base, and their differences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mnist_lab.plots.overview import WIDTH, Style, above_panel
from mnist_lab.plots.points import write_key
from mnist_lab.plots.style import GREEN, GREY, INK, ORANGE, axes_at, set_height, styled, titled
from mnist_lab.plots.wrapping import fitted, text_width

ROW, BETWEEN, NAMES, BELOW, TOP, FONT = 0.36, 0.3, 1.8, 0.76, 0.1, 9.0  # inches; points for the font
COLOURS = {"better": GREEN, "worse": ORANGE}
"""Colours by verdict; any other is grey."""
SEED: Style = {"marker": "|", "markersize": 7, "linestyle": "none", "alpha": 0.6}
INTERVAL: Style = {"linewidth": 2.2, "solid_capstyle": "butt"}


@dataclass(frozen=True)
class Confirmed:
    """The base or a trial, tested with new seeds."""

    name: str
    accuracies: Sequence[float]
    """Test accuracy of each seed, as fractions of 1."""
    interval: tuple[float, float] | None
    """95 % confidence interval of the mean."""
    difference: float | None = None
    """Difference from the base, as a fraction of 1; None for the base."""
    difference_interval: tuple[float, float] | None = None
    verdict: str = ""

    @property
    def colour(self) -> str:
        """Colour of the verdict, or of the base."""
        return COLOURS.get(self.verdict, GREY) if self.verdict else INK


@styled
def confirmation(arms: Sequence[Confirmed], *, title: str) -> Figure:
    """Draw the test accuracy of each arm by seed with mean and interval, and beside it the difference from the base.

    The base, if there is one, is the first of the arms.
    """
    names = [fitted(arm.name, NAMES, FONT) for arm in arms]
    verdict = max((text_width(arm.verdict, FONT, "bold") for arm in arms), default=0.0) + 0.16
    left = max(text_width(name, FONT, "bold") for name in names) + 0.2
    figure = titled(title, WIDTH)
    top, high = above_panel(figure) + TOP, ROW * len(arms)
    set_height(figure, top + high + BELOW)
    wide = (WIDTH - left - BETWEEN - verdict) / 2
    tested, differences = (axes_at(figure, left + i * (wide + BETWEEN), top, wide, high) for i in (0, 1))
    for row, arm in enumerate(arms):
        _draw(tested, row, arm, float(np.mean(arm.accuracies)), arm.interval)
        tested.plot(arm.accuracies, [row] * len(arm.accuracies), color=arm.colour, **SEED, zorder=2)
        if arm.difference is not None:
            points = arm.difference_interval and tuple(100 * end for end in arm.difference_interval)
            _draw(differences, row, arm, 100 * arm.difference, points)
        differences.annotate(
            arm.verdict, (1, row), (8, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center",
            fontsize=FONT, color=arm.colour, weight="bold", annotation_clip=False,
        )  # fmt: skip
    tested.set_yticks(range(len(arms)), names)
    for label, arm in zip(tested.get_yticklabels(), arms, strict=True):
        label.set(fontweight="normal" if arm.verdict else "bold")
    tested.set_xlabel("test accuracy")
    tested.margins(x=0.08)
    differences.axvline(0, color=INK, linewidth=0.9, zorder=1)
    differences.margins(x=0.1)
    differences.set(xlabel="difference from the base (pp)", yticks=[])
    differences.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{np.round(value, 10):+g}" if value else "0"))
    for axes in (tested, differences):
        axes.set_ylim(len(arms) - 0.5, -0.5)
        axes.grid(visible=True, axis="x")
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        axes.spines["left"].set_visible(False)
    bar = Line2D([], [], color=INK, marker="o", **INTERVAL, label="mean and 95 % confidence interval")
    write_key(figure, [bar, Line2D([], [], color=INK, **SEED, label="each seed")])
    return figure


def _draw(axes: Axes, row: int, arm: Confirmed, mean: float, interval: tuple[float, ...] | None) -> None:
    if interval:
        axes.plot(interval, [row, row], color=arm.colour, **INTERVAL, zorder=3)
    marker = "o" if arm.verdict else "D"
    axes.plot(mean, row, color=arm.colour, marker=marker, markersize=6, mec="white", mew=0.6, zorder=4)
