"""Synthetic photographs of handwritten digits: paper, pen, light and camera vary as they do on a desk.

A camera records the reflectance of a scene times the light that falls on it (Gonzalez and Woods, "Digital Image
Processing", section 2.3), so each photograph is generated in that order: paper and ink, light, lens, sensor, JPEG. All
random quantities come from one generator: the same seed yields the same photograph.
"""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Floats = NDArray[np.float64]

LIGHT = (
    "even", "vignette 20 %", "vignette 40 %", "vignette 60 %", "lamp", "soft shadow", "hard shadow", "two shadows",
)  # fmt: skip
PAPER = ("ruled", "ruled, dark lines", "ruled, tilted", "squared", "squared, dark lines", "margin line", "dotted")
TABLE = ("dark table", "tilted on a table", "wooden table", "narrow table edge", "bright table")
PEN = (
    "blue ink", "red on yellow", "blue on yellow", "pencil", "thick pen", "thin pen", "chalkboard", "framed chalkboard",
)  # fmt: skip
CAMERA = ("off centre", "small", "large", "noisy", "JPEG", "blurred")
MIXED = ("ruled in shadow", "squared on a table", "vignette on a table", "small on ruled")
ONE_DIGIT = LIGHT + PAPER + TABLE + PEN + CAMERA + MIXED
"""Kinds with one digit to read."""

TWO = ("two digits", "two digits, close", "a line of digits")
NOTHING = ("blank", "blank in shadow", "blank, ruled", "blank on a table", "cloth")
HOPELESS = (*TWO, *NOTHING, "cut off")
"""Kinds without exactly one whole digit: any answer needs a warning."""


def photograph(digits: Sequence[NDArray[np.uint8]], kind: str, seed: int) -> NDArray[np.uint8]:
    """Generate a photograph (height, width, 3).

    Args:
        digits: images (28, 28, 1), light on black; the first is the one to read, the others are for `TWO`.
        kind: one of `ONE_DIGIT` or `HOPELESS`.
        seed: seed of everything random.
    """
    draw = np.random.default_rng([seed, *kind.encode()])
    height, width = int(draw.integers(420, 640)), int(draw.integers(420, 640))
    pen = _pen(digits, kind, (height, width), draw)
    seen = _paper_and_ink(pen, kind, draw)
    seen = _on_a_table(seen, kind, draw)
    seen = seen * _light(seen.shape[:2], kind, draw)[..., None]
    return _camera(seen, kind, draw)


def _pen(digits: Sequence[NDArray[np.uint8]], kind: str, shape: tuple[int, int], draw: Any) -> Floats:
    """Return the fraction of each point of the sheet that ink covers, 0 to 1."""
    height, width = shape
    ink = np.zeros(shape)
    if kind in NOTHING:
        return ink
    share = draw.uniform(
        *{"small": (0.14, 0.2), "small on ruled": (0.2, 0.3), "blue on yellow": (0.2, 0.25), "large": (0.85, 1.0)}.get(
            kind, (0.4, 0.65)
        )
    )
    side = int(share * min(shape))
    strokes = [_stroke(image, side, kind) for image in digits[: _count(kind)]]
    if kind in TWO:
        side = side * 2 // 3
        gap = {"two digits": 0.2, "two digits, close": 0.04, "a line of digits": 0.15}[kind]
        x, y = int(width * 0.1), int(draw.uniform(0.2, 0.8) * (height - side))
        for image in digits[: _count(kind)]:
            stroke = _trimmed(_stroke(image, side, kind))
            if x + stroke.shape[1] >= width:
                break
            top = y + (side - stroke.shape[0]) // 2
            part = ink[top : top + stroke.shape[0], x : x + stroke.shape[1]]
            np.maximum(part, stroke, out=part)
            x += stroke.shape[1] + int(gap * side)
        return ink
    stroke = strokes[0]
    spread = {"off centre": 1.0, "small": 0.9, "small on ruled": 0.9}.get(kind, 0.3)
    top, left = (int((0.5 + spread * draw.uniform(-0.5, 0.5)) * (length - side)) for length in shape)
    if kind == "cut off":
        stroke = _trimmed(stroke)
        lost = int(draw.uniform(0.25, 0.5) * stroke.shape[0])
        stroke, top = stroke[lost:], 0
    ink[top : top + stroke.shape[0], left : left + stroke.shape[1]] = stroke
    return ink


def _count(kind: str) -> int:
    return {"two digits": 2, "two digits, close": 2, "a line of digits": 4}.get(kind, 1)


def _stroke(image: NDArray[np.uint8], side: int, kind: str) -> Floats:
    """Enlarge a digit, with an edge as sharp as a pen's."""
    large = np.asarray(Image.fromarray(image[..., 0]).resize((side, side), Image.Resampling.BICUBIC)) / 255
    level = {"thick pen": 0.22, "thin pen": 0.7}.get(kind, 0.45)
    return np.clip((large - level) / 0.2 + 0.5, 0, 1)


def _trimmed(stroke: Floats) -> Floats:
    rows, columns = (np.flatnonzero((stroke > 0.1).any(axis=axis)) for axis in (1, 0))
    return stroke[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _paper_and_ink(pen: Floats, kind: str, draw: Any) -> Floats:
    """Return the sheet (height, width, 3), as it looks in white light: 0 to 255."""
    paper, ink = np.array([212.0, 210, 204]), np.array([45.0, 45, 52])
    match kind:
        case "blue ink":
            ink = np.array([55.0, 75, 150])
        case "red on yellow":
            paper, ink = np.array([235.0, 215, 110]), np.array([190.0, 50, 45])
        case "blue on yellow":
            paper, ink = np.array([230.0, 215, 120]), np.array([35.0, 50, 165])
        case "pencil":
            ink = paper - draw.uniform(45, 70)
        case "chalkboard" | "framed chalkboard":
            paper, ink = np.array([48.0, 62, 54]), np.array([200.0, 205, 200])
            pen = pen * draw.uniform(0.75, 1, pen.shape)
        case "thin pen":
            ink = np.array([70.0, 70, 80])
    lines = _lines(pen.shape, kind, draw)[..., None]
    printed = np.array([150.0, 165, 190]) if "dark" not in kind else np.array([70.0, 80, 100])
    sheet = paper * (1 - lines) + printed * lines
    sheet = sheet * (1 + 0.012 * ndimage.gaussian_filter(draw.normal(size=pen.shape), 2)[..., None])  # its fibres
    if kind == "cloth":
        rows, columns = np.mgrid[: pen.shape[0], : pen.shape[1]]
        weave = np.sin(columns / 9) * np.sin(rows / 9 + np.sin(columns / 40))
        sheet = np.array([120.0, 90, 80]) * (1 + 0.25 * weave[..., None])
        return sheet * (1 + 0.8 * ndimage.gaussian_filter(draw.normal(size=pen.shape), 12)[..., None])
    drawn = sheet * (1 - pen[..., None]) + ink * pen[..., None]
    if kind == "framed chalkboard":
        wide = min(pen.shape) // 15
        drawn[:wide], drawn[-wide:], drawn[:, :wide], drawn[:, -wide:] = [[150.0, 130, 100]] * 4
    return drawn


def _lines(shape: tuple[int, int], kind: str, draw: Any) -> Floats:
    """Return the printed lines of the paper: 0 (blank) to 1."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(float)
    slope = (
        draw.uniform(0.02, 0.07) * draw.choice([-1, 1])
        if "tilted" in kind and "ruled" in kind
        else draw.uniform(-0.006, 0.006)
    )
    across, along = rows + slope * columns, columns - slope * rows
    pitch = draw.uniform(0.055, 0.1) * min(shape)
    wide = draw.uniform(1.2, 2.2)
    offset = draw.uniform(0, pitch)

    def drawn(where: Floats) -> Floats:
        return np.clip(wide - np.abs((where + offset) % pitch - pitch / 2), 0, 1)

    if "ruled" in kind:
        return drawn(across)
    if "squared" in kind:
        return np.maximum(drawn(across), drawn(along))
    if kind == "margin line":
        return np.clip(wide + 0.5 - np.abs(along - draw.uniform(0.08, 0.16) * shape[1]), 0, 1)
    if kind == "dotted":
        return drawn(across) * drawn(along)
    return np.zeros(shape)


def _on_a_table(sheet: Floats, kind: str, draw: Any) -> Floats:
    """Put the sheet on a table, with some of the table around it."""
    if "table" not in kind:
        return sheet
    height, width = sheet.shape[:2]
    low, high = (0.02, 0.05) if kind == "narrow table edge" else (0.08, 0.22)
    top, bottom, left, right = (int(draw.uniform(low, high) * side) for side in (height, height, width, width))
    shape = (height + top + bottom, width + left + right)
    table = np.ones((*shape, 3)) * ([45.0, 40, 38] if kind != "bright table" else [150.0, 140, 125])
    if kind == "wooden table":
        grain = ndimage.gaussian_filter(draw.normal(size=shape), (2, 40))
        table = np.array([92.0, 62, 40]) * (1 + 5 * grain[..., None])
    covered = np.pad(np.ones((height, width)), ((top, bottom), (left, right)))
    padded = np.pad(sheet, ((top, bottom), (left, right), (0, 0)), mode="edge")
    if kind in ("tilted on a table", "wooden table", "bright table"):
        degrees = draw.uniform(-7, 7)
        covered = ndimage.rotate(covered, degrees, reshape=False, order=1)
        padded = np.stack(
            [ndimage.rotate(padded[..., c], degrees, reshape=False, order=1, mode="nearest") for c in range(3)], axis=-1
        )
    shade = 1 - 0.35 * ndimage.gaussian_filter(np.roll(covered, (6, 5), (0, 1)), 5)  # the sheet's own, on the table
    return padded * covered[..., None] + (table * shade[..., None]) * (1 - covered[..., None])


def _light(shape: tuple[int, int], kind: str, draw: Any) -> Floats:
    """Return the brightness of the light at each point, 0 to 1."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(float)
    y, x = rows / shape[0] - 0.5, columns / shape[1] - 0.5
    if "vignette" in kind:
        strength = {"vignette 40 %": 0.4, "vignette 60 %": 0.6, "vignette on a table": 0.4}.get(kind, 0.2)
        return 1 - strength * 2 * (x**2 + y**2)
    if kind == "lamp":
        return 1.1 / (1 + 1.5 * ((x - draw.uniform(-0.6, 0.6)) ** 2 + (y + 0.5) ** 2))
    if "shadow" not in kind:
        return np.ones(shape)
    light = np.ones(shape)
    soft = 0.004 if kind in ("hard shadow", "two shadows") else draw.uniform(0.01, 0.05)
    for _ in range(2 if kind == "two shadows" else 1):
        angle = draw.uniform(0, 2 * np.pi)
        edge = x * np.cos(angle) + y * np.sin(angle) - draw.uniform(-0.25, 0.25)
        light = light * (1 - draw.uniform(0.3, 0.55) / (1 + np.exp(-np.clip(edge / soft, -50, 50))))
    return light


def _camera(seen: Floats, kind: str, draw: Any) -> NDArray[np.uint8]:
    blur = draw.uniform(3, 5) if kind == "blurred" else draw.uniform(0.7, 1.4)
    sharp = np.stack([ndimage.gaussian_filter(seen[..., c], blur) for c in range(3)], axis=-1)
    noise = draw.uniform(14, 22) if kind == "noisy" else draw.uniform(2, 5)
    pixels = np.clip(sharp + draw.normal(0, noise, seen.shape), 0, 255).round().astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=15 if kind == "JPEG" else int(draw.integers(70, 95)))
    return np.asarray(Image.open(file))
