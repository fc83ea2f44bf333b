"""Where the texts of a figure are, according to its renderer."""

import numpy as np
from matplotlib.axis import Axis
from matplotlib.text import Text

SLACK = 1.0  # pixels by which boxes may touch: they are a little larger than the letters


def words(figure):
    """Every text that is drawn, with its box in pixels (left, bottom, right, top)."""
    return [(text.get_text(), text.get_window_extent().extents) for text in _texts(figure)]


def overlaps(figure):
    """Pairs of texts of which one covers the other, without slanted ones, whose boxes overlap although they do not."""
    texts = _texts(figure)
    boxes = np.array([text.get_window_extent().extents for text in texts]).reshape(-1, 4)
    slanted = np.array([text.get_rotation() % 90 != 0 for text in texts], dtype=bool)
    low, high = np.maximum(boxes[:, None, :2], boxes[:, :2]), np.minimum(boxes[:, None, 2:], boxes[:, 2:])
    covered = ((high - low) > SLACK).all(axis=-1) & ~(slanted[:, None] & slanted)
    return [(texts[i].get_text(), texts[j].get_text()) for i, j in np.argwhere(np.triu(covered, 1))]


def outside(figure):
    """Texts that are not entirely within the figure."""
    width, height = figure.bbox.size
    return [
        text
        for text, (left, bottom, right, top) in words(figure)
        if left < -SLACK or bottom < -SLACK or right > width + SLACK or top > height + SLACK
    ]


def _texts(figure):
    """All visible texts, without the labels of ticks beyond an axis' limits, which are kept but not drawn."""
    figure.draw_without_rendering()
    hidden = set()
    for axis in figure.findobj(Axis):
        labels = [label for tick in (*axis.majorTicks, *axis.minorTicks) for label in (tick.label1, tick.label2)]
        drawn = {id(label) for tick in axis._update_ticks() for label in (tick.label1, tick.label2)}
        shown = drawn if axis.axes.axison and axis.get_visible() else set()
        hidden |= {id(label) for label in labels} - shown
    return [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and id(text) not in hidden
    ]
