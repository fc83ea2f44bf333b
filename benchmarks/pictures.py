"""The figures of the report: seconds per epoch of every contender, and how time scales."""

from mnist_lab.plots import save  # before Matplotlib: it imports that whatever MPLBACKEND says

# isort: split
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from benchmarks.report import growth_seconds, growth_series
from benchmarks.store import Store
from benchmarks.summary import Measurement, Table, line, tables
from mnist_lab.plots.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, headline, new_figure, styled

LOOKS: dict[str, dict[str, Any]] = {
    "keras-tensorflow": {"color": ORANGE, "marker": "s"},
    "keras-jax": {"color": ORANGE, "marker": "s", "mfc": "white"},
    "torch": {"color": PURPLE, "marker": "D"},
    "lab-tensorflow": {"color": BLUE, "marker": "o"},
    "lab-jax": {"color": GREEN, "marker": "o"},
    "lab-bfloat16": {"color": BLUE, "marker": "o", "mfc": "white"},
}
"""Orange and purple: written by hand; blue and green: mnist-lab."""
OTHER: dict[str, Any] = {"color": INK, "marker": "v"}
FLOOR: dict[str, Any] = {"color": GREY, "marker": "|", "markersize": 13, "markeredgewidth": 1.6}

LABELS = {"rows": "training rows (thousands)", "epochs": "epochs", "runs": "runs in a sweep"}


def draw(store: Store, folder: Path) -> None:
    """Write `speed_cpu.png`, `speed_gpu.png` and `growth.png`, each only if there is something to show."""
    for device in ("cpu", "gpu"):
        if found := [table for table in tables(store) if table.device == device]:
            save(speed(found), folder / f"speed_{device}.png")
    if series := growth_series(store):
        save(growing(series), folder / "growth.png")


@styled
def speed(found: list[Table]) -> Figure:
    """Seconds per epoch of each contender on each network, from the fastest to the slowest repeat, and the floor."""
    figure = new_figure(7.5, 1.7 + 0.5 * len(found))
    headline(figure, "Seconds per epoch: further left is faster")
    axes = figure.add_subplot()
    titles: dict[str, str] = {}
    for place, table in enumerate(found):
        # One line for each, so that equal values do not cover each other.
        offsets = np.linspace(-0.26, 0.26, len(table.rows)) if len(table.rows) > 1 else [0.0]
        for row, offset in zip(table.rows, offsets, strict=True):
            look = LOOKS.get(row.name, OTHER)
            titles[row.name] = row.contender
            axes.plot([row.epoch.low, row.epoch.high], [place + offset] * 2, color=look["color"], linewidth=1)
            axes.plot([row.epoch.median], [place + offset], linestyle="none", **look)
        if table.floor:
            axes.plot([table.floor], [place], linestyle="none", **FLOOR)
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 1000 * low else (1,), numticks=12))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel("seconds per epoch (log scale)")
    axes.set_yticks(range(len(found)), [table.net for table in found])
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    for place in range(1, len(found)):
        axes.axhline(place - 0.5, color=GREY, linewidth=0.4)
    handles = [
        Line2D([], [], linestyle="none", label=title, **LOOKS.get(name, OTHER)) for name, title in titles.items()
    ]
    handles.append(Line2D([], [], color=GREY, linewidth=1, label="fastest to slowest repeat"))
    if any(table.floor for table in found):
        handles.append(Line2D([], [], linestyle="none", label="floor: arithmetic at the machine's peak", **FLOOR))
    figure.legend(handles=handles, loc="outside lower left", ncols=3, handlelength=1.2)
    return figure


@styled
def growing(series: dict[str, list[Measurement]]) -> Figure:
    """Time against rows, epochs and runs, one panel each, with the fitted line."""
    figure = new_figure(7.5, 2.9)
    headline(figure, "What more rows, epochs and runs cost")
    panels: list[Axes] = list(figure.subplots(1, len(series), squeeze=False)[0])
    for axes, (what, found) in zip(panels, series.items(), strict=True):
        unit = 1000 if what == "rows" else 1
        x = [one["size"] / unit for one in found]
        y = growth_seconds(found)
        axes.plot(x, y, color=BLUE, linestyle="none", marker="o")
        if fit := line(x, y):
            ends = np.array([0, max(x)])
            axes.plot(ends, fit.slope * ends + fit.intercept, color=GREY, linewidth=1, zorder=1)
            axes.set_title(f"R² = {fit.r2:.4f}")
        axes.set_xlim(0, max(x) * 1.06)
        axes.set_ylim(0, max(y) * 1.1)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.set_xlabel(LABELS[what])
        axes.set_ylabel("seconds, whole process" if what == "runs" else "seconds of training")
    return figure
