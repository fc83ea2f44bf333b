"""What a network's size buys: test accuracy against the number of parameters."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, TypedDict

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from mnist_lab.plots import labels
from mnist_lab.plots.accuracy_axis import accuracy_axis
from mnist_lab.plots.overview import FONT, HEIGHT, WIDTH, Style, drawn, panel, short, written
from mnist_lab.plots.style import BLUE, GREY, INK, headline, new_figure, styled

APART, GAP = 0.062, 0.05  # inches between points side by side, and between bars above each other
TEXT = 0.13  # inches: the height of a label
REACH = 3.0  # a published error this many times above or below all of ours would squeeze the panel

OURS: Style = {"color": BLUE, "marker": "o", "markersize": 4.8, "mec": "white", "mew": 0.5}
BASE: Style = dict(OURS, marker="D", color=INK)
PUBLISHED: Style = {
    "color": GREY, "linestyle": "none", "marker": "o", "markersize": 4.4, "mew": 0.8, "mfc": "white"
}  # fmt: skip


class Point(TypedDict):
    """One experiment; accuracies are fractions of 1."""

    name: str
    parameters: int
    accuracy: float
    low: float
    high: float
    seeds: int
    """How many runs `accuracy` is the mean of. With one, `low` and `high` are the 95 % interval for the choice of test
    images (Wilson); with several, the mean less and plus one standard deviation."""


class Spot(NamedTuple):
    """Where a point is drawn, in inches of the figure."""

    x: float
    y: float
    low: float
    high: float


@styled
def accuracy_against_parameters(
    points: Sequence[Point],
    *,
    title: str,
    reference: Mapping[str, float] | None = None,
    bases: Collection[str] = (),
) -> Figure:
    """Test accuracy of every experiment, with its interval, against its number of parameters.

    Points whose bars would cover each other stand side by side. A published accuracy is an open marker at its
    experiment's place; one that would squeeze all the others is written in the corner instead.

    Args:
        points: the experiments.
        title: one line about the comparison; long ones are wrapped.
        reference: published test accuracy by the experiment's name, where it is known.
        bases: the experiments that others are compared against.
    """
    figure = new_figure(WIDTH, HEIGHT + 0.1 * max(0, min(len(points), 40) - 14), layout="none")
    headline(figure, title)
    axes = panel(figure)
    known = {point["name"]: value for point in points if (value := (reference or {}).get(point["name"])) is not None}
    near = _within_reach(points, known)
    ours = [value for point in points for value in (point["low"], point["accuracy"], point["high"])]
    _parameter_axis(axes, [point["parameters"] for point in points])
    accuracy_axis(axes, np.array([*ours, *near.values()], dtype=np.float64), "test accuracy")

    spots = _side_by_side(axes, points)
    markers: list[labels.Box] = []
    bars: list[labels.Box] = []
    for point, spot in zip(points, spots, strict=True):
        look = BASE if point["name"] in bases else OURS
        width = 0.9 if point["seeds"] == 1 else 1.8
        drawn(figure, [spot.x] * 2, [spot.low, spot.high], {"color": look["color"], "linewidth": width, "alpha": 0.75})
        drawn(figure, [spot.x], [spot.y], look, zorder=5)
        markers.append(_square(spot.x, spot.y))
        bars.append((spot.x - 0.025, spot.low, spot.x + 0.025, spot.high))
        if point["name"] in near:
            y = _inches(axes, 1, near[point["name"]])[1]
            drawn(figure, [spot.x] * 2, [spot.y, y], {"color": GREY, "linewidth": 0.6, "linestyle": ":"})
            drawn(figure, [spot.x], [y], PUBLISHED, zorder=4)
            markers.append(_square(spot.x, y))
            bars.append((spot.x - 0.02, min(spot.y, y), spot.x + 0.02, max(spot.y, y)))
    if far := [f"{short(name)} {value:.4f}" for name, value in known.items() if name not in near]:
        text = f"outside: published {', '.join(far[:3])}{' …' if far[3:] else ''}"
        note = axes.text(0.01, 0.012, text, transform=axes.transAxes, color=GREY, fontsize=FONT)
        box = note.get_window_extent()
        markers.append((box.x0 / figure.dpi, box.y0 / figure.dpi, box.x1 / figure.dpi, box.y1 / figure.dpi))
    _write_names(axes, points, spots, bases, markers, bars)
    _write_key(figure, points, bases, published=bool(near))
    return figure


def _within_reach(points: Sequence[Point], published: Mapping[str, float]) -> dict[str, float]:
    """The published accuracies that fit into a panel about ours."""
    errors = [max(1 - value, 1e-4) for point in points for value in (point["low"], point["high"])]
    most, least = max(errors, default=1.0) * REACH, min(errors, default=0.0) / REACH
    return {name: value for name, value in published.items() if least <= max(1 - value, 1e-4) <= most}


def _parameter_axis(axes: Axes, counts: Sequence[int]) -> None:
    low, high = max(1, min(counts, default=1)), max(1, *counts, 1)
    room = max(1.6, (high / low) ** 0.16)
    axes.set_xscale("log")
    axes.set_xlim(low / room, high * room)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 150 * low else (1,), numticks=12))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _count(value)))
    axes.set_xlabel("parameters (log scale; equal counts stand side by side)")


def _count(value: float) -> str:
    """A round number of parameters: `50`, `20k`, `1M`."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


def _side_by_side(axes: Axes, points: Sequence[Point]) -> list[Spot]:
    """A spot for each point, moved to the side as far as it takes for its bar not to cover another's."""
    spots = []
    for point in points:
        x, y = _inches(axes, point["parameters"], point["accuracy"])
        spots.append(Spot(x, y, _inches(axes, 1, point["low"])[1], _inches(axes, 1, point["high"])[1]))
    moved: dict[int, Spot] = {}
    for i in sorted(range(len(spots)), key=lambda i: (-spots[i].y, i)):
        spot = spots[i]
        beside = [other.x for other in moved.values() if other.low < spot.high + GAP and spot.low - GAP < other.high]
        steps = (sign * k * APART for k in range(2 * len(spots) + 1) for sign in (1, -1))
        free = (spot.x + step for step in steps if all(abs(spot.x + step - x) > 0.9 * APART for x in beside))
        moved[i] = spot._replace(x=next(free))
    return [moved[i] for i in range(len(spots))]


def _write_names(
    axes: Axes,
    points: Sequence[Point],
    spots: Sequence[Spot],
    bases: Collection[str],
    markers: Sequence[labels.Box],
    bars: Sequence[labels.Box],
) -> None:
    figure = axes.get_figure(root=True)
    assert figure is not None
    ranked = sorted(points, key=lambda point: (-point["accuracy"], point["name"]))
    names = written([point["name"] for point in ranked], bases)
    chosen = [(point["name"], spot) for point, spot in zip(points, spots, strict=True) if point["name"] in names]
    texts = [
        figure.text(
            0, 0, short(name), fontsize=FONT, transform=figure.dpi_scale_trans, va="center_baseline",
            weight="bold" if name in bases else "normal",
        )
        for name, _ in chosen
    ]  # fmt: skip
    widths = [text.get_window_extent().width / figure.dpi for text in texts]
    box = axes.get_window_extent()
    edge = figure.get_size_inches()[0] - 0.03
    room = (box.x0 / figure.dpi, box.y0 / figure.dpi, edge, box.y1 / figure.dpi)
    at = [(spot.x, spot.y) for _, spot in chosen]
    places = labels.around(at, widths, TEXT, markers=markers, bars=bars, panel=room)
    for (x, y), text, place in zip(at, texts, places, strict=True):
        text.set(x=place.x, y=place.y, ha="left" if place.to_the_right else "right")
        if place.led:
            end = place.x - 0.02 if place.to_the_right else place.x + 0.02
            drawn(figure, [x, end], [y, place.y], {"color": GREY, "linewidth": 0.5, "zorder": 1})


def _write_key(figure: Figure, points: Sequence[Point], bases: Collection[str], *, published: bool) -> None:
    """What the markers and bars mean."""
    handles = []
    if several := sorted({point["seeds"] for point in points if point["seeds"] > 1}):
        seeds = f"{several[0]}" if len(several) == 1 else f"{several[0]} to {several[-1]}"
        handles.append(Line2D([], [], **OURS, linewidth=1.8, label=f"mean ± standard deviation, {seeds} seeds"))
    if any(point["seeds"] == 1 for point in points):
        handles.append(Line2D([], [], **OURS, linewidth=0.9, label="one seed, 95 % Wilson interval"))
    if any(point["name"] in bases for point in points):
        handles.append(Line2D([], [], **BASE, linestyle="none", label="base"))
    if published:
        handles.append(Line2D([], [], **PUBLISHED, label="published"))
    if handles:
        figure.legend(
            handles=handles, loc="lower left", bbox_to_anchor=(0.006, 0), ncols=len(handles), handlelength=1.4
        )


def _inches(axes: Axes, parameters: float, accuracy: float) -> tuple[float, float]:
    figure = axes.get_figure(root=True)
    assert figure is not None
    x, y = axes.transData.transform((max(1, parameters), accuracy)) / figure.dpi
    return float(x), float(y)


def _square(x: float, y: float) -> labels.Box:
    return (x - 0.045, y - 0.045, x + 0.045, y + 0.045)
