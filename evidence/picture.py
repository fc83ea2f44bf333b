"""The differences in the ablation as one figure: ours with intervals, and the published ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from evidence.comparison import Comparison
from evidence.writeups import short
from mnist_lab.analysis.verdicts import Kind
from mnist_lab.plots.style import BLUE, FAINT, GREY, INK, ORANGE, axes_at, styled, titled
from mnist_lab.plots.wrapping import fitted
from mnist_lab.reports import wording
from mnist_lab.text.quantities import count

NAME = "differences.png"
EDGE = 0.75
"""Percentage points beyond which a difference is written at the edge instead of drawn: most are far smaller."""
BELOW = 0.3
"""Fraction of a row by which the published difference is drawn below ours."""
COLOURS = {Kind.BETTER: BLUE, Kind.WORSE: ORANGE}
"""Without a significant difference from the base: grey."""


@dataclass(frozen=True)
class Bar:
    """One experiment against the base; differences of test accuracy in percentage points."""

    changed: str
    """What it changes against the base."""
    mean: float
    interval: tuple[float, float] | None
    kind: Kind
    published: float | None


def _bars(compared: Comparison) -> list[Bar]:
    """Return the experiments of a write-up that have a base and share a seed with it, the best first."""
    published = {row.experiment.name: row.test.accuracy for row in compared.rows}
    found = []
    for row in compared.done:
        entry, experiment = row.entry, row.experiment
        verdict = entry and entry.verdict
        if verdict is None or verdict.paired is None:
            continue
        ours, base = published[experiment.name], published.get(experiment.base or "")
        ends = verdict.paired.interval
        found.append(
            Bar(
                experiment.changed,
                100 * verdict.paired.mean,
                ends and (100 * ends[0], 100 * ends[1]),
                verdict.kind,
                None if ours is None or base is None else 100 * (ours - base),
            )
        )
    return sorted(found, key=lambda bar: -bar.mean)


@styled
def ablation_figure(compared: Sequence[Comparison]) -> Figure:
    """Return the figure of the ablation: one row per experiment, the best on top.

    Each has a dot and its 95 % confidence interval, and a diamond for the published difference.
    """
    one = next(one for one in compared if one.writeup.folder == "ablation")
    some, base, seeds = _bars(one), short(one.rows[0].experiment.name), max(row.n for row in one.rows)
    figure = titled(f"What each change does to the test accuracy of {base}", 7.5, 1.35 + 0.27 * len(some))
    width, height = figure.get_size_inches()
    axes = axes_at(figure, 2.95, 0.37, width - 3.1, height - 1.15)
    axes.set(xlim=(-EDGE, EDGE), ylim=(len(some) - 0.4, -0.6), yticks=[])
    interval = "95 % confidence interval over " if any(bar.interval for bar in some) else ""
    axes.set_xlabel(f"difference (percentage points), {interval}{count(seeds, 'seed')}", loc="right")
    axes.grid(visible=False)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.spines["left"].set_visible(False)
    for y, bar in enumerate(some):
        axes.axhline(y, color=FAINT, linewidth=0.6, zorder=0)
        _name(axes, y, bar)
        _draw(axes, y, bar)
    legend = dict.fromkeys((COLOURS.get(bar.kind, GREY), str(bar.kind)) for bar in some)
    handles = [Line2D([], [], color=colour, marker="o", linewidth=1.6, label=label) for colour, label in legend]
    handles.append(Line2D([], [], color=INK, marker="D", mfc="white", linewidth=0, label="published (one run)"))
    figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.006, 0), ncols=4)
    return figure


def _name(axes: Axes, y: int, bar: Bar) -> None:
    place = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center"}
    text = fitted(bar.changed.replace("->", "\u2192"), 2.75, 8.8, lines=2)
    size = 8.8 if "\n" not in text else 7.6
    axes.annotate(text, (0, y), (-8, 0), ha="right", fontsize=size, linespacing=0.95, annotation_clip=False, **place)


def _draw(axes: Axes, y: int, bar: Bar) -> None:
    colour = COLOURS.get(bar.kind, GREY)
    if bar.published is not None and abs(bar.published) < EDGE:
        axes.plot(bar.published, y + BELOW, marker="D", color=INK, mfc="white", markersize=3.8, zorder=2)
    if abs(bar.mean) < EDGE:
        if bar.interval:
            axes.plot([max(-EDGE, bar.interval[0]), min(EDGE, bar.interval[1])], [y, y], color=colour, linewidth=1.8)
        axes.plot(bar.mean, y, marker="o", color=colour, markersize=5, zorder=3)
        return
    side = 1 if bar.mean > 0 else -1
    beside = "" if bar.published is None else f" (published {wording.signed(bar.published)})"
    axes.plot(side * EDGE * 0.985, y, marker=">" if side > 0 else "<", color=colour, markersize=5.5, clip_on=False)
    text = f"{wording.signed(bar.mean)}{beside}".replace("-", "\u2212")  # as on the ticks
    axes.annotate(
        text, (side * EDGE, y), (-side * 10, 0), textcoords="offset points",
        ha="right" if side > 0 else "left", va="center", fontsize=8.8, color=INK,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
    )  # fmt: skip
