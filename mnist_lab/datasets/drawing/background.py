"""Measures ink relative to the paper or board behind it.

The background is found by greyscale closing by reconstruction: L. Vincent, "Morphological grayscale reconstruction in
image analysis", IEEE Transactions on Image Processing 2 (1993), 176-201. A camera records reflectance times
illumination (R. C. Gonzalez, R. E. Woods, "Digital Image Processing", section 2.3), so dark ink is measured as a share
of the brightness of the paper around it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Values = NDArray[np.float32]

_WIDEST_STROKE = 1 / 3, 40  # of the shorter side, and the least in pixels; anything wider is background
_DARKEST = 64  # paper darker than this counts as this bright, or noise would be ink
_LEAST_INK = 0.001  # the least share of a picture's pixels that are ink


@dataclass(frozen=True)
class Sheet:
    """A picture measured against its background: arrays (height, width)."""

    strength: Values
    """Difference of each pixel from the background, 0 to 255."""
    paper: Values
    """Brightness of the background, 0 to 255."""


def sheets(seen: Values) -> tuple[Sheet, Sheet]:
    """Measure a picture (height, width, channels) for dark ink on light, and for light ink on dark."""
    # The background of light strokes is that of dark ones in the negative.
    channels = seen.shape[2]
    background = _background(np.concatenate([seen, 255 - seen], axis=2))
    paper, board = background[..., :channels], 255 - background[..., channels:]
    # Dark ink is the share of the paper's light that is missing, light ink the difference from a dark board.
    missing: Any = (paper - seen) * (255 / np.maximum(paper, _DARKEST))
    return Sheet(_strongest(missing), paper.mean(axis=2)), Sheet(_strongest(seen - board), board.mean(axis=2))


def _strongest(ink: Values) -> Values:
    """Return the ink in the channel in which it is strongest at each pixel, of those that show it at all.

    In a channel that does not show it, ink may be lighter than the paper, as blue ink on yellow is, so the paper around
    it would count as ink.
    """
    peaks = np.quantile(ink, 1 - _LEAST_INK, axis=(0, 1))
    return ink[..., peaks >= peaks.max() / 2].max(axis=2)


def _background(values: Values) -> Values:
    """Return the background of dark strokes, (height, width, channels): closing by reconstruction.

    Closing with a square wider than any stroke fills the strokes, but also the corners of shadows, which the
    reconstruction then restores. Outside the picture it is dark, so that anything wide at its edge, such as a table,
    is background, too.
    """
    share, least = _WIDEST_STROKE
    side = max(least, round(share * min(values.shape[:2]))) | 1
    half = side // 2
    around = np.pad(values, ((half, half), (half, half), (0, 0)))
    widened = ndimage.maximum_filter(around, (side, side, 1), mode="constant")
    narrowed: Any = ndimage.minimum_filter(widened, (side, side, 1))
    return _reconstructed(np.maximum(narrowed[half:-half, half:-half], values), values)


def _reconstructed(marker: Values, mask: Values) -> Values:
    """Reconstruction by erosion: the marker sinks wherever a lower neighbour reaches it, though not below the mask.

    Sweeps in four directions, a whole line at a time, until nothing sinks by a grey level any more.
    """
    inside = slice(1, -1)
    result, floor = (np.pad(each, ((1, 1), (1, 1), (0, 0)), constant_values=np.inf) for each in (marker, mask))
    floors = np.ascontiguousarray(floor.swapaxes(0, 1)), floor
    while True:
        before = result
        for floor in floors:
            result = np.ascontiguousarray(result.swapaxes(0, 1))
            for lines in (range(1, len(result)), range(len(result) - 2, -1, -1)):
                last = result[lines[0] - lines.step]
                for line in lines:
                    low = np.minimum(np.minimum(last[:-2], last[1:-1]), last[2:])
                    last = result[line]
                    np.maximum(floor[line, inside], np.minimum(last[inside], low, out=low), out=last[inside])
        if np.max(before[inside, inside] - result[inside, inside]) < 1:
            return result[inside, inside]
