"""How much each parameter of a search matters."""

from collections.abc import Mapping

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from mnist_lab.plots.overview import WIDTH, above_panel
from mnist_lab.plots.style import BLUE, axes_at, set_height, styled, titled
from mnist_lab.plots.wrapping import fitted, text_width

BAR, FONT, NAMES, BELOW = 0.3, 9.0, 2.6, 0.52  # inches; points for the font


@styled
def importance(shares: Mapping[str, float], *, title: str) -> Figure:
    """Draw a bar for each parameter, the most important on top; the `shares` sum to 1."""
    ranked = sorted(shares.items(), key=lambda one: (-one[1], one[0]))
    names = [fitted(name, NAMES, FONT) for name, _ in ranked]
    left = max((text_width(name, FONT) for name in names), default=0.0) + 0.2
    figure = titled(title, WIDTH)
    top, high = above_panel(figure), BAR * len(ranked) + 0.1
    set_height(figure, top + high + BELOW)
    axes = axes_at(figure, left, top, WIDTH - left - 0.6, high)
    bars = axes.barh(range(len(ranked)), [share for _, share in ranked], height=0.62, color=BLUE)
    axes.bar_label(bars, [f"{100 * share:.0f} %" for _, share in ranked], padding=4, fontsize=FONT)
    axes.set_yticks(range(len(ranked)), names)
    axes.set(ylim=(len(ranked) - 0.5, -0.5), xlim=(0, max(0.05, *shares.values())), xlabel="relative importance")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    axes.grid(visible=False)
    axes.tick_params(axis="y", length=0)
    return figure
