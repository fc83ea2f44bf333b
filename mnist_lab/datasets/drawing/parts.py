"""Connected components (8-neighbourhood) of a mask, and which of them form the drawing."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mnist_lab.datasets.drawing.background import Values

Mask = NDArray[np.bool_]
Labels = NDArray[np.int32]

_SPECK = 0.01  # of the picture's longer side; anything smaller is dirt
_NEAR = 0.12  # the largest gap to a part that belongs to the drawing, relative to the drawing's extent


def labelled(mask: NDArray[np.bool_]) -> Labels:
    """Return the connected components, numbered from 1; 0 where there is none."""
    found: Any = ndimage.label(mask, np.ones((3,) * mask.ndim, bool))
    return found[0]


def opened(mask: Mask, side: int) -> Mask:
    """Return the parts of `mask` into which a square of `side` pixels fits."""
    opened: Any = ndimage.binary_opening(mask, np.ones((side, side), bool))
    return opened


def depth(mask: Mask) -> Values:
    """Distance of each pixel of `mask` to the nearest one outside, in pixels."""
    distance: Any = ndimage.distance_transform_edt(mask)
    return distance


@dataclass(frozen=True)
class Part:
    """Connected components that belong together, by their labels, and their bounding box."""

    labels: frozenset[int]
    top: int
    bottom: int
    left: int
    right: int
    area: int

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.right - self.left

    @property
    def extent(self) -> int:
        """The longer side, in pixels."""
        return max(self.height, self.width)

    @property
    def label(self) -> int:
        """Label of the part; the smallest of several."""
        return min(self.labels)

    def joined(self, other: "Part") -> "Part":
        """Return the union of both parts."""
        return Part(
            self.labels | other.labels,
            min(self.top, other.top), max(self.bottom, other.bottom),
            min(self.left, other.left), max(self.right, other.right),
            self.area + other.area,
        )  # fmt: skip

    def touches_edge(self, shape: tuple[int, ...]) -> bool:
        """Whether it reaches the edge of a picture of this height and width."""
        return self.top == 0 or self.left == 0 or self.bottom == shape[0] or self.right == shape[1]

    def within(self, other: "Part") -> bool:
        """Whether it is inside the other one's box."""
        return (
            self.top > other.top and self.bottom < other.bottom and self.left > other.left and self.right < other.right
        )

    def beside(self, other: "Part") -> bool:
        """Whether one is to the right of the other."""
        common = min(self.right, other.right) - max(self.left, other.left)
        return common < 0.2 * min(self.width, other.width)


def parts_of(labels: Labels) -> list[Part]:
    """Return the connected components that are not specks, the largest first."""
    areas = np.bincount(labels.ravel())
    least = _SPECK * max(labels.shape)
    parts = [
        Part(frozenset({label}), rows.start, rows.stop, columns.start, columns.stop, int(areas[label]))
        for label, (rows, columns) in enumerate(ndimage.find_objects(labels), 1)
        if max(rows.stop - rows.start, columns.stop - columns.start) >= least
    ]
    return sorted(parts, key=lambda part: -part.extent)


def chosen(parts: list[Part], labels: Labels, strength: Values) -> tuple[Part, list[Part]]:
    """Return the drawing, the part with the most ink joined with those near it, and the other parts.

    Frames do not count, and a part that touches the edge counts less.
    """
    parts = [part for part in parts if not _is_frame(part, parts, labels)] or parts
    amounts = ndimage.sum(strength, labels, [part.label for part in parts])
    cut = np.asarray([part.touches_edge(labels.shape) for part in parts])
    first = int(np.argmax(np.where(cut, 0.3, 1.0) * amounts))
    drawing, rest = parts[first], parts[:first] + parts[first + 1 :]
    for _ in range(2):
        if not rest:
            break
        away = depth(~np.isin(labels, list(drawing.labels)))
        gaps = ndimage.minimum(away, labels, [part.label for part in rest])
        near = [gap <= _NEAR * drawing.extent for gap in np.asarray(gaps)]
        for part, joins in zip(rest, near, strict=True):
            drawing = drawing.joined(part) if joins else drawing
        rest = [part for part, joins in zip(rest, near, strict=True) if not joins]
    return drawing, rest


def _is_frame(part: Part, parts: list[Part], labels: Labels) -> bool:
    """Whether a part is a line around another one, such as a box to write in or a sheet's edge."""
    if part.area > 0.2 * part.height * part.width:
        return False
    inside = [other for other in parts if other.extent > part.extent / 4 and other.within(part)]
    return any(not (labels[other.top : other.bottom, other.left : other.right] == part.label).any() for other in inside)


def on_the_same_paper(drawing: Part, others: list[Part], labels: Labels, strength: Values, paper: Values) -> list[Part]:
    """Return the other parts about as strong as the drawing, on paper about as light: no folds, no grain of a table."""
    if not others:
        return []
    numbers = [drawing.label, *(part.label for part in others)]
    inks, papers = (np.asarray(ndimage.median(values, labels, numbers)) for values in (strength, paper))
    alike = (inks > inks[0] / 2) & (papers > papers[0] / 2)
    return [part for part, same in zip(others, alike[1:], strict=True) if same]
