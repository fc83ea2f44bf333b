"""Finds the drawing in a picture or photograph: its ink, without shadows, paper, printed lines and surroundings.

The steps are standard ones of image analysis:

- background: greyscale closing; ink is what is darker (the "black top-hat" transform): J. Serra, "Image Analysis and
  Mathematical Morphology", Academic Press 1982; R. C. Gonzalez, R. E. Woods, "Digital Image Processing", section 9.6.
  Light ink on a dark board is found the same way in the negative.
- illumination: a camera records reflectance times illumination (ibid., section 2.3), so dark ink is measured relative
  to the paper around it.
- threshold: N. Otsu, "A threshold selection method from gray-level histograms", IEEE Transactions on Systems, Man, and
  Cybernetics 9 (1979), 62-66; extended to fainter strokes by hysteresis: J. Canny, "A computational approach to
  edge detection", IEEE Transactions on Pattern Analysis and Machine Intelligence 8 (1986), 679-698.
- ruled and squared paper: R. O. Duda, P. E. Hart, "Use of the Hough transformation to detect lines and curves in
  pictures", Communications of the ACM 15 (1972), 11-15, for thin lines within six degrees of the picture's sides.
- parts: connected components with eight neighbours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from mnist_lab.datasets.pictures import Pixels
from mnist_lab.errors import DataError

Values = NDArray[np.float32]
Mask = NDArray[np.bool_]
Labels = NDArray[np.int32]

FAINTEST = 24
"""The least strength of ink, of 255, that is not the paper's own unevenness."""
EDGE = 0.1
"""From this share of the ink's strength on, a pixel belongs to the drawing."""

# Sizes, in pixels of the reduced picture or as shares of it.
_LONGEST = 480  # pixels along the longer side; a digit needs no more
_BLUR = 0.7  # pixels, against the sensor's noise
_NOISE = 1.0  # of 255, the standard deviation from which a picture has any
_WIDEST_STROKE = 1 / 3, 40  # a share of the shorter side, and at least this many pixels: what is wider is background
_SPECK = 0.01  # of the longer side; what is smaller is dirt
_LINE, _SINGLE_LINE = 0.4, 0.8  # of a side: how much of it each of several printed lines covers, or the only one
_LINE_WIDTH = 2, 0.015  # pixels and, in addition, a share of the shorter side
_SMALLEST_RULED = 100  # pixels; a smaller picture is of a digit, not of a sheet
_LEAST_INK = 0.001  # of the picture's pixels, in any drawing
_SLOPES = np.arange(-0.1, 0.1001, 0.0025)  # of printed lines against the picture's sides

# Light.
_DARKEST = 64  # below this brightness of the paper ink is not measured as a share of it: noise would be ink
_TABLE = 0.35  # of the paper's brightness; what is darker around a sheet is no paper in shadow
_SMALLEST_SHEET = 0.3  # of the picture
_SAME_TONE = 20  # of 255
_EITHER = 0.15, 0.55  # how much clearer light on dark is where doubts decide, and without them dark on light
_SURELY_DARK = -0.33  # how much clearer light on dark is where dark on light cannot be its background
_ONE_TONE = 2.6  # the ratio of brightness between the lightest and the darkest ink of one pen in one shadow
_EVEN = 0.75  # of its brightest, how bright paper without shadows is at least
_DIM = 8  # of 255, added to both, so that the sensor's noise in the dark is no ratio

# Shares of the drawing's longer side.
_NEAR = 0.12  # the gap to a part that belongs to it
_EXTENDED, _EXTENDED_BESIDE_LINES = 2.0, 1.3  # how far its faint strokes may extend it, rather than printed lines
_REACH = 0.08  # how far the soft edge of a stroke goes
_OTHER = 0.3  # the size of another drawing
_PIECE = 0.025
_SOLID, _FILLED = 0.55, 0.75  # the width of a stroke, and the share of its box that ink fills, beyond those of digits
_WIDE = 1.5  # width by height; one digit of MNIST in 200 is wider
_SHADE = 0.1  # of the strong ink's area
_MOST_PIECES, _MOST_MARKS = 3, 5  # counts


@dataclass(frozen=True)
class Drawing:
    """The ink of a drawing, cropped to it, and why it may not be the one that was meant."""

    ink: Values
    """(height, width), 0 to 1."""
    size: tuple[int, int]
    """Its width and height in pixels of the picture."""
    light_on_dark: bool
    doubts: tuple[str, ...]


@dataclass(frozen=True)
class _Sheet:
    """A picture measured against its background: arrays (height, width)."""

    strength: Values
    """How far each pixel is from the background, 0 to 255."""
    paper: Values
    """How bright the background is."""
    table: Mask
    """What is too dark to be paper."""


@dataclass(frozen=True)
class _Part:
    """Connected components that belong together, by their labels, and the box that they fill."""

    labels: frozenset[int]
    top: int
    bottom: int
    left: int
    right: int
    area: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def extent(self) -> int:
        return max(self.height, self.width)

    @property
    def label(self) -> int:
        """Of the only component, or of one of several."""
        return min(self.labels)

    def joined(self, other: "_Part") -> "_Part":
        return _Part(
            self.labels | other.labels,
            min(self.top, other.top), max(self.bottom, other.bottom),
            min(self.left, other.left), max(self.right, other.right),
            self.area + other.area,
        )  # fmt: skip

    def touches_edge(self, shape: tuple[int, ...]) -> bool:
        return self.top == 0 or self.left == 0 or self.bottom == shape[0] or self.right == shape[1]

    def within(self, other: "_Part") -> bool:
        return (
            self.top > other.top and self.bottom < other.bottom and self.left > other.left and self.right < other.right
        )

    def beside(self, other: "_Part") -> bool:
        """Whether one stands to the right of the other."""
        common = min(self.right, other.right) - max(self.left, other.left)
        return common < 0.2 * min(self.width, other.width)


@dataclass(frozen=True)
class _Found:
    """A drawing where it lies on the reduced picture."""

    ink: Values
    place: tuple[slice, slice]
    tone: float
    """The brightness of its ink, 0 to 255."""
    doubts: tuple[str, ...]

    def alike_around(self, brightness: Values, sign: int) -> float:
        """The share of its surroundings that is as dark as its ink (sign 1), or as light (sign -1).

        Little if it is ink; much if it is the background between strokes of the other polarity.
        """
        reach = int(0.75 * max(self.ink.shape)) + 1
        wide = tuple(slice(max(0, side.start - reach), side.stop + reach) for side in self.place)
        outside = np.ones(brightness.shape, bool)
        outside[self.place] = False
        around = brightness[wide][outside[wide]]
        return float((sign * around <= sign * self.tone + _SAME_TONE).mean()) if len(around) else 0.0

    def surrounds(self, other: "_Found") -> bool:
        """Whether the other one lies within its box and is large enough to be the drawing."""
        inside = all(
            mine.start < its.start and its.stop < mine.stop for mine, its in zip(self.place, other.place, strict=True)
        )
        return inside and max(other.ink.shape) > _OTHER * max(self.ink.shape)


def find(picture: Pixels) -> Drawing:
    """The drawing on a picture (height, width, 1 or 3): dark on light, light on dark or coloured, in any light.

    Raises:
        DataError: there is no ink, or nothing but specks.
    """
    times = -(-max(picture.shape[:2]) // _LONGEST)
    seen = _reduced(picture, times)
    brightness = seen.mean(axis=2)
    dark, light = (_found(sheet, brightness) for sheet in (_dark_ink(seen), _light_ink(seen)))
    if dark is None and light is None:
        raise nothing_on_it()
    found = dark or light
    assert found is not None
    doubts: tuple[str, ...] = ()
    if dark and light:
        low, high = _EITHER
        clearer = dark.alike_around(brightness, 1) - light.alike_around(brightness, -1)
        if clearer > high or (clearer > low and len(light.doubts) < len(dark.doubts)):
            found = light
        elif clearer >= _SURELY_DARK and dark.surrounds(light):
            doubts = ("the drawing may be the background of another one within it",)
    is_light = found is light
    height, width = (min(side * times, whole) for side, whole in zip(found.ink.shape, picture.shape[:2], strict=True))
    return Drawing(found.ink, (width, height), is_light, found.doubts + doubts)


def nothing_on_it() -> DataError:
    """The error for a picture without a drawing."""
    return DataError("there is nothing on it: expected a drawing that stands out from the background.")


def _reduced(picture: Pixels, times: int) -> Values:
    """(height, width, channels), each side divided by `times`, and the sensor's noise smoothed."""
    channels = [Image.fromarray(picture[..., channel]) for channel in range(picture.shape[2])]
    small = [np.asarray(channel.reduce(times) if times > 1 else channel, np.float32) for channel in channels]
    result = [ndimage.gaussian_filter(each, _BLUR) if _noise(each) > _NOISE else each for each in small]
    return np.stack(result, axis=-1, dtype=np.float32)


def _noise(values: Values) -> float:
    """The standard deviation of the noise, from the median of the finest diagonal wavelets; 0 of a plain picture.

    Source: D. L. Donoho, I. M. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81 (1994),
    425-455.
    """
    diagonal = (values[1:, 1:] - values[1:, :-1] - values[:-1, 1:] + values[:-1, :-1]) / 2
    return float(np.median(np.abs(diagonal)) / 0.6745) if diagonal.size else 0.0


def _dark_ink(seen: Values) -> _Sheet:
    """The share of the paper's light that is missing, in the channel in which most is."""
    papers = [_closed(seen[..., channel]) for channel in range(seen.shape[2])]
    missing = [
        (paper - seen[..., channel]) * (255 / np.maximum(paper, _DARKEST)) for channel, paper in enumerate(papers)
    ]
    strength, paper = _strongest(missing), np.mean(papers, axis=0)
    brightest = np.percentile(paper, 95)
    table = paper < _TABLE * brightest
    if (paper > brightest / 2).mean() < _SMALLEST_SHEET:  # a dark picture with something light on it: no sheet
        table[:] = False
    strength[table] = 0
    return _Sheet(strength, paper, table)


def _light_ink(seen: Values) -> _Sheet:
    """The difference from a dark board, in the channel in which it is largest."""
    boards = [_closed(255 - seen[..., channel]) for channel in range(seen.shape[2])]
    above = [board - (255 - seen[..., channel]) for channel, board in enumerate(boards)]
    return _Sheet(_strongest(above), np.mean(boards, axis=0), np.zeros(seen.shape[:2], bool))


def _strongest(channels: Sequence[NDArray[np.floating]]) -> Values:
    """The ink in the channel in which it is strongest at each pixel, of those that show it at all.

    In a channel that does not, the same ink may be lighter than the paper, as blue ink is on yellow; there the paper
    around it would be the ink.
    """
    peaks = [float(np.quantile(strength, 1 - _LEAST_INK)) for strength in channels]
    shows = [strength for strength, peak in zip(channels, peaks, strict=True) if peak >= max(peaks) / 2]
    return np.max(shows, axis=0).astype(np.float32)


def _closed(values: Values) -> Values:
    """The background: grey-scale closing with a square wider than strokes are.

    It is dark all around the picture, so that what is wide and lies at its edge, such as a table, is background, too.
    """
    share, least = _WIDEST_STROKE
    side = max(least, round(share * min(values.shape))) | 1
    around = np.pad(values, side // 2)
    widened = ndimage.maximum_filter(around, side, mode="constant")
    narrowed: Any = ndimage.minimum_filter(widened, side)
    return narrowed[side // 2 : -(side // 2), side // 2 : -(side // 2)]


def _found(sheet: _Sheet, brightness: Values) -> _Found | None:
    """The drawing of this polarity, if there is one."""
    strength, floor, level, printed = _without_printed_lines(sheet.strength)
    if level is None:
        return None
    labels = _labelled(strength > level)
    parts = _parts(labels)
    if not parts:
        return None
    drawing, others = _chosen(parts, labels, strength)
    core = np.isin(labels, list(drawing.labels))
    peak = float(np.median(strength[core & (strength > strength[core].max() / 2)]))
    mine = _with_faint_strokes(core, drawing, strength, floor, peak, _EXTENDED_BESIDE_LINES if printed else _EXTENDED)
    reached = frozenset(np.unique(labels[mine]).tolist())
    for part in others:
        drawing = drawing.joined(part) if part.labels <= reached else drawing
    others = [part for part in others if not part.labels <= reached]

    strangers = (labels > 0) & ~mine
    nearest: Any = ndimage.distance_transform_edt(~(mine | strangers), return_distances=False, return_indices=True)
    belongs = mine[tuple(nearest)] & (_depth(~(mine | strangers)) <= max(2.0, _REACH * drawing.extent))
    ink = np.where(belongs, np.clip((strength - floor) / (peak - floor), 0, 1), 0).astype(np.float32)
    rows, columns = (np.flatnonzero((ink > EDGE).any(axis=axis)) for axis in (1, 0))
    place = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    doubts = (
        *_doubts_about_place(drawing, mine, sheet.table),
        *_doubts_about_others(_on_the_same_paper(drawing, others, labels, strength, sheet.paper), drawing),
        *_doubts_about_tone(mine & (strength > peak / 2), brightness, sheet.paper),
        *_doubts_about_shape(drawing, parts, mine, mine & (strength > peak / 2), ink[place]),
    )
    return _Found(ink[place], place, float(np.median(brightness[ink > 0.8])), doubts)


def _unevenness(strength: Values) -> float:
    """The strength that paper does not reach: its median and four standard deviations, from the palest of the picture.

    Of paper that fills at least 60 % of the picture the median is at the 30th percentile at most, and for a normal
    distribution the 5th percentile of the paper lies 1.64 standard deviations below its median.
    """
    low, middle = np.percentile(strength, (3, 30))
    return float(middle + 4 * (middle - low) / 1.64)


def _level(strength: Values, floor: float) -> float | None:
    """Otsu's threshold of what is above the floor; None if nothing stands out."""
    above = strength[strength > floor]
    if not len(above) or above.max() < max(FAINTEST, 1.5 * floor):
        return None
    counts, edges = np.histogram(above, bins=128)
    middles = (edges[1:] + edges[:-1]) / 2
    below, total = np.cumsum(counts)[:-1], np.cumsum(counts * middles)
    rest = len(above) - below
    between = below * rest * (total[:-1] / np.maximum(below, 1) - (total[-1] - total[:-1]) / np.maximum(rest, 1)) ** 2
    return max(float(edges[1 + int(between.argmax())]), FAINTEST / 2) if between.any() else float(above.min()) / 2


def _without_printed_lines(strength: Values) -> tuple[Values, float, float | None, bool]:
    """The strength without ruled and squared paper's lines, its floor, its threshold and whether there were any."""
    printed = False
    floor = _unevenness(strength)
    level = _level(strength, floor)
    for _ in range(2):  # with the strong lines gone there may be fainter ones
        if level is None:
            break
        lined = False
        for turned in (False, True):
            values = strength.T if turned else strength
            lines, wide = _printed_lines(values > level)
            if wide:
                lined = True
                # Ink that crosses a line is above it and below it.
                healed = ndimage.grey_closing(np.where(lines, 0, values), (2 * wide + 3, 1))
                values = np.where(lines, healed, values)
                strength = values.T if turned else values
        if not lined:
            break
        printed = True
        floor = _unevenness(strength)
        level = _level(strength, floor)
    return strength, floor, level, printed


def _printed_lines(mask: Mask) -> tuple[Mask, int]:
    """The pixels of thin, nearly horizontal lines across the picture, and how many rows one takes at most."""
    lines = np.zeros_like(mask)
    height, width = mask.shape
    if min(mask.shape) < _SMALLEST_RULED:
        return lines, 0
    pixels, share = _LINE_WIDTH
    thickest = round(pixels + share * min(mask.shape))
    thin = mask & ~_opened(mask, thickest + 1)
    margin = int(_SLOPES[-1] * width) + 2

    def places(rows: NDArray[np.intp], columns: NDArray[np.intp], slope: float) -> NDArray[np.intp]:
        return np.rint(rows + slope * (columns - width / 2)).astype(np.intp) + margin

    thin_at = np.nonzero(thin)
    if len(thin_at[0]) < _LINE * width:
        return lines, 0
    votes = [np.bincount(places(thin_at[0], thin_at[1], slope), minlength=height + 2 * margin) for slope in _SLOPES]
    best = int(np.argmax([np.square(counts, dtype=np.float64).sum() for counts in votes]))
    runs = _labelled(votes[best] > _LINE * width)
    found = [run for (run,) in ndimage.find_objects(runs) if run.stop - run.start <= thickest]
    if len(found) < 3:
        found = [run for run in found if votes[best][run].max() > _SINGLE_LINE * width]
    chosen = np.zeros(len(votes[best]), bool)
    for run in found:
        chosen[max(0, run.start - 2) : run.stop + 2] = True
    at = np.nonzero(mask)
    lines[at] = chosen[places(at[0], at[1], _SLOPES[best])]
    return lines, max((run.stop - run.start + 4 for run in found), default=0)


def _labelled(mask: NDArray[np.bool_]) -> Labels:
    """The connected components, numbered from 1; 0 where there is none."""
    found: Any = ndimage.label(mask, np.ones((3,) * mask.ndim, bool))
    return found[0]


def _opened(mask: Mask, side: int) -> Mask:
    """The parts of `mask` into which a square of `side` pixels fits."""
    opened: Any = ndimage.binary_opening(mask, np.ones((side, side), bool))
    return opened


def _depth(mask: Mask) -> Values:
    """How far each pixel of `mask` is from the nearest one outside, in pixels."""
    distance: Any = ndimage.distance_transform_edt(mask)
    return distance


def _parts(labels: Labels) -> list[_Part]:
    """The connected components that are no specks, the largest first."""
    areas = np.bincount(labels.ravel())
    least = _SPECK * max(labels.shape)
    parts = [
        _Part(frozenset({label}), rows.start, rows.stop, columns.start, columns.stop, int(areas[label]))
        for label, (rows, columns) in enumerate(ndimage.find_objects(labels), 1)
        if max(rows.stop - rows.start, columns.stop - columns.start) >= least
    ]
    return sorted(parts, key=lambda part: -part.extent)


def _chosen(parts: list[_Part], labels: Labels, strength: Values) -> tuple[_Part, list[_Part]]:
    """The drawing: the part with the most ink, joined with those that are near it; and the other parts."""
    parts = [part for part in parts if not _is_frame(part, parts, labels)] or parts
    amounts = ndimage.sum(strength, labels, [part.label for part in parts])
    cut = np.asarray([part.touches_edge(labels.shape) for part in parts])
    first = int(np.argmax(np.where(cut, 0.3, 1.0) * amounts))
    drawing, rest = parts[first], parts[:first] + parts[first + 1 :]
    for _ in range(2):
        if not rest:
            break
        away = _depth(~np.isin(labels, list(drawing.labels)))
        gaps = ndimage.minimum(away, labels, [part.label for part in rest])
        near = [gap <= _NEAR * drawing.extent for gap in np.asarray(gaps)]
        for part, joins in zip(rest, near, strict=True):
            drawing = drawing.joined(part) if joins else drawing
        rest = [part for part, joins in zip(rest, near, strict=True) if not joins]
    return drawing, rest


def _is_frame(part: _Part, parts: list[_Part], labels: Labels) -> bool:
    """Whether it is a line around another part, such as a box to write in or a sheet's edge."""
    if part.area > 0.2 * part.height * part.width:
        return False
    inside = [other for other in parts if other.extent > part.extent / 4 and other.within(part)]
    return any(not (labels[other.top : other.bottom, other.left : other.right] == part.label).any() for other in inside)


def _with_faint_strokes(
    core: Mask, drawing: _Part, strength: Values, floor: float, peak: float, extended: float
) -> Mask:
    """The drawing with the fainter strokes that hang on it, unless they lead away from it as printed lines do."""
    for share in (EDGE, 3 * EDGE):
        labels = _labelled(strength > floor + share * (peak - floor))
        grown = np.isin(labels, np.unique(labels[core])) & (labels > 0)
        rows, columns = (np.flatnonzero(grown.any(axis=axis)) for axis in (1, 0))
        at_edge = rows[0] == 0 or columns[0] == 0 or rows[-1] == len(core) - 1 or columns[-1] == core.shape[1] - 1
        leads_away = at_edge and not drawing.touches_edge(core.shape)
        if not leads_away and max(np.ptp(rows), np.ptp(columns)) < extended * drawing.extent:
            return grown | core
    return core


def _on_the_same_paper(
    drawing: _Part, others: list[_Part], labels: Labels, strength: Values, paper: Values
) -> list[_Part]:
    """The other parts that are as strong as the drawing and on paper as light: not a table's grain, not a fold."""
    if not others:
        return []
    numbers = [drawing.label, *(part.label for part in others)]
    inks, papers = (np.asarray(ndimage.median(values, labels, numbers)) for values in (strength, paper))
    alike = (inks > inks[0] / 2) & (papers > papers[0] / 2)
    return [part for part, same in zip(others, alike[1:], strict=True) if same]


def _doubts_about_place(drawing: _Part, mine: Mask, table: Mask) -> list[str]:
    doubts = []
    height, width = mine.shape
    if drawing.height >= 0.9 * height and drawing.width >= 0.9 * width:
        doubts.append("the drawing fills nearly the whole picture, so the digit was probably not found")
    elif drawing.touches_edge(mine.shape):
        doubts.append("the drawing touches the edge of the picture and may be cut off")
    if (table & (_depth(~mine) <= 3)).any():
        doubts.append("the drawing reaches into a part of the picture that is too dark")
    return doubts


def _doubts_about_others(others: list[_Part], drawing: _Part) -> list[str]:
    drawings = [part for part in others if part.extent >= _OTHER * drawing.extent]
    if drawings:
        return [f"there are {1 + len(drawings)} separate drawings, and only the one with the most ink was read"]
    return [f"there are {len(others)} other marks around the drawing"] if len(others) > _MOST_MARKS else []


def _doubts_about_tone(core: Mask, brightness: Values, paper: Values) -> list[str]:
    """One pen in one shadow has few tones; paper in the shadow of two things is as dark as ink in the light."""
    dim, lit = np.percentile(paper, (5, 95))
    if dim > _EVEN * lit:
        return []
    inside = core & (_depth(np.pad(core, 1))[1:-1, 1:-1] >= 2)
    if inside.sum() < core.sum() / 4:  # the strokes are too thin for any point that is only ink
        return []
    darkest, lightest = np.percentile(brightness[inside], (5, 95))
    return ["part of the drawing may be a shadow"] if lightest + _DIM > _ONE_TONE * (darkest + _DIM) else []


def _doubts_about_shape(drawing: _Part, parts: list[_Part], mine: Mask, core: Mask, ink: Values) -> list[str]:
    doubts = []
    tall = [part for part in parts if part.labels <= drawing.labels and part.height >= 0.55 * drawing.height]
    if any(one.beside(other) for i, one in enumerate(tall) for other in tall[:i]):
        doubts.append("there are two drawings side by side")
    if drawing.width > _WIDE * drawing.height:
        doubts.append("the drawing is wider than a digit")
    shreds = _labelled(mine)
    sizes = [max(side.stop - side.start for side in box) for box in ndimage.find_objects(shreds)]
    if (pieces := sum(size >= _PIECE * drawing.extent for size in sizes)) > _MOST_PIECES:
        doubts.append(f"the drawing is in {pieces} pieces")
    slope = ndimage.gaussian_gradient_magnitude(ink, max(1.0, 0.01 * drawing.extent)) * drawing.extent
    flat = (ink > 0.15) & (ink < 0.75) & (slope < 1)
    if flat.sum() > _SHADE * core.sum():
        doubts.append("part of the drawing is an even grey and may be a shadow")
    stroke = 2 * _depth(np.pad(core, 1)).max()
    upright = drawing.width <= drawing.height / 2  # a 1 fills its box
    if stroke > _SOLID * drawing.extent or (ink.mean() > _FILLED and not upright):
        doubts.append("the drawing is a solid shape rather than strokes")
    return doubts
