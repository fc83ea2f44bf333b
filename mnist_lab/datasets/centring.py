"""Prepares a picture for a network: in MNIST's form, or only resized.

MNIST's form: "The original black and white (bilevel) images from NIST were size normalized to fit in a 20x20 pixel box
while preserving their aspect ratio. The resulting images contain grey levels as result of the anti-aliasing technique
used by the normalization algorithm. [...] the images were centered in a 28x28 image by computing the center of mass of
the pixels, and translating the image so as to position this point at the center of the 28x28 field."
Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86 (1998), 2278-2324, section III.A.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from mnist_lab.datasets import form
from mnist_lab.datasets.drawing import FAINTEST, find, nothing_on_it
from mnist_lab.datasets.pictures import Pixels

SIDE, BOX = 28, 20
MIDDLE = 14
"""Row and column, from 0, nearest to MNIST's centre of mass."""


@dataclass(frozen=True)
class Prepared:
    """A picture (height, width, channels) as it is passed to a network, and what was done to it, in words."""

    pixels: Pixels
    done: str
    doubts: tuple[str, ...] = ()
    """Why it may not show what was intended."""


def like_mnist(picture: Pixels) -> Prepared:
    """Crop a drawing (height, width, 1 or 3) to its ink and centre it as MNIST does, light on dark: (28, 28, 1).

    The drawing is found as in `drawing`, in any light, on any paper and in any colours. A picture already in MNIST's
    form is returned unchanged.

    Raises:
        DataError: there is no ink, or only specks far apart.
    """
    if is_like_mnist(picture):
        return Prepared(picture, f"nothing: it is {SIDE} x {SIDE}, light on dark and centred")
    drawing = find(picture)
    polarity = "light on dark" if drawing.light_on_dark else "dark on light"
    size = f"{drawing.size[0]} x {drawing.size[1]}"
    done = f"{polarity}; cropped to {size}, fitted and centred"
    return Prepared(_centred(_boxed(drawing.ink))[..., np.newaxis], done, drawing.doubts)


def is_like_mnist(picture: Pixels) -> bool:
    """Whether a picture is 28x28 and greyscale, its ink light on black, within 20x20 and centred by mass."""
    if picture.shape != (SIDE, SIDE, 1):
        return False
    ink = picture[..., 0].astype(np.float64)
    border = np.pad(np.zeros((SIDE - 2, SIDE - 2), bool), 1, constant_values=True)
    if ink.max() < FAINTEST or np.median(ink[border]) > 0:
        return False
    sides = [np.ptp(np.flatnonzero(ink.any(axis=axis))) + 1 for axis in (0, 1)]
    centre: Any = ndimage.center_of_mass(ink)
    return bool(max(sides) <= BOX) and all(abs(each - MIDDLE) <= 1 for each in centre)


def resized(picture: Pixels, shape: tuple[int, int, int]) -> Prepared:
    """Convert a picture to the height, width and channels of `shape`, as `data.resize` does."""
    height, width, channels = shape
    before = picture.shape
    done = []
    if channels != before[2]:
        done.append("converted to greyscale" if channels < before[2] else "greyscale in three channels")
    if before[:2] != (height, width):
        done.append(f"resized from {before[0]} x {before[1]} to {height} x {width}")
    return Prepared(form.resized(picture, shape), ", ".join(done) or "nothing")


def _boxed(ink: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Scale the drawing to a longer side of 20, its strongest pixel white; fail if it is specks that vanish."""
    height, width = (max(1, round(side * BOX / max(ink.shape))) for side in ink.shape)
    image = Image.fromarray(np.rint(255 * ink).astype(np.uint8))
    box = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC)).astype(np.float64)
    if not box.any():
        raise nothing_on_it()
    return np.rint(box * 255 / box.max()).astype(np.uint8)


def _centred(box: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the box in 28x28 pixels, its centre of mass as near to the middle as whole pixels allow."""
    result = np.zeros((SIDE, SIDE), np.uint8)
    centre: Any = ndimage.center_of_mass(box)
    top, left = (
        int(np.clip(round(MIDDLE - each), 0, SIDE - side)) for each, side in zip(centre, box.shape, strict=True)
    )
    result[top : top + box.shape[0], left : left + box.shape[1]] = box
    return result
