"""Finds the drawing in a picture, dark on light or light on dark.

Faint strokes are added by hysteresis: J. Canny, "A computational approach to edge detection", IEEE Transactions on
Pattern Analysis and Machine Intelligence 8 (1986), 679-698.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image
from scipy import ndimage

from mnist_lab.datasets.drawing.background import Sheet, Values, sheets
from mnist_lab.datasets.drawing.doubts import about_contrast, about_others, about_place, about_shape
from mnist_lab.datasets.drawing.lines import without_printed_lines
from mnist_lab.datasets.drawing.parts import Mask, Part, chosen, depth, labelled, on_the_same_paper, parts_of
from mnist_lab.datasets.drawing.threshold import EDGE
from mnist_lab.datasets.pictures import Pixels
from mnist_lab.errors import DataError

_LONGEST = 480  # pixels along the longer side; a digit needs no more
_BLUR = 0.7  # pixels, against the sensor's noise
_NOISE = 1.0  # of 255; above this standard deviation a picture is noisy
_SAME_TONE = 20  # of 255; the largest difference that counts as the same brightness
_AS_CLEAR = 0.9  # least contrast of a light loop, relative to the contrast of its dark inside
_EITHER = 0.15, 0.55  # how much clearer light on dark must be: the first if it also has fewer doubts, else the second
_EXTENDED, _EXTENDED_BESIDE_LINES = 2.0, 1.3  # largest growth of a drawing by faint strokes rather than lines
_REACH = 0.08  # width of a stroke's soft edge, relative to the drawing's extent


@dataclass(frozen=True)
class Drawing:
    """The ink of a drawing, cropped to it, and why it may not be the intended one."""

    ink: Values
    """Strength of the ink (height, width), 0 to 1."""
    size: tuple[int, int]
    """Height and width in pixels of the picture."""
    light_on_dark: bool
    doubts: tuple[str, ...]


@dataclass(frozen=True)
class _Found:
    """A drawing and its place in the reduced picture."""

    ink: Values
    place: tuple[slice, slice]
    tone: float
    """Brightness of its ink, 0 to 255."""
    contrast: float
    """Difference of that brightness from the background, 0 to 255."""
    doubts: tuple[str, ...]

    def alike_around(self, brightness: Values, sign: int) -> float:
        """Return the share of its surroundings that is as dark as its ink (sign 1), or as light (sign -1).

        It is small for ink, and large for the background between strokes of the other polarity.
        """
        reach = int(0.75 * max(self.ink.shape)) + 1
        wide = tuple(slice(max(0, side.start - reach), side.stop + reach) for side in self.place)
        outside = np.ones(brightness.shape, bool)
        outside[self.place] = False
        around = brightness[wide][outside[wide]]
        return float((sign * around <= sign * self.tone + _SAME_TONE).mean()) if len(around) else 0.0

    def surrounds(self, other: "_Found") -> bool:
        """Whether the other drawing is within its box, as the inside of a loop is within the loop."""
        return all(
            mine.start < its.start and its.stop < mine.stop for mine, its in zip(self.place, other.place, strict=True)
        )


def find(picture: Pixels) -> Drawing:
    """Find the drawing in a picture (height, width, 1 or 3): dark on light, light on dark or coloured, in any light.

    Raises:
        DataError: there is no ink, or only specks.
    """
    times = -(-max(picture.shape[:2]) // _LONGEST)
    seen = _reduced(picture, times)
    brightness = seen.mean(axis=2)
    dark, light = (_found(sheet, brightness) for sheet in sheets(seen))
    found = _likelier(dark, light, brightness) if dark and light else dark or light
    if found is None:
        raise nothing_on_it()
    height, width = (min(side * times, whole) for side, whole in zip(found.ink.shape, picture.shape[:2], strict=True))
    return Drawing(found.ink, (height, width), found is light, found.doubts)


def _likelier(dark: _Found, light: _Found, brightness: Values) -> _Found:
    """Return the drawing that is ink, dark or light; the other is the background between its strokes."""
    if light.surrounds(dark) and light.contrast > _AS_CLEAR * dark.contrast:  # dark is the inside of a loop
        return light
    low, high = _EITHER
    clearer = dark.alike_around(brightness, 1) - light.alike_around(brightness, -1)
    return light if clearer > high or (clearer > low and len(light.doubts) < len(dark.doubts)) else dark


def nothing_on_it() -> DataError:
    """Return the error for a picture without a drawing."""
    return DataError("no drawing found that stands out from the background.")


def _reduced(picture: Pixels, times: int) -> Values:
    """Return the picture (height, width, channels), each side divided by `times`, with the sensor's noise smoothed."""
    channels = [Image.fromarray(picture[..., channel]) for channel in range(picture.shape[2])]
    small = [np.asarray(channel.reduce(times) if times > 1 else channel, np.float32) for channel in channels]
    result = [ndimage.gaussian_filter(each, _BLUR) if _noise(each) > _NOISE else each for each in small]
    return np.stack(result, axis=-1, dtype=np.float32)


def _noise(values: Values) -> float:
    """Return the noise's standard deviation, from the median of the finest diagonal wavelets; 0 for a plain picture.

    Source: D. L. Donoho, I. M. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81 (1994),
    425-455.
    """
    diagonal = (values[1:, 1:] - values[1:, :-1] - values[:-1, 1:] + values[:-1, :-1]) / 2
    return float(np.median(np.abs(diagonal)) / 0.6745) if diagonal.size else 0.0


def _found(sheet: Sheet, brightness: Values) -> _Found | None:
    """Return the drawing of this polarity, if there is one."""
    strength, floor, level, printed = without_printed_lines(sheet.strength)
    if level is None:
        return None
    labels = labelled(strength > level)
    parts = parts_of(labels)
    if not parts:
        return None
    drawing, others = chosen(parts, labels, strength)
    core = np.isin(labels, list(drawing.labels))
    peak = float(np.median(strength[core & (strength > strength[core].max() / 2)]))
    mine = _with_faint_strokes(core, drawing, strength, floor, peak, _EXTENDED_BESIDE_LINES if printed else _EXTENDED)
    reached = frozenset(np.unique(labels[mine]).tolist())
    for part in others:
        drawing = drawing.joined(part) if part.labels <= reached else drawing
    others = [part for part in others if not part.labels <= reached]

    strangers = (labels > 0) & ~mine
    nearest: Any = ndimage.distance_transform_edt(~(mine | strangers), return_distances=False, return_indices=True)
    belongs = mine[tuple(nearest)] & (depth(~(mine | strangers)) <= max(2.0, _REACH * drawing.extent))
    ink = np.where(belongs, np.clip((strength - floor) / (peak - floor), 0, 1), 0).astype(np.float32)
    (place,) = ndimage.find_objects(ink > EDGE, max_label=1)
    core = mine & (strength > peak / 2)
    contrast = float(np.median(np.abs(sheet.paper - brightness)[core]))
    doubts = (
        *about_place(drawing, mine),
        *about_others(on_the_same_paper(drawing, others, labels, strength, sheet.paper), drawing),
        *about_contrast(contrast, sheet.paper),
        *about_shape(drawing, parts, mine, core, ink[place]),
    )
    return _Found(ink[place], place, float(np.median(brightness[ink > 0.8])), contrast, doubts)


def _with_faint_strokes(
    core: Mask, drawing: Part, strength: Values, floor: float, peak: float, extended: float
) -> Mask:
    """Return the drawing with fainter strokes attached to it, unless they lead away from it as printed lines do."""
    for share in (EDGE, 3 * EDGE):
        labels = labelled(strength > floor + share * (peak - floor))
        grown = np.isin(labels, np.unique(labels[core])) & (labels > 0)
        (whole,) = parts_of(grown.astype(np.int32))
        leads_away = whole.touches_edge(core.shape) and not drawing.touches_edge(core.shape)
        if not leads_away and whole.extent - 1 < extended * drawing.extent:
            return grown | core
    return core
