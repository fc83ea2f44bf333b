"""Where labels stand, so that none covers another: in a column beside a panel, or around points within it.

Lengths are in any unit of the figure (inches, pixels), y upwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]

SWEEPS = 3  # passes in which each label may move again, now that the others stand
FARTHEST = 14  # lines up or down that a label may be from its point
BESIDE = 0.8  # lines from its point up to which a label needs no leader

# What a place costs, in lines of distance from the point.
COVERED, WRITTEN_OVER = 100.0, 200.0  # for each square of a line's height of a marker or bar, of another label
OVER_MARKER, OVER_LABEL, OVER_BAR, CROSSING = 14.0, 14.0, 1.5, 6.0  # what the leader runs over
ON_THE_LEFT = 0.5
IMPOSSIBLE = 1e6


def column(targets: ArrayLike, pitch: float, low: float, high: float) -> Floats:
    """Heights as near to `targets` as can be (least squares), in their order and at least `pitch` apart.

    They stay within `low` to `high` where there is room for all. Without the bounds this is isotonic regression of
    targets less their share of the pitch, solved by pooling adjacent violators.

    Args:
        targets: (n,) wanted heights, ascending.
        pitch: the least distance.
        low: the least height.
        high: the greatest height.
    """
    wanted = np.asarray(targets, dtype=np.float64)
    shares = pitch * np.arange(len(wanted))
    pools: list[tuple[float, int]] = []
    for value in wanted - shares:
        mean, size = float(value), 1
        while pools and pools[-1][0] > mean:
            before, count = pools.pop()
            mean, size = (mean * size + before * count) / (size + count), size + count
        pools.append((mean, size))
    free = np.repeat(np.array([mean for mean, _ in pools], dtype=np.float64), [size for _, size in pools])
    return np.clip(free, low, max(low, high - pitch * (len(wanted) - 1))) + shares


@dataclass(frozen=True)
class Boxes:
    """Axis-parallel rectangles, (n,) of each side."""

    left: Floats
    bottom: Floats
    right: Floats
    top: Floats

    @classmethod
    def of(cls, boxes: Sequence[Box]) -> "Boxes":
        """From (left, bottom, right, top) each."""
        return cls(*np.asarray(boxes, dtype=np.float64).reshape(-1, 4).T)

    @classmethod
    def beside(cls, edge: ArrayLike, middle: ArrayLike, side: ArrayLike, width: ArrayLike, height: float) -> "Boxes":
        """From the edge that faces the point (`side` is 1 to the right of it, -1 to the left) outwards."""
        near, y = np.asarray(edge, dtype=np.float64), np.asarray(middle, dtype=np.float64)
        far = near + np.asarray(side) * np.asarray(width)
        return cls(np.minimum(near, far), y - height / 2, np.maximum(near, far), y + height / 2)


@dataclass(frozen=True)
class Place:
    """Where a label stands."""

    x: float
    """Of the edge that faces its point."""
    y: float
    """Of its middle."""
    to_the_right: bool
    """Whether it stands to the right of its point."""
    led: bool
    """Whether it is so far off that a line should lead to it."""


def around(
    points: ArrayLike, widths: ArrayLike, height: float, *, markers: Sequence[Box], bars: Sequence[Box], panel: Box
) -> list[Place]:
    """A place for the label of each point: near it, to its right or left, clear of everything else.

    Every label takes the cheapest of a fixed set of places, the most crowded point's first, then each again with the
    others standing. A place costs its distance, and much more what its label covers and its leader runs over.

    Args:
        points: (n, 2) positions.
        widths: (n,) widths of the labels.
        height: of each label.
        markers: (left, bottom, right, top) of all markers, those of the points among them.
        bars: the same of thin lines, which leaders may cross if they must.
        panel: the same of the area that labels stay in.

    Returns:
        A place for each point.
    """
    at, wide = np.asarray(points, dtype=np.float64).reshape(-1, 2), np.asarray(widths, dtype=np.float64)
    marked, barred = Boxes.of(markers), Boxes.of(bars)
    rows = min(FARTHEST, int(np.ceil((panel[3] - panel[1]) / height)))
    heights = height * 0.55 * np.arange(-2 * rows, 2 * rows + 1)
    reaches = height * np.array([0.6, 1.6, 3.0, 5.0, 8.0])
    side, reach, rise = (axis.ravel() for axis in np.meshgrid([1.0, -1.0], reaches, heights, indexing="ij"))
    distance = np.hypot(reach, 1.5 * rise) / height + ON_THE_LEFT * (side < 0)
    led = np.hypot(reach, rise) > BESIDE * height

    near = np.abs(at[:, None, 1] - at[None, :, 1]) < 3 * height
    near &= np.abs(at[:, None, 0] - at[None, :, 0]) < wide.max(initial=0.0)
    order = sorted(range(len(at)), key=lambda i: (-int(near[i].sum()), -at[i, 1], at[i, 0]))
    taken: dict[int, tuple[float, float, float]] = {}
    found: dict[int, Place] = {}
    for _ in range(SWEEPS):
        for i in order:
            taken.pop(i, None)
            others = list(taken)
            edges, middles, sides = np.array([taken[j] for j in others]).reshape(-1, 3).T
            labels = Boxes.beside(edges, middles, sides, wide[others], height)
            leaders = np.stack([at[others], np.stack([edges, middles], axis=-1)], axis=1)

            x, y = at[i]
            edge, middle = x + side * reach, y + rise
            places = Boxes.beside(edge, middle, side, wide[i], height)
            ends = np.stack([edge, middle], axis=-1)
            lines = np.stack([np.broadcast_to(at[i], ends.shape), ends], axis=1)
            over = OVER_MARKER * _through(lines, marked, 0.4 * height).sum(axis=1)
            over += OVER_LABEL * _through(lines, labels, 0.0).sum(axis=1)
            over += OVER_BAR * _through(lines, barred, 0.4 * height).sum(axis=1)
            over += CROSSING * _crossings(lines, leaders)
            cost = distance + led * over + OVER_LABEL * _through(leaders, places, 0.0).sum(axis=0)
            for boxes, price in ((marked, COVERED), (barred, COVERED), (labels, WRITTEN_OVER)):
                cost += price * _covered(places, boxes) / height**2
            cost += IMPOSSIBLE * ((places.left < panel[0]) | (places.right > panel[2]))
            cost += IMPOSSIBLE * ((places.bottom < panel[1]) | (places.top > panel[3]))
            best = int(np.argmin(cost))
            taken[i] = (float(edge[best]), float(middle[best]), float(side[best]))
            found[i] = Place(taken[i][0], taken[i][1], to_the_right=bool(side[best] > 0), led=bool(led[best]))
    return [found[i] for i in range(len(at))]


def _covered(boxes: Boxes, others: Boxes) -> Floats:
    """The area of the others that each box covers."""
    wide = np.minimum(boxes.right[:, None], others.right) - np.maximum(boxes.left[:, None], others.left)
    high = np.minimum(boxes.top[:, None], others.top) - np.maximum(boxes.bottom[:, None], others.bottom)
    return (np.maximum(wide, 0) * np.maximum(high, 0)).sum(axis=1)


def _through(segments: Floats, boxes: Boxes, after: float) -> NDArray[np.bool_]:
    """Which of n segments, (n, 2, 2), run through which of m boxes, later than `after` from their start: (n, m).

    Each axis gives the part of the segment between the box's two sides; inside is where both parts meet.
    """
    start, along = segments[:, None, 0], segments[:, None, 1] - segments[:, None, 0]
    along = np.where(np.abs(along) < 1e-9, 1e-9, along)
    length = np.hypot(along[..., 0], along[..., 1])
    x = (np.stack([boxes.left, boxes.right])[:, None] - start[..., 0]) / along[..., 0]
    y = (np.stack([boxes.bottom, boxes.top])[:, None] - start[..., 1]) / along[..., 1]
    enters = np.maximum(np.maximum(x.min(axis=0), y.min(axis=0)), after / length)
    leaves = np.minimum(np.minimum(x.max(axis=0), y.max(axis=0)), 1.0)
    return enters < leaves


def _crossings(segments: Floats, others: Floats) -> Floats:
    """How many of the other segments each crosses."""
    a, b = segments[:, None, 0], segments[:, None, 1]
    c, d = others[None, :, 0], others[None, :, 1]

    def turn(p: Floats, q: Floats, r: Floats) -> Floats:
        return (q[..., 0] - p[..., 0]) * (r[..., 1] - p[..., 1]) - (q[..., 1] - p[..., 1]) * (r[..., 0] - p[..., 0])

    crossed = (turn(a, b, c) * turn(a, b, d) < 0) & (turn(c, d, a) * turn(c, d, b) < 0)
    return crossed.sum(axis=1).astype(np.float64)
