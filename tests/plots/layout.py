"""Where the words of a figure stand, as its renderer sees it."""

from itertools import combinations

from matplotlib.text import Text

SLACK = 1.0  # pixels by which boxes may touch: they are a little larger than the letters


def words(figure):
    """Every text that is drawn, with its box in pixels (left, bottom, right, top)."""
    figure.draw_without_rendering()
    return [
        (text.get_text(), text.get_window_extent().extents)
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and _shown(text)
    ]


def overlaps(figure):
    """Pairs of texts of which one covers the other."""
    return [
        (one, other)
        for (one, a), (other, b) in combinations(words(figure), 2)
        if min(a[2], b[2]) - max(a[0], b[0]) > SLACK and min(a[3], b[3]) - max(a[1], b[1]) > SLACK
    ]


def outside(figure):
    """Texts that are not wholly within the figure."""
    width, height = figure.bbox.size
    return [
        text
        for text, (left, bottom, right, top) in words(figure)
        if left < -SLACK or bottom < -SLACK or right > width + SLACK or top > height + SLACK
    ]


def _shown(text):
    """Whether it is no label of a tick that lies outside its axis' limits, which Matplotlib keeps but does not draw."""
    axes = text.axes
    if axes is None:
        return True
    for axis in (axes.xaxis, axes.yaxis):
        ticks = axis.get_major_ticks() + axis.get_minor_ticks()
        if any(text in (tick.label1, tick.label2) for tick in ticks):
            drawn = axis._update_ticks()
            return any(text in (tick.label1, tick.label2) for tick in drawn)
    return True
