"""Converts pixels to uint8 on the scale 0..255, which all later steps assume.

A network whose first layer divides by 255 learns almost nothing from pixels of 0/1 or 0..16, and fails on test images
with a scale other than that of its training images. The brightest pixel shows the scale: if it is below a quarter of
255, all pixels are rescaled to 0..255; parts whose brightest pixels differ by more than that are rejected.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.datasets.dataset import Raw
from mnist_lab.errors import DataError
from mnist_lab.text.quantities import such_as

FULL = 255
_FAR = 4
"""The factor between brightest pixels from which their scales are taken to differ."""
_PARTS = {"x_train": "training", "x_val": "validation", "x_test": "test"}
_NEARLY_BLACK = 16
"""The brightest pixel of an image that is nearly, but not completely, black on the scale 0..255."""


class Scaled(NamedTuple):
    """Images as bytes, and what was done to them, for display."""

    images: Mapping[str, NDArray[np.uint8]]
    """Images by role: `x_train` and others."""
    white: float
    """The value that was scaled to 255."""
    notes: list[str]


def to_bytes(raw: Raw) -> Scaled:
    """Rescale the pixels of all parts to 0..255 if they are on a smaller scale, and round fractions.

    Args:
        raw: in the layout of `assemble`: images of numbers within 0..255, integers or not.

    Raises:
        DataError: parts are on different scales, or most images of a part are on another scale than its brightest.
    """
    images = {role: raw.arrays[role] for role in map("x_{}".format, raw.parts)}
    brightest = {role: float(array.max()) for role, array in images.items()}
    low, high = (choose(brightest, key=brightest.__getitem__) for choose in (min, max))
    if brightest[low] * _FAR < brightest[high]:
        raise DataError(
            f"{' and '.join(_PARTS[role] for role in images).capitalize()} images have different ranges of pixels:\n"
            + "\n".join(f"  0 to {brightest[role]:g} in {raw.places[role]}" for role in images),
            "Rescale all parts to 0..255; the brightest pixel of each should be near 255.",
        )
    top, white = brightest[high], float(FULL)
    if top == 0:
        notes = ["All images are black."]
    elif top * _FAR <= FULL:
        white = 1.0 if 1 / _FAR < top <= 1 else top
        notes = [f"The pixels, 0 to {top:g}, were scaled from 0..{white:g} to 0..{FULL}."]
    else:
        fractions = [role for role, array in images.items() if array.dtype != np.uint8]
        notes = [f"{raw.places[role]}: the pixels have fractions and were rounded." for role in fractions]
    images = {role: spread(array, white) for role, array in images.items()}
    return Scaled(images, white, notes + _nearly_black(raw, images))


def white_of(picture: NDArray[np.uint8], expected: float, *, guess: bool) -> float:
    """Return the value, within 0..255, that is white in one picture.

    Args:
        picture: any shape.
        expected: the white of the data set that it resembles; used unless a pixel is brighter.
        guess: whether a picture that is dark throughout counts as being on a smaller scale, as a data set does.
    """
    brightest = float(picture.max())
    if 0 < brightest <= expected < FULL:
        return expected
    return brightest if guess and 0 < brightest * _FAR <= FULL else FULL


def spread(array: NDArray[Any], white: float) -> NDArray[np.uint8]:
    """Pixels of any shape, rescaled from 0..`white` to 0..255."""
    factor = FULL / white
    if array.dtype != np.uint8:
        return np.rint(array * array.dtype.type(factor)).astype(np.uint8)
    return array if factor == 1 else np.rint(np.arange(256) * factor).clip(0, FULL).astype(np.uint8)[array]


def _nearly_black(raw: Raw, images: Mapping[str, NDArray[Any]]) -> list[str]:
    """Return a note for each part with some images on a smaller scale than others; raise a DataError if most are."""
    notes = []
    for role, array in images.items():
        brightest = array.reshape(len(array), -1).max(axis=1)
        shown = int(np.count_nonzero(brightest))
        dark = np.flatnonzero((brightest > 0) & (brightest <= _NEARLY_BLACK))
        if not dark.size:
            continue
        found = (
            f"{dark.size:,} of {len(array):,} images {'is' if dark.size == 1 else 'are'} nearly black, with a brightest"
            f" pixel of at most {_NEARLY_BLACK} of 255{such_as(dark.size, f'that of row {dark[0]:,}')}"
        )
        if dark.size * 2 > shown:
            raise DataError(
                f"{raw.places[role]}: {found}, but others reach {brightest.max():g}.",
                "Their pixels are on different scales: rescale every image to 0..255.",
            )
        notes.append(f"{raw.places[role]}: {found}.")
    return notes
