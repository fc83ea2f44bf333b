"""The validation accuracy of all experiments by epoch: in one panel, or each in a panel of its own."""

from collections.abc import Collection, Mapping, Sequence
from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnist_lab.plots.accuracy_axis import Floats, accuracy_axis
from mnist_lab.plots.lines import (
    BASES,
    LINE,
    LONG,
    LOOKS,
    Histories,
    Line,
    leaders,
    seeds_said,
    widest_name,
    write_names,
)
from mnist_lab.plots.overview import FONT, HEIGHT, LEFT, WIDTH, Style, above_panel, panel, written
from mnist_lab.plots.panel import whole_epochs
from mnist_lab.plots.style import BLUE, GREY, INK, headline, new_figure, styled
from mnist_lab.plots.wrapping import fitted

EACH = 10  # up to so many experiments one panel holds
APART = 2  # from this ratio of the longest to the shortest experiment on they share no panel

ARM: Style = {"color": BLUE, "linewidth": 1.6}
BASE: Style = {"color": INK, "linewidth": 1.6}
BESIDE: Style = {"color": INK, "linewidth": 0.9, "linestyle": LONG}
COLUMNS = ((3, 3), (4, 2), (9, 3), (12, 4))  # up to so many panels stand in so many columns, more in `MOST_COLUMNS`
MOST_COLUMNS = 5
HEADING, TICKS, BETWEEN, FOOT = 0.36, 0.2, 0.14, 0.5  # inches
NAME, VALUE, LABEL = 7.6, 7.2, 8.0  # points


@styled
def all_accuracies(curves: Mapping[str, Histories], *, title: str, bases: Mapping[str, str] | None = None) -> Figure:
    """Validation accuracy by epoch of every experiment.

    Up to `EACH` experiments of about the same length share one panel; a list beside it names them, the best on top.
    More, or such as ran for `APART` times as many epochs as others, have a panel each, over epochs of its own and on
    the same accuracy axis, in which the experiment's base is dashed. Several runs of one experiment (its seeds) are
    drawn as their mean and a band from lowest to highest, at each epoch over those that reached it.

    Args:
        curves: for each experiment its runs' histories; each a mapping per epoch with `epoch` (from 1) and, where
            there is a validation set, `val_accuracy`, which may be NaN or None.
        title: one line about the comparison; long ones are wrapped.
        bases: what experiments are compared against: for the name of each that has a base the name of that.
    """
    lines = [Line(name, runs) for name, runs in curves.items()]
    lengths = [int(line.epochs[-1]) for line in lines if line.there]
    together = len(lines) <= EACH and max(lengths, default=1) < APART * min(lengths, default=1)
    return (_together if together else _apart)(lines, title, bases or {})


def _together(lines: Sequence[Line], title: str, bases: Mapping[str, str]) -> Figure:
    lines = sorted(lines, key=lambda line: (-line.rank, line.name))
    roots = _roots(bases)
    looks = _looks(lines, roots)
    fan = leaders(len(lines))
    figure = new_figure(WIDTH + fan - leaders(0), max(HEIGHT, 1.15 + LINE * len(lines)), layout="none")
    headline(figure, title)
    axes = panel(figure, right=fan + widest_name(figure, lines))

    last = max((int(line.epochs[-1]) for line in lines if line.there), default=1)
    margin = max(0.15, 0.02 * (last - 1))
    axes.set(xlabel="epoch", xlim=(1 - margin, last + margin))
    whole_epochs(axes, 1, last, 12)
    accuracy_axis(axes, _all_values(lines), "validation accuracy")
    for line in reversed(lines):
        _draw(axes, line, looks[line.name], markevery=line.every)
    bold = {line.name for line in lines if line.name in roots}
    write_names(figure, axes, lines, looks, fan, bold=bold)
    _note(figure, [seeds_said({line.runs for line in lines}), *(["bold: the base"] if bold else [])])
    return figure


def _apart(lines: Sequence[Line], title: str, bases: Mapping[str, str]) -> Figure:
    by_name, roots = {line.name: line for line in lines}, _roots(bases)
    names = written([line.name for line in sorted(lines, key=lambda line: -line.rank)], roots)
    shown = [line for line in lines if line.name in names]
    families = _families(shown, bases)
    columns = next((columns for most, columns in COLUMNS if len(shown) <= most), MOST_COLUMNS)
    columns = min(columns, max(map(len, families), default=1))
    rows = sum(ceil(len(family) / columns) for family in families)
    wide = (WIDTH - LEFT - 0.12 - (columns - 1) * BETWEEN) / columns
    high = min(2.4, 0.62 * wide)
    titles = {line.name: _name(line, wide, bold=line.name in roots) for line in shown}
    heading = HEADING + (NAME / 60 if any("\n" in name for name in titles.values()) else 0)
    figure = new_figure(WIDTH, 1, layout="none")
    headline(figure, title)
    above = above_panel(figure) - 0.05
    height = above + rows * (heading + high + TICKS) + FOOT
    figure.set_size_inches(WIDTH, height)
    figure.suptitle(
        figure.get_suptitle(), x=0.012, y=1 - 0.08 / height, va="top", ha="left", weight="bold", fontsize=10.5
    )
    top = above
    for family in families:
        logarithmic, values, deep = False, _all_values(family), ceil(len(family) / columns)
        for place, line in enumerate(family):
            row, column = divmod(place, columns)
            left, bottom = LEFT + column * (wide + BETWEEN), height - top - (row + 1) * (heading + high) - row * TICKS
            axes = figure.add_axes((left / WIDTH, bottom / height, wide / WIDTH, high / height))
            axes.tick_params(labelleft=column == 0)
            logarithmic = _panel(
                axes, line, by_name.get(bases.get(line.name, "")), values, wide, is_root=line.name in roots
            )
        scale = " (log-error scale)" if logarithmic else ""
        middle = top + deep * (heading + high + TICKS) / 2 + (heading - TICKS) / 2
        room = deep * (heading + high + TICKS) - TICKS
        figure.text(
            0.22 / WIDTH, 1 - middle / height, fitted(f"validation accuracy{scale}", room, LABEL, lines=2),
            fontsize=LABEL, rotation=90, ha="center", va="center",
        )  # fmt: skip
        top += deep * (heading + high + TICKS)
    figure.text((LEFT + WIDTH) / 2 / WIDTH, 0.26 / height, "epoch", fontsize=9.5, ha="center")

    notes = [seeds_said({line.runs for line in shown})]
    if any(bases.get(line.name, "") in by_name for line in shown):
        notes.append("dashed: the base of each")
    if len(shown) < len(lines):
        notes.append(f"{len(lines) - len(shown)} of middling accuracy are not shown")
    _note(figure, notes)
    return figure


def _panel(axes: Axes, line: Line, base: Line | None, values: Floats, wide: float, *, is_root: bool) -> bool:
    """One experiment with its base, over its own epochs; whether its accuracy axis is logarithmic in the error."""
    last = int(line.epochs[-1]) if line.there else 1
    margin = max(0.15, 0.03 * (last - 1))
    axes.set(xlim=(1 - margin, last + margin))
    whole_epochs(axes, 1, last, 4)
    accuracy_axis(axes, values, "")
    axes.set_ylabel("")
    axes.tick_params(labelsize=VALUE, length=2.5, pad=2)
    if base is not None and base.there:
        axes.plot(base.epochs, base.mean, **BESIDE, zorder=4)
    _draw(axes, line, BASE if is_root else ARM, marker="o" if len(line.epochs) == 1 else "")
    over = {"textcoords": "offset points", "xycoords": "axes fraction", "annotation_clip": False, "va": "bottom"}
    axes.annotate(
        _name(line, wide, bold=is_root), (0, 1), (0, 13), fontsize=NAME, weight="bold" if is_root else "normal", **over
    )
    said = line.value if line.there else "no validation"
    epochs = f", {last} epoch{'s' if last > 1 else ''}" if line.there else ""
    axes.annotate(fitted(f"{said}{epochs}", wide, VALUE), (0, 1), (0, 3), fontsize=VALUE, color=GREY, **over)
    return axes.get_yscale() != "linear"


def _name(line: Line, wide: float, *, bold: bool) -> str:
    return fitted(line.name, wide + 0.7 * BETWEEN, NAME, weight="bold" if bold else "normal", lines=2)


def _draw(axes: Axes, line: Line, look: Style, **more: object) -> None:
    if line.runs > 1:
        axes.fill_between(line.epochs, line.low, line.high, color=look["color"], alpha=0.13, linewidth=0)
    axes.plot(line.epochs, line.mean, zorder=3, **{**look, **more})


def _all_values(lines: Sequence[Line]) -> Floats:
    return np.concatenate([[], *(edge for line in lines for edge in (line.low, line.high))])


def _note(figure: Figure, notes: Sequence[str]) -> None:
    figure.text(0.012, 0.05 / figure.get_size_inches()[1], "; ".join(notes), fontsize=FONT, color=GREY)


def _looks(lines: Sequence[Line], roots: Collection[str]) -> dict[str, Style]:
    known = sorted(line.name for line in lines if line.name in roots)
    arms = [line.name for line in lines if line.name not in roots]
    looks = dict(zip(arms, LOOKS, strict=False))
    return looks | {name: BASES[i % len(BASES)] for i, name in enumerate(known)}


def _roots(bases: Mapping[str, str]) -> set[str]:
    """The bases that have none themselves."""
    return {base for base in bases.values() if base not in bases}


def _families(lines: Sequence[Line], bases: Mapping[str, str]) -> list[list[Line]]:
    """Each base with all that are compared against it or against each other, in their order; last what is alone."""
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
