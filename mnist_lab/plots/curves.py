"""Learning curves: accuracy and loss by epoch, and within the epochs."""

from collections.abc import Mapping, Sequence
from math import ceil, isfinite
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from mnist_lab.plots.panel import ACCURACY, LOSS, Floats, Quantity, frame, include, number, whole_epochs
from mnist_lab.plots.style import BLUE, GREEN, GREY, HEIGHT, ORANGE, WIDTH, headline, new_figure, styled

History = Sequence[Mapping[str, Any]]

MARKERS = 12  # at most about this many markers on a line
POINTS = 240  # more batches than this are drawn as means and a band from lowest to highest

TRAINING: dict[str, Any] = {"color": BLUE, "linestyle": "-", "marker": "o"}
VALIDATION: dict[str, Any] = {"color": ORANGE, "linestyle": (0, (4, 1.5)), "marker": "s", "mfc": "white"}
TEST: dict[str, Any] = {"color": GREEN, "linestyle": "none", "marker": "*", "ms": 10, "mec": "white", "mew": 0.6}
PUBLISHED = (
    ("train", "training", TRAINING),
    ("best_train", "best training", TRAINING),
    ("test", "test", TEST),
    ("best_test", "best test", TEST),
)


@styled
def accuracy(
    history: History,
    *,
    title: str,
    validation_name: str = "validation",
    reference: Mapping[str, Any] | None = None,
    test: float | None = None,
    best_epoch: int | None = None,
) -> Figure:
    """Training and validation accuracy by epoch.

    Args:
        history: a mapping per epoch with `epoch` (counted from 1), `loss`, `accuracy` and, where there is a
            validation set, `val_loss` and `val_accuracy`. Values may be NaN, infinite or None.
        title: one line about the run; long ones are wrapped.
        validation_name: `validation`, or `test` if the test set serves as one.
        reference: published numbers; `train_accuracy`, `test_accuracy` and the same with `best_` before it, the
            best over the epochs, become dotted lines.
        test: test accuracy of the model that was kept.
        best_epoch: the epoch whose weights were kept, if not the last; `test` is drawn there.
    """
    return _single(ACCURACY, history, title, validation_name, reference, test, best_epoch)


@styled
def loss(
    history: History,
    *,
    title: str,
    validation_name: str = "validation",
    reference: Mapping[str, Any] | None = None,
    test: float | None = None,
    best_epoch: int | None = None,
) -> Figure:
    """Training and validation loss by epoch; as `accuracy`, with `test_loss` of `reference` and a test loss."""
    return _single(LOSS, history, title, validation_name, reference, test, best_epoch)


@styled
def curves(
    history: History,
    batches: Mapping[str, Any] | None,
    *,
    title: str,
    validation_name: str = "validation",
) -> Figure:
    """Accuracy and loss by epoch, side by side; beneath, training within the epochs.

    Args:
        history: as for `accuracy`.
        batches: arrays of one length: `epoch`, the position in epochs (0.05, 0.1, ..., 10.0), and the training
            `loss` and `accuracy` there; None or empty arrays leave the lower row out.
        title: one line about the run.
        validation_name: as for `accuracy`.
    """
    within = batches if batches is not None and len(batches["epoch"]) else None
    figure = new_figure(WIDTH * 1.2, HEIGHT * 1.2)
    grid: NDArray[Any] = figure.subplots(1 if within is None else 2, 2, squeeze=False)
    for column, quantity in enumerate((ACCURACY, LOSS)):
        top: Axes = grid[0, column]
        _by_epoch(top, history, quantity, ticks=6)
        top.set_title(_finals(history, quantity, validation_name))
        if within is not None:
            top.set_xlabel("")
            _within_epochs(grid[1, column], history, within, quantity)
    handles = [Line2D([], [], **TRAINING, label="training")]
    if _has(history, LOSS.validation_key):
        handles.append(Line2D([], [], **VALIDATION, label=_described(validation_name)))
    if within is not None:
        range_too = " (mean, range)" if len(within["epoch"]) > POINTS else ""
        handles.append(Line2D([], [], color=BLUE, linewidth=1, label=f"within the epoch{range_too}"))
    headline(figure, title, width=64)
    figure.legend(handles=handles, loc="outside lower left", ncols=len(handles))
    return figure


def _single(
    quantity: Quantity,
    history: History,
    title: str,
    validation_name: str,
    reference: Mapping[str, Any] | None,
    test: float | None,
    best_epoch: int | None,
) -> Figure:
    figure = new_figure()
    axes = figure.add_subplot()
    names = ("training", _described(validation_name))
    lines = _by_epoch(axes, history, quantity, ticks=15)
    for name, drawn, values in zip(names, axes.lines, lines, strict=False):
        drawn.set_label(f"{name} {number(values[-1] if len(values) else None)}")
    if test is not None and isfinite(test) and history:
        kept = f" (epoch {best_epoch})" if best_epoch else ""
        where = best_epoch or int(history[-1]["epoch"])
        include(axes, test)
        axes.plot(where, test, **TEST, zorder=5, label=f"test {number(test)}{kept}")
    elif best_epoch:
        axes.axvline(best_epoch, color=GREY, linewidth=1, linestyle="-.", label=f"best epoch {best_epoch}")
    for key, name, style in PUBLISHED:
        value = (reference or {}).get(f"{key}_{quantity.key}")
        if value is not None:
            _published(axes, float(value), name, style["color"])
    headline(figure, title)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower left", ncols=2)
    return figure


def _by_epoch(axes: Axes, history: History, quantity: Quantity, *, ticks: int) -> list[Floats]:
    """Draw the training line and, if there is one, the validation line; return their values."""
    epochs = [int(row["epoch"]) for row in history]
    marked = sorted({*range(0, len(epochs), max(1, ceil(len(epochs) / MARKERS))), *range(len(epochs))[-1:]})
    lines = [_column(history, quantity.key)]
    if _has(history, quantity.validation_key):
        lines.append(_column(history, quantity.validation_key))
    for values, style in zip(lines, (TRAINING, VALIDATION), strict=False):
        axes.plot(epochs, values, **style, markevery=marked)

    first, last = (epochs[0], epochs[-1]) if epochs else (1, 1)
    margin = max(0.3, 0.02 * (last - first))
    axes.set(xlabel="epoch", ylabel=quantity.label, xlim=(first - margin, last + margin))
    whole_epochs(axes, first, last, ticks)
    if epochs:
        worst = min if quantity.rises else max
        frame(axes, quantity, lines, f"epoch {first}: {number(worst(line[0] for line in lines))}")
    lost = [epoch for epoch, *values in zip(epochs, *lines, strict=True) if np.isnan(values).any()]
    if lost:
        until = "" if lost[-1] == lost[0] else f" to {lost[-1]}"
        axes.text(
            0.5, 0.5, f"not finite:\nepoch {lost[0]}{until}", transform=axes.transAxes, ha="center", va="center",
            color=ORANGE, weight="bold", bbox={"color": "white", "alpha": 0.8},
        )  # fmt: skip
    return lines


def _within_epochs(axes: Axes, history: History, batches: Mapping[str, Any], quantity: Quantity) -> None:
    """Draw the training curve within the epochs, with the validation points over it."""
    position = np.asarray(batches["epoch"], dtype=np.float64)
    values = np.asarray(batches[quantity.key], dtype=np.float64)
    values = np.where(np.isfinite(values), values, np.nan)
    start = f"starts at {number(values[0])}"
    if len(values) > POINTS:
        starts = np.linspace(0, len(values), POINTS, endpoint=False).astype(int)
        lows, highs = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
        counts = np.diff(starts, append=len(values))
        position, values = (np.add.reduceat(array, starts) / counts for array in (position, values))
        axes.fill_between(position, lows, highs, color=BLUE, alpha=0.2, linewidth=0)
    axes.plot(position, values, color=BLUE, linewidth=0.9)
    lines = [values]
    last = float(position[-1])
    if _has(history, quantity.validation_key):
        epochs = [int(row["epoch"]) for row in history]
        lines.append(_column(history, quantity.validation_key))
        size = 3.5 if len(epochs) < 30 else 2
        axes.plot(epochs, lines[1], **VALIDATION | {"linestyle": "none", "markersize": size})
        last = max(last, epochs[-1])
    axes.set(xlabel="epoch", ylabel=quantity.label, xlim=(0, last * 1.02))
    whole_epochs(axes, 0, ceil(last), 6)
    frame(axes, quantity, lines, start, logarithmic_from=20)


def _published(axes: Axes, value: float, name: str, color: str) -> None:
    """A dotted line at a published number, or only a legend entry if the line would squeeze the curves."""
    low, high = axes.get_ylim()
    reach = 0.5 * (high - low)
    inside = low - reach <= value <= high + reach
    if inside:
        include(axes, value)
    label = f"published {name} {number(value)}{'' if inside else ' (outside)'}"
    axes.axhline(value, color=color, linewidth=1, linestyle=":", label=label, zorder=1)


def _finals(history: History, quantity: Quantity, validation_name: str) -> str:
    last = history[-1] if history else {}
    parts = [f"training {number(last.get(quantity.key))}"]
    if _has(history, quantity.validation_key):
        parts.append(f"{validation_name} {number(last.get(quantity.validation_key))}")
    return ", ".join(parts)


def _described(validation_name: str) -> str:
    return "test (used as validation)" if validation_name == "test" else validation_name


def _has(history: History, key: str) -> bool:
    return any(key in row for row in history)


def _column(history: History, key: str) -> Floats:
    """The values of `key` by epoch; what is missing, None or infinite is NaN, which Matplotlib leaves out."""
    values = (row.get(key) for row in history)
    floats = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return np.where(np.isfinite(floats), floats, np.nan)
