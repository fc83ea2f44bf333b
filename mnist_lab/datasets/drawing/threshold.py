"""The strength from which a pixel counts as ink.

Source: N. Otsu, "A threshold selection method from gray-level histograms", IEEE Transactions on Systems, Man, and
Cybernetics 9 (1979), 62-66, applied to what exceeds the unevenness of the paper.
"""

import numpy as np

from mnist_lab.datasets.drawing.background import Values

EDGE = 0.1
"""The share of the ink's strength from which a pixel belongs to the drawing."""
FAINTEST = 24
"""The least strength of ink, of 255; anything weaker is unevenness of the paper."""


def unevenness(strength: Values) -> float:
    """Return the strength that paper does not reach: its median plus four standard deviations, from the palest pixels.

    If paper fills 60 % of the picture, the picture's 30th percentile is the paper's median and its 3rd percentile the
    paper's 5th, which in a normal distribution is 1.64 standard deviations below the median.
    """
    low, middle = np.percentile(strength, (3, 30))
    return float(middle + 4 * (middle - low) / 1.64)


def level_above(strength: Values, floor: float) -> float | None:
    """Otsu's threshold for strengths above the floor; None if nothing stands out."""
    above = strength[strength > floor]
    if not len(above) or above.max() < max(FAINTEST, 1.5 * floor):
        return None
    counts, edges = np.histogram(above, bins=128)
    middles = (edges[1:] + edges[:-1]) / 2
    below, total = np.cumsum(counts)[:-1], np.cumsum(counts * middles)
    rest = len(above) - below
    between = below * rest * (total[:-1] / np.maximum(below, 1) - (total[-1] - total[:-1]) / np.maximum(rest, 1)) ** 2
    return max(float(edges[1 + int(between.argmax())]), FAINTEST / 2) if between.any() else float(above.min()) / 2
