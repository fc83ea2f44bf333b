"""An accuracy axis: linear, or logarithmic in the error where the errors differ widely."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullLocator
from numpy.typing import NDArray

from mnist_lab.plots.style import figure_of
from mnist_lab.plots.wrapping import fitted

Floats = NDArray[np.float64]

TINY = 1e-6  # an error below this is none: that of one in a million images
ROOM = 0.18  # inches from one tick to the next, on average
SCALES = 3.0  # from this ratio of the largest to the smallest error on the axis is logarithmic in the error


def accuracy_axis(axes: Axes, values: Floats, what: str) -> None:
    """Let the y-axis show all of the values that are finite.

    Where their errors differ by more than `SCALES` times it is logarithmic in the error, so that .98 and .99 are as
    far apart as .8 and .9. No error at all is then drawn at the top.

    Args:
        axes: the panel.
        values: accuracies, as fractions of 1.
        what: the name of the accuracy.
    """
    most_ticks = max(2, int(_height(axes) / ROOM))
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
        ticks = _apart(axes, [*_round_errors(most, least, min(10, most_ticks)), *([1.0] if perfect else [])])
        axes.set_yticks(ticks, [f"{tick:.6g}" for tick in ticks])
        name_axis(axes, f"{what} (log-error scale)")
    else:
        low, high = (1 - most, 1 - float(errors.min())) if len(errors) else (0.0, 1.0)
        margin = max(0.05 * (high - low), 0.001)
        axes.set_ylim(max(0.0, low - margin), min(high + margin, 1 + margin / 3))
        axes.yaxis.set_major_locator(MaxNLocator(min(7, most_ticks), steps=[1, 2, 2.5, 5, 10]))
        name_axis(axes, what)
    axes.yaxis.set_minor_locator(NullLocator())


def name_axis(axes: Axes, text: str) -> None:
    """Name the y-axis, in two lines where the panel is not as high as the name is long."""
    axes.set_ylabel(fitted(text, _height(axes), float(axes.yaxis.label.get_fontsize()), lines=2))


def _height(axes: Axes) -> float:
    """Inches that the panel is high at least: a layout may make it a little lower than it is before."""
    return 0.85 * axes.get_position().height * figure_of(axes).get_size_inches()[1]


def _apart(axes: Axes, ticks: list[float]) -> list[float]:
    """Those of ascending ticks that have room for their labels, from the top."""
    height, kept = _height(axes), []
    places = axes.transAxes.inverted().transform(axes.transData.transform([(0, tick) for tick in ticks]))[:, 1]
    for tick, place in zip(reversed(ticks), reversed(height * places), strict=True):
        if not kept or kept[-1][1] - place >= ROOM * 0.9:
            kept.append((tick, place))
    return [tick for tick, _ in reversed(kept)]


def _log_error(floor: float) -> Any:
    return lambda accuracy: -np.log10(np.maximum(1 - np.asarray(accuracy, dtype=np.float64), floor))


def _round_errors(most: float, least: float, number: int) -> list[float]:
    """Accuracies whose errors are round, between the two errors: about `number` of them at most."""
    ticks: list[float] = []
    for steps in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        errors = (step * 10.0**-power for power in range(1, 6) for step in steps)
        ticks = [1 - error for error in errors if 0.98 * least <= error <= 1.02 * most]
        if len(ticks) <= number:
            break
    return sorted(ticks)
