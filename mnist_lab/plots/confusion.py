"""The confusion matrix: how often each class is predicted as each other."""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from mnist_lab.plots.style import FAINT, GREY, HEIGHT, INK, WIDTH, headline, new_figure, styled
from mnist_lab.plots.wrapping import fitted, text_width

# Nearly white to a dark vermilion: darker means more, in greyscale print too.
ERRORS = LinearSegmentedColormap.from_list("errors", ["#FFF3EA", "#F2A26B", "#D55E00", "#7F3400"])
RIGHT = ListedColormap(["#E8EEF3"])
RUST = "#A34700"
LONGEST = 0.95  # the most inches that the name of a class takes


@styled
def confusion(matrix: ArrayLike, classes: Sequence[str], *, title: str) -> Figure:
    """Draw the counts of true (rows) against predicted (columns) classes; `matrix` is (k, k).

    Only errors are coloured, on their own scale: in a good model the diagonal is a hundred times larger and
    would leave nothing else to see. Cells without images stay empty. The last column counts each class's errors.
    The figure grows with the classes, so that the counts stay readable at full size.
    """
    counts = np.asarray(matrix)
    k = len(counts)
    on_diagonal = np.eye(k, dtype=bool)
    errors = np.where(on_diagonal, 0, counts)
    wrong, total, most = int(errors.sum()), int(counts.sum()), int(errors.max(initial=1))

    scale = max(1.0, k / 22)
    figure = new_figure(WIDTH * scale, HEIGHT * scale)
    axes = figure.add_subplot()
    axes.imshow(np.ma.masked_equal(errors, 0), cmap=ERRORS, vmin=0, vmax=most, aspect="auto")
    axes.imshow(np.ma.masked_where(~on_diagonal, on_diagonal), cmap=RIGHT, aspect="auto")
    edges = np.arange(k + 1) - 0.5
    axes.hlines(edges, -0.5, k - 0.5, color=FAINT, linewidth=0.6)
    axes.vlines(edges, -0.5, k - 0.5, color=FAINT, linewidth=0.6)

    size = min(9.0, 90 / k * scale)
    for row, column in np.argwhere(counts > 0):
        ink = GREY if row == column else "white" if errors[row, column] > 0.45 * most else INK
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", fontsize=size, color=ink)

    names = [fitted(name, LONGEST, size) for name in classes]
    long = max(text_width(name, size) for name in names) > 0.8 * WIDTH * scale / k - 0.05
    axes.set_xticks(range(k), names)
    if long:
        slant = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"} if k <= 12 else {"rotation": 90}
        for label in axes.get_xticklabels():
            label.set(**slant)
    axes.set_yticks(range(k), names)
    totals = axes.secondary_yaxis("right")
    totals.set_yticks(range(k), [str(n or "") for n in errors.sum(axis=1)])
    for each in (axes, totals):
        each.tick_params(length=0, labelsize=size)
        each.spines[:].set_visible(False)
    axes.grid(visible=False)
    axes.set_xlabel("predicted", fontsize=9.5 * sqrt(scale))
    axes.set_ylabel("true", fontsize=9.5 * sqrt(scale))
    totals.tick_params(labelcolor=RUST)
    totals.set_ylabel("wrong", fontsize=9.5 * sqrt(scale), color=RUST)
    accuracy = (total - wrong) / total
    headline(figure, f"{title}: {wrong:,} of {total:,} wrong (accuracy {accuracy:.4f})", scale=sqrt(scale))
    return figure
