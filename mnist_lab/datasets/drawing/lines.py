"""Removes the lines of ruled and squared paper: thin lines within six degrees of the picture's sides.

Source: R. O. Duda, P. E. Hart, "Use of the Hough transformation to detect lines and curves in pictures", Communications
of the ACM 15 (1972), 11-15.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mnist_lab.datasets.drawing.background import Values
from mnist_lab.datasets.drawing.parts import Mask, labelled, opened
from mnist_lab.datasets.drawing.threshold import level_above, unevenness

_LINE, _SINGLE_LINE = 0.4, 0.8  # the share of a side that each of several printed lines covers, or a single one
_LINE_WIDTH = 2, 0.015  # pixels, plus a share of the shorter side
_INK = 2  # ink that crosses printed lines is at least this many times as strong
_SMALLEST_RULED = 100  # pixels; a smaller picture shows a digit, not a sheet
_SLOPES = np.arange(-0.1, 0.1001, 0.0025)  # of printed lines, relative to the picture's sides


def without_printed_lines(strength: Values) -> tuple[Values, float, float | None, bool]:
    """Remove lines of ruled or squared paper; return strength, floor, threshold, and whether there were lines."""
    printed = False
    floor = unevenness(strength)
    level = level_above(strength, floor)
    for _ in range(2):  # with the strong lines gone there may be fainter ones
        if level is None:
            break
        lined = False
        for turned in (False, True):
            values = strength.T if turned else strength
            lines, wide = _printed_lines(values > level)
            if wide:
                lined = True
                lines &= values < _INK * np.median(values[lines])
                # Weaker ink that crosses a line continues above and below it.
                healed = ndimage.grey_closing(np.where(lines, 0, values), (2 * wide + 3, 1))
                values = np.where(lines, healed, values)
                strength = values.T if turned else values
        if not lined:
            break
        printed = True
        floor = unevenness(strength)
        level = level_above(strength, floor)
    return strength, floor, level, printed


def _printed_lines(mask: Mask) -> tuple[Mask, int]:
    """Return the pixels of thin, nearly horizontal lines across the picture, and the largest number of rows of one."""
    lines = np.zeros_like(mask)
    height, width = mask.shape
    if min(mask.shape) < _SMALLEST_RULED:
        return lines, 0
    pixels, share = _LINE_WIDTH
    thickest = round(pixels + share * min(mask.shape))
    thin = mask & ~opened(mask, thickest + 1)
    margin = int(_SLOPES[-1] * width) + 2

    def places(rows: NDArray[np.intp], columns: NDArray[np.intp], slope: float) -> NDArray[np.intp]:
        return np.rint(rows + slope * (columns - width / 2)).astype(np.intp) + margin

    thin_at = np.nonzero(thin)
    if len(thin_at[0]) < _LINE * width:
        return lines, 0
    votes = [np.bincount(places(thin_at[0], thin_at[1], slope), minlength=height + 2 * margin) for slope in _SLOPES]
    best = int(np.argmax([np.square(counts, dtype=np.float64).sum() for counts in votes]))
    runs = labelled(votes[best] > _LINE * width)
    found = [run for (run,) in ndimage.find_objects(runs) if run.stop - run.start <= thickest]
    if len(found) < 3:
        found = [run for run in found if votes[best][run].max() > _SINGLE_LINE * width]
    chosen = np.zeros(len(votes[best]), bool)
    for run in found:
        chosen[max(0, run.start - 2) : run.stop + 2] = True
    at = np.nonzero(mask)
    lines[at] = chosen[places(at[0], at[1], _SLOPES[best])]
    return lines, max((run.stop - run.start + 4 for run in found), default=0)
