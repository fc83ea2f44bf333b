"""What the figures over many experiments share: their panel, their accuracy axis, and which names they can hold."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator
from matplotlib.transforms import blended_transform_factory
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Style = dict[str, Any]

WIDTH, HEIGHT = 7.5, 4.6  # inches
LEFT, BELOW = 0.76, 0.66  # inches beside and below the panel
FONT = 8.8
MOST = 45  # more names than this do not help
TINY = 1e-9  # an error below this is none
SCALES = 3.0  # from this ratio of the largest to the smallest error on the axis is logarithmic in the error


def panel(figure: Figure, *, right: float = 0.1, below: float = BELOW, above: float | None = None) -> Axes:
    """The axes of a figure that is laid out by hand.

    Args:
        figure: with its headline.
        right: inches beside them that stay free.
        below: inches beneath them.
        above: inches over them; as many as the headline takes if not given.
    """
    width, height = figure.get_size_inches()
    above = above_panel(figure) if above is None else above
    axes = figure.add_axes(
        (LEFT / width, below / height, (width - right - LEFT) / width, (height - above - below) / height)
    )
    at_the_edge = blended_transform_factory(figure.dpi_scale_trans, axes.transAxes)
    axes.yaxis.set_label_coords(0.2, 0.5, transform=at_the_edge)
    return axes


def above_panel(figure: Figure) -> float:
    """Inches that the headline takes."""
    return 0.54 if "\n" in figure.get_suptitle() else 0.36


def accuracy_axis(axes: Axes, values: Floats, what: str) -> None:
    """Let the y-axis show all of the values that are finite.

    Where their errors differ by more than `SCALES` times it is logarithmic in the error, so that .98 and .99 are as
    far apart as .8 and .9. No error at all is then drawn at the top.

    Args:
        axes: the panel.
        values: accuracies, as fractions of 1.
        what: the name of the accuracy.
    """
    errors = 1 - values[np.isfinite(values)]
    most, least = (float(errors.max()), float(errors.min())) if len(errors) else (1.0, 1.0)
    perfect = least < TINY
    if perfect:
        least = float(errors[errors >= TINY].min(initial=1.0)) / 2
    if most > SCALES * least:
        stretch = (most / least) ** 0.07
        top = least / stretch
        axes.set_yscale("function", functions=(_log_error(top), lambda y: 1 - 10.0 ** -np.asarray(y)))
        axes.set_ylim(1 - min(1.0, most * stretch), 1.0 if perfect else 1 - top)
        ticks = [*_round_errors(most, least), *([1.0] if perfect else [])]
        axes.set_yticks(ticks, [f"{tick:.6g}" for tick in ticks])
        axes.set_ylabel(f"{what} (log scale of the error)")
    else:
        low, high = (1 - most, 1 - float(errors.min())) if len(errors) else (0.0, 1.0)
        margin = max(0.05 * (high - low), 0.001)
        axes.set_ylim(max(0.0, low - margin), min(high + margin, 1 + margin / 3))
        axes.yaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]))
        axes.set_ylabel(f"{what} (fraction)")
    axes.yaxis.set_minor_locator(NullLocator())


def written(ranked: Sequence[str], bases: Collection[str]) -> set[str]:
    """The names to write, of those `ranked` from best to worst: all, or of too many the bases and both ends."""
    if len(ranked) <= MOST:
        return set(ranked)
    best = MOST * 2 // 3
    return {*ranked[:best], *ranked[best - MOST :], *(name for name in ranked if name in bases)}


def short(name: str, most: int = 28) -> str:
    """The name; of a long one the middle is left out, for the arms of a grid begin alike and differ at the end."""
    return name if len(name) <= most else f"{name[: most // 2 - 1]}…{name[-(most // 2) :]}"


def drawn(figure: Figure, xs: Sequence[float], ys: Sequence[float], style: Mapping[str, Any], **more: Any) -> None:
    """A line or a marker at a place in inches of the figure."""
    figure.add_artist(Line2D(xs, ys, transform=figure.dpi_scale_trans, **{**style, **more}))


def _log_error(floor: float) -> Any:
    return lambda accuracy: -np.log10(np.maximum(1 - np.asarray(accuracy, dtype=np.float64), floor))


def _round_errors(most: float, least: float) -> list[float]:
    """Accuracies whose errors are round, between the two errors: ten at most."""
    ticks: list[float] = []
    for steps in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        errors = (step * 10.0**-power for power in range(1, 9) for step in steps)
        ticks = [1 - error for error in errors if 0.98 * least <= error <= 1.02 * most]
        if len(ticks) <= 10:
            break
    return sorted(ticks)
