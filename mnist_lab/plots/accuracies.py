"""The validation accuracy of all experiments by epoch: in one panel, or as small multiples."""

from collections.abc import Mapping, Sequence
from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnist_lab.plots.lines import (
    BASES,
    LINE,
    LONG,
    LOOKS,
    Histories,
    Line,
    leaders,
    runs_said,
    widest_name,
    write_names,
)
from mnist_lab.plots.overview import HEIGHT, LEFT, WIDTH, Style, above_panel, note, panel, written
from mnist_lab.plots.panel import Floats, accuracy_axis, epoch_axis
from mnist_lab.plots.style import BLUE, GREY, INK, axes_at, set_height, styled, titled
from mnist_lab.plots.wrapping import fitted
from mnist_lab.text.quantities import count

EACH = 10  # one panel holds at most this many experiments
APART = 2  # at this ratio of longest to shortest or above, each gets its own panel

ARM: Style = {"color": BLUE, "linewidth": 1.6}
BASE: Style = {"color": INK, "linewidth": 1.6}
BESIDE: Style = {"color": INK, "linewidth": 0.9, "linestyle": LONG}
HEADING, TICKS, BETWEEN, FOOT = 0.36, 0.2, 0.14, 0.5  # inches
NAME, VALUE, LABEL = 7.6, 7.2, 8.0  # points


@styled
def all_accuracies(
    curves: Mapping[str, Histories], *, title: str, bases: Mapping[str, str] | None = None, over: str = "seeds"
) -> Figure:
    """Draw the validation accuracy of every experiment by epoch.

    Up to `EACH` experiments of about the same length share one panel; a list beside it names them, the best on top.
    If there are more, or some ran for `APART` times as many epochs as others, each gets its own panel, with its own
    epochs, a common accuracy axis, and its base dashed. Several runs of one experiment are drawn as their mean and a
    band from lowest to highest, at each epoch over those that reached it.

    Args:
        curves: the histories of each experiment's runs; each a mapping per epoch with `epoch` (from 1) and, if there is
            a validation set, `val_accuracy`, which may be NaN or None.
        bases: the name of the base, by the name of each experiment that has one.
        over: what the runs of one experiment differ in.
    """
    lines = [Line(name, runs) for name, runs in curves.items()]
    lengths = [line.last_epoch for line in lines if line.there]
    together = len(lines) <= EACH and max(lengths, default=1) < APART * min(lengths, default=1)
    return (_together if together else _apart)(lines, title, bases or {}, over)


def _together(lines: Sequence[Line], title: str, bases: Mapping[str, str], over: str) -> Figure:
    roots = _roots(bases)
    looks = dict(zip((line.name for line in lines if line.name not in roots), LOOKS, strict=False))
    known = sorted(line.name for line in lines if line.name in roots)
    looks |= {name: BASES[i % len(BASES)] for i, name in enumerate(known)}
    lines = sorted(lines, key=lambda line: (-line.rank, line.name))
    names = [line.label(looks[line.name], bold=line.name in roots) for line in lines]
    fan = leaders(len(lines))
    figure = titled(title, WIDTH + fan - leaders(0), max(HEIGHT, 1.15 + LINE * len(lines)))
    axes = panel(figure, right=fan + widest_name(names))
    epoch_axis(axes, max((line.last_epoch for line in lines), default=1), 12)
    accuracy_axis(axes, _all_values(lines), "validation accuracy")
    for line in reversed(lines):
        line.draw(axes, looks[line.name])
    write_names(figure, axes, names, fan)
    note(figure, _notes(lines, over, *_bold(bases, known)))
    return figure


def _apart(lines: Sequence[Line], title: str, bases: Mapping[str, str], over: str) -> Figure:
    by_name, roots = {line.name: line for line in lines}, _roots(bases)
    names = written([line.name for line in sorted(lines, key=lambda line: -line.rank)], roots)
    shown = [line for line in lines if line.name in names]
    families = _families(shown, bases)
    columns = min(5, max(3, ceil(len(shown) / 3)), max(map(len, families), default=1))
    wide = (WIDTH - LEFT - 0.12 - (columns - 1) * BETWEEN) / columns
    high = min(2.4, 0.62 * wide)
    weights = {line.name: "bold" if line.name in roots else "normal" for line in shown}
    titles = {one: fitted(one, wide + 0.7 * BETWEEN, NAME, weight=weight, lines=2) for one, weight in weights.items()}
    heading = HEADING + (NAME / 60 if any("\n" in name for name in titles.values()) else 0)
    row = heading + high + TICKS
    figure = titled(title, WIDTH)
    top = above_panel(figure) - 0.05
    hidden = [f"{left} of middling accuracy are not shown"] if (left := len(lines) - len(shown)) else []
    foot = FOOT + LINE * len(hidden)  # the note is then longer than a line
    height = top + row * sum(ceil(len(family) / columns) for family in families) + foot
    set_height(figure, height)
    for family in families:
        values, scale = _all_values(family), ""
        for place, line in enumerate(family):
            down, across = divmod(place, columns)
            axes = axes_at(figure, LEFT + across * (wide + BETWEEN), top + down * row + heading, wide, high)
            axes.tick_params(labelleft=across == 0)
            base = by_name.get(bases.get(line.name, ""))
            _panel(axes, line, base, values, wide, titles[line.name], is_root=line.name in roots)
            scale = " (log-error scale)" if axes.get_yscale() != "linear" else ""
        room = ceil(len(family) / columns) * row
        figure.text(
            0.22 / WIDTH, 1 - (top + (room + heading - TICKS) / 2) / height,
            fitted(f"validation accuracy{scale}", room - TICKS, LABEL, lines=2),
            fontsize=LABEL, rotation=90, ha="center", va="center",
        )  # fmt: skip
        top += room
    figure.text((LEFT + WIDTH) / 2 / WIDTH, (foot - 0.24) / height, "epoch", fontsize=LABEL, ha="center")

    based = any(bases.get(line.name, "") in by_name for line in shown)
    note(figure, _notes(shown, over, *(["dashed: its base"] if based else []), *hidden))
    return figure


def _panel(
    axes: Axes, line: Line, base: Line | None, values: Floats, wide: float, title: str, *, is_root: bool
) -> None:
    """Draw one experiment with its base, over its own epochs."""
    epoch_axis(axes, line.last_epoch, 4)
    accuracy_axis(axes, values, "")
    axes.set(xlabel="", ylabel="")
    axes.tick_params(labelsize=VALUE, length=2.5, pad=2)
    if base is not None and base.there:
        base.draw(axes, BESIDE, band=False, zorder=4)
    line.draw(axes, BASE if is_root else ARM, marker="o" if len(line.epochs) == 1 else "")
    over = {"textcoords": "offset points", "xycoords": "axes fraction", "annotation_clip": False, "va": "bottom"}
    axes.annotate(title, (0, 1), (0, 13), fontsize=NAME, weight="bold" if is_root else "normal", **over)
    said = f"{line.value}, {count(line.last_epoch, 'epoch')}" if line.there else "no validation"
    axes.annotate(fitted(said, wide, VALUE), (0, 1), (0, 3), fontsize=VALUE, color=GREY, **over)


def _bold(bases: Mapping[str, str], known: Sequence[str]) -> list[str]:
    """Return what bold says, if it is more than where a chain of comparisons begins."""
    if not known or set(bases.values()) != set(known):
        return []
    return ["bold: the base" if len(known) == 1 else "bold: the bases"]


def _notes(lines: Sequence[Line], over: str, *more: str) -> list[str]:
    """Return how to read the lines and the number beside each name."""
    runs = {line.runs for line in lines}
    return [runs_said(runs, over), *more, f"number: {'mean ' if max(runs, default=1) > 1 else ''}after the last epoch"]


def _all_values(lines: Sequence[Line]) -> Floats:
    return np.concatenate([[], *(edge for line in lines for edge in (line.low, line.high))])


def _roots(bases: Mapping[str, str]) -> set[str]:
    """Return the bases that have none themselves."""
    return {base for base in bases.values() if base not in bases}


def _families(lines: Sequence[Line], bases: Mapping[str, str]) -> list[list[Line]]:
    """Group each base with all experiments that lead back to it, in their order; the last group has those alone."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        root, seen = line.name, {line.name}
        while (base := bases.get(root)) is not None and base not in seen:
            root = base
            seen.add(base)
        found.setdefault(root, []).append(line)
    families = [family for family in found.values() if len(family) > 1]
    alone = [line for family in found.values() if len(family) == 1 for line in family]
    return [*families, *([alone] if alone else [])]
