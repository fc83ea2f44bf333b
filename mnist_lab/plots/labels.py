"""Places labels so that they do not overlap: in a column beside a panel, or around points within it.

Lengths are in any unit of the figure (inches, pixels), y upwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]

PASSES = 3  # in each, every label is placed again, given the places of the others
FARTHEST = 14  # a label is at most this many lines above or below its point
BESIDE = 0.8  # a label within this many lines of its point needs no leader
REACHES = np.array([0.6, 1.6, 3.0, 5.0, 8.0])  # how many lines to the right or left of its point a label may be

# What a place costs, in lines of distance from the point.
COVERED, WRITTEN_OVER = 100.0, 200.0  # per square of a line's height: of a marker or bar, of another label
OVER_MARKER, OVER_LABEL, OVER_BAR, CROSSING = 14.0, 14.0, 1.5, 14.0  # what the leader runs over
PASSING = 3.0  # a marker that the leader passes within `NEAR` lines
NEAR = 0.6
ON_THE_LEFT = 0.5
IMPOSSIBLE = 1e6


def column(targets: ArrayLike, pitch: float, low: float, high: float) -> Floats:
    """Return heights as near to `targets` as possible (least squares), in their order and at least `pitch` apart.

    They stay between `low` and `high` if there is room for all. Without the bounds, this is isotonic regression of the
    targets minus their multiples of the pitch.

    Args:
        targets: (n,) desired heights, ascending.
        pitch: the minimum distance from one to the next.
        low: the lowest height.
        high: the highest height.
    """
    from scipy.optimize import isotonic_regression

    wanted = np.asarray(targets, dtype=np.float64)
    shares = pitch * np.arange(len(wanted))
    free = isotonic_regression(wanted - shares).x
    return np.clip(free, low, max(low, high - pitch * (len(wanted) - 1))) + shares


@dataclass(frozen=True)
class Place:
    """The position of a label."""

    x: float
    """Position of the edge that faces the point."""
    y: float
    """Position of the middle."""
    to_the_right: bool
    """Whether the label is to the right of its point."""
    led: bool
    """Whether the label is so far off that a line should lead to it."""


def around(
    points: ArrayLike, widths: ArrayLike, height: float, *, markers: Sequence[Box], bars: Sequence[Box], panel: Box
) -> list[Place]:
    """Find a place for the label of each point: near it, to its right or left, clear of everything else.

    Every label takes the cheapest of a fixed set of places, starting at the most crowded point, in `PASSES` passes. A
    place costs its distance, and much more for what the label covers and its leader crosses.

    Args:
        points: (n, 2) positions.
        widths: (n,) widths of the labels.
        height: the height of each label.
        markers: (left, bottom, right, top) of all markers, including those of the points.
        bars: the boxes of thin lines, which leaders may cross if they must.
        panel: the box in which labels stay.
    """
    at, wide = np.asarray(points, dtype=np.float64).reshape(-1, 2), np.asarray(widths, dtype=np.float64)
    standing = np.array([*markers, *bars], dtype=np.float64).reshape(-1, 4)
    prices = np.repeat([OVER_MARKER, OVER_BAR], [len(markers), len(bars)])
    wide_berth = standing[: len(markers)] + NEAR * height * np.array([-1, -1, 1, 1])
    rows = min(FARTHEST, int(np.ceil((panel[3] - panel[1]) / height)))
    rises = height * 0.55 * np.arange(-2 * rows, 2 * rows + 1)
    side, reach, rise = (axis.ravel() for axis in np.meshgrid([1.0, -1.0], height * REACHES, rises, indexing="ij"))
    distance = np.hypot(reach, 1.5 * rise) / height + ON_THE_LEFT * (side < 0)
    led = np.hypot(reach, rise) > BESIDE * height

    near = np.abs(at[:, None, 1] - at[None, :, 1]) < 3 * height
    near &= np.abs(at[:, None, 0] - at[None, :, 0]) < wide.max(initial=0.0)
    order = sorted(range(len(at)), key=lambda i: (-int(near[i].sum()), -at[i, 1], at[i, 0]))
    taken: dict[int, Floats] = {}
    """The box of each placed label, and where its leader ends."""
    found: dict[int, Place] = {}
    for i in order * PASSES:
        taken.pop(i, None)
        others = np.array(list(taken.values())).reshape(-1, 6)
        labels, leaders = others[:, :4], np.stack([at[list(taken)], others[:, 4:]], axis=1)
        end = at[i] + np.stack([side * reach, rise], axis=-1)
        far = end[:, 0] + side * wide[i]
        boxes = np.stack([np.minimum(end[:, 0], far), end[:, 1] - height / 2,
                          np.maximum(end[:, 0], far), end[:, 1] + height / 2], axis=-1)  # fmt: skip
        lines = np.stack([np.broadcast_to(at[i], end.shape), end], axis=1)
        over = (prices * _through(lines, standing, 0.4 * height)).sum(axis=1)
        over += PASSING * _through(lines, wide_berth, 1.5 * height).sum(axis=1)
        over += OVER_LABEL * _through(lines, labels, 0.0).sum(axis=1) + CROSSING * _crossings(lines, leaders)
        cost = distance + led * over + OVER_LABEL * _through(leaders, boxes, 0.0).sum(axis=0)
        cost += (COVERED * _covered(boxes, standing) + WRITTEN_OVER * _covered(boxes, labels)) / height**2
        cost += IMPOSSIBLE * ((boxes[:, :2] < panel[:2]) | (boxes[:, 2:] > panel[2:])).any(axis=1)
        best = int(np.argmin(cost))
        taken[i] = np.concatenate([boxes[best], end[best]])
        found[i] = Place(float(end[best, 0]), float(end[best, 1]), bool(side[best] > 0), bool(led[best]))
    return [found[i] for i in range(len(at))]


def _covered(boxes: Floats, others: Floats) -> Floats:
    """Return the area of the others, (m, 4), that each box, (n, 4), covers: (n,)."""
    low = np.maximum(boxes[:, None, :2], others[:, :2])
    high = np.minimum(boxes[:, None, 2:], others[:, 2:])
    return np.maximum(high - low, 0).prod(axis=-1).sum(axis=1)


def _through(segments: Floats, boxes: Floats, after: float) -> NDArray[np.bool_]:
    """Return which segments, (n, 2, 2), run through which boxes, (m, 4), later than `after` from their start: (n, m).

    Along each axis, part of the segment is between the box's two sides; it is inside where both parts overlap.
    """
    start, along = segments[:, None, 0], segments[:, None, 1] - segments[:, None, 0]
    along = np.where(np.abs(along) < 1e-9, 1e-9, along)
    parts = np.stack([boxes[:, :2] - start, boxes[:, 2:] - start]) / along
    enters = np.maximum(parts.min(axis=0).max(axis=-1), after / np.hypot(along[..., 0], along[..., 1]))
    return enters < np.minimum(parts.max(axis=0).min(axis=-1), 1.0)


def _crossings(segments: Floats, others: Floats) -> Floats:
    """Return how many of the other segments each crosses."""
    a, b = segments[:, None, 0], segments[:, None, 1]
    c, d = others[None, :, 0], others[None, :, 1]

    def turn(p: Floats, q: Floats, r: Floats) -> Floats:
        return (q[..., 0] - p[..., 0]) * (r[..., 1] - p[..., 1]) - (q[..., 1] - p[..., 1]) * (r[..., 0] - p[..., 0])

    crossed = (turn(a, b, c) * turn(a, b, d) < 0) & (turn(c, d, a) * turn(c, d, b) < 0)
    return crossed.sum(axis=1).astype(np.float64)
