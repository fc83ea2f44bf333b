"""Learning curves: accuracy and loss by epoch, and within the epochs."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import ceil, isfinite, nan
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from mnist_lab.history import History, column
from mnist_lab.plots.lines import LOOKS, MARKERS
from mnist_lab.plots.overview import Style
from mnist_lab.plots.panel import ACCURACY, LOSS, Floats, Quantity, epoch_axis, frame, number, whole_epochs
from mnist_lab.plots.style import BLUE, GREEN, GREY, HEIGHT, ORANGE, WIDTH, headline, new_figure, styled
from mnist_lab.plots.wrapping import text_width

KEY, KEY_SAMPLE = 8.8, 0.56  # points; inches that the sample of a line takes beside its name
EVEN = 0.75  # a mean over less than this share of the usual number of batches joins the one before it
POINTS = 240  # more batches than this are drawn as means and a band from lowest to highest

UNCLIPPED: Style = {"clip_on": False}  # a marker at the edge of the panel is drawn in full
TRAINING: Style = LOOKS[0] | UNCLIPPED | {"in_layout": False}
VALIDATION: Style = LOOKS[1] | UNCLIPPED
TEST: Style = UNCLIPPED | {"color": GREEN, "linestyle": "none", "marker": "D", "ms": 8.5, "mfc": "none", "mew": 1.4}
PUBLISHED = (
    ("train", "training", TRAINING, ":"),
    ("best_train", "best training", TRAINING, "-."),
    ("test", "test", TEST, ":"),
    ("best_test", "best test", TEST, "-."),
)


@styled
def by_epoch(
    quantity: Quantity,
    history: History,
    *,
    title: str,
    validation_name: str = "validation",
    reference: Mapping[str, Any] | None = None,
    test: float | None = None,
    best_epoch: int | None = None,
) -> Figure:
    """Draw a quantity by epoch, for training and validation.

    Args:
        quantity: accuracy or loss.
        history: a mapping per epoch with `epoch` (counted from 1), `loss`, `accuracy` and, if there is a
            validation set, `val_loss` and `val_accuracy`. Values may be NaN, infinite or None.
        validation_name: `validation`, or `test` if the test set is used for validation.
        reference: published numbers, of which those of the quantity become lines: `train_accuracy`, `test_loss`
            and so on, and with the prefix `best_`, the best over the epochs.
        test: the quantity of the kept model on the test images.
        best_epoch: the epoch whose weights were kept, unless it is the last; `test` is drawn there.
    """
    figure = new_figure()
    axes = figure.add_subplot()
    lines = _lines(history, quantity)
    published = _published(reference or {}, quantity, lines)
    near = [one.value for one in published if one.near]
    kept = test if test is not None and isfinite(test) and history else None
    _draw(axes, history, quantity, lines, ticks=15, also=[*near, *([] if kept is None else [kept])])
    for drawn, final in zip(axes.lines, _finals(lines, _described(validation_name)), strict=True):
        drawn.set_label(final)
    if kept is not None:
        epoch = f" (epoch {best_epoch})" if best_epoch else ""
        where = best_epoch or int(history[-1]["epoch"])
        axes.plot(where, kept, **TEST, zorder=5, label=f"test {number(kept)}{epoch}")
    elif best_epoch:
        axes.axvline(best_epoch, color=GREY, linewidth=1, linestyle="-.", label=f"best epoch {best_epoch}")
    for one in published:
        label = f"published {one.name} {number(one.value)}{'' if one.near else ' (outside)'}"
        place = one.value if one.near else nan
        axes.axhline(place, color=one.color, linewidth=1, linestyle=one.dashes, label=label, zorder=1)
    headline(figure, title)
    handles, labels = axes.get_legend_handles_labels()
    half = ceil(len(labels) / 2)
    columns = [max((text_width(label, KEY) for label in part), default=0.0) for part in (labels[:half], labels[half:])]
    room = figure.get_size_inches()[0] - 2 * KEY_SAMPLE
    size = KEY * min(1.0, room / max(sum(columns), 0.1))  # more rows would squeeze the panel
    figure.legend(handles, labels, loc="outside lower left", ncols=2, fontsize=size)
    return figure


accuracy, loss = partial(by_epoch, ACCURACY), partial(by_epoch, LOSS)


@styled
def curves(
    history: History,
    batches: Mapping[str, Any] | None,
    *,
    title: str,
    validation_name: str = "validation",
) -> Figure:
    """Draw accuracy and loss by epoch, side by side, and training within the epochs beneath.

    Args:
        history: as for `by_epoch`.
        batches: arrays of one length: `epoch`, the position in epochs (0.05, 0.1, ..., 10.0), and the training
            `loss` and `accuracy` there; without any (None or empty), the lower row is left out.
    """
    within = batches if batches is not None and len(batches["epoch"]) else None
    figure = new_figure(WIDTH * 1.2, HEIGHT * 1.2)
    grid: NDArray[Any] = figure.subplots(1 if within is None else 2, 2, squeeze=False)
    lines = {quantity: _lines(history, quantity) for quantity in (ACCURACY, LOSS)}
    for place, (quantity, drawn) in enumerate(lines.items()):
        top: Axes = grid[0, place]
        _draw(top, history, quantity, drawn, ticks=6)
        top.set_title(", ".join(_finals(drawn, validation_name)))
        if within is not None:
            _within_epochs(grid[1, place], history, drawn[1:], within, quantity)
    handles = [Line2D([], [], **TRAINING, label="training")]
    if len(lines[LOSS]) > 1:
        handles.append(Line2D([], [], **VALIDATION, label=_described(validation_name)))
    if within is not None:
        range_too = " (mean, range)" if len(within["epoch"]) > POINTS else ""
        handles.append(Line2D([], [], color=BLUE, linewidth=1, label=f"within the epoch{range_too}"))
    headline(figure, title)
    figure.legend(handles=handles, loc="outside lower left", ncols=len(handles))
    return figure


def _lines(history: History, quantity: Quantity) -> list[Floats]:
    """Return the values of the training line and, if there is one, of the validation line."""
    keys = [quantity.key]
    if any(quantity.validation_key in row for row in history):
        keys.append(quantity.validation_key)
    return [np.array(column(history, key)) for key in keys]


def _finals(lines: Sequence[Floats], validation_name: str) -> list[str]:
    """Return the name of each line with its last value."""
    names = ("training", validation_name)
    return [f"{name} {number(values[-1] if len(values) else None)}" for name, values in zip(names, lines, strict=False)]


def _draw(
    axes: Axes,
    history: History,
    quantity: Quantity,
    lines: Sequence[Floats],
    *,
    ticks: int,
    also: Sequence[float] = (),
) -> None:
    """Draw the lines, on an axis that includes the values `also`."""
    epochs = [int(row["epoch"]) for row in history]
    marked = sorted({*range(0, len(epochs), max(1, ceil(len(epochs) / MARKERS))), *range(len(epochs))[-1:]})
    for values, style in zip(lines, (TRAINING, VALIDATION), strict=False):
        axes.plot(epochs, values, **style, markevery=marked)

    first, last = (epochs[0], epochs[-1]) if epochs else (1, 1)
    epoch_axis(axes, last, ticks, first=first, margin=0.3)
    frame(axes, quantity, lines, also=also)
    lost = [epoch for epoch, *values in zip(epochs, *lines, strict=True) if np.isnan(values).any()]
    if lost:
        until = "" if lost[-1] == lost[0] else f" to {lost[-1]}"
        axes.text(
            0.5, 0.5, f"not finite:\nepoch {lost[0]}{until}", transform=axes.transAxes, ha="center", va="center",
            color=ORANGE, weight="bold", bbox={"color": "white", "alpha": 0.8},
        )  # fmt: skip


def _within_epochs(
    axes: Axes, history: History, validation: Sequence[Floats], batches: Mapping[str, Any], quantity: Quantity
) -> None:
    """Draw the training curve within the epochs, and over it the validation points, if there are any."""
    position, values = _even(
        np.asarray(batches["epoch"], dtype=np.float64), np.asarray(batches[quantity.key], dtype=np.float64)
    )
    values = np.where(np.isfinite(values), values, np.nan)
    shown = [values]
    if len(values) > POINTS:
        starts = np.linspace(0, len(values), POINTS, endpoint=False).astype(int)
        lows, highs = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
        counts = np.diff(starts, append=len(values))
        position, values = (np.add.reduceat(array, starts) / counts for array in (position, values))
        axes.fill_between(position, lows, highs, color=BLUE, alpha=0.2, linewidth=0)
        shown = [lows, highs]
    axes.plot(position, values, color=BLUE, linewidth=0.9)
    last = float(position[-1])
    shown += validation
    for points in validation:
        epochs = [int(row["epoch"]) for row in history]
        size = 3.5 if len(epochs) < 30 else 2
        axes.plot(epochs, points, **VALIDATION | {"linestyle": "none", "markersize": size})
        last = max(last, epochs[-1])
    axes.set(xlabel="epoch", xlim=(0, last * 1.02))
    whole_epochs(axes, 0, ceil(last), 6)
    frame(axes, quantity, shown, logarithmic_from=20)


def _even(position: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return the curve with each mean over about as many batches as the others.

    A mean over the few batches left at the end of an epoch is far noisier than the rest, so it joins the one before it.
    """
    begin = np.maximum(np.ceil(position[:1] - 1e-4) - 1, 0)  # of the first epoch, which may have a single batch
    share = np.diff(position, prepend=begin)
    whole = np.isclose(position, np.round(position), atol=1e-4)
    joins = (share < EVEN * np.median(share)) & whole
    joins[0] = False
    starts = np.flatnonzero(~joins)
    weights = np.add.reduceat(share, starts)
    ends = np.append(starts[1:], len(position)) - 1
    return position[ends], np.add.reduceat(values * share, starts) / weights


class _Published(NamedTuple):
    """A published number."""

    name: str
    value: float
    color: str
    dashes: str
    near: bool
    """Whether a line there would not squeeze the curves."""


def _published(reference: Mapping[str, Any], quantity: Quantity, lines: Sequence[Floats]) -> list[_Published]:
    """Return the published numbers of the quantity."""
    low, high = _reach(lines)
    return [
        _Published(name, float(value), style["color"], dashes, low <= value <= high)
        for key, name, style, dashes in PUBLISHED
        if (value := reference.get(f"{key}_{quantity.key}")) is not None
    ]


def _reach(lines: Sequence[Floats]) -> tuple[float, float]:
    """Return the range in which one more line would not squeeze the others."""
    values = np.concatenate([*lines, []])
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    reach = max(0.5 * (high - low), 0.005)
    return low - reach, high + reach


def _described(validation_name: str) -> str:
    return "test (used as validation)" if validation_name == "test" else validation_name
