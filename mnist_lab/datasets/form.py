"""The common size and number of channels of all images of a data set: `data.resize` and `data.grey`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnist_lab.datasets.files import MOST_BYTES
from mnist_lab.datasets.pictures import Pixels, grey, image_of
from mnist_lab.errors import DataError
from mnist_lab.text.quantities import count


@dataclass(frozen=True)
class Form:
    """The requested size and colour."""

    size: tuple[int, int] | None = None
    """Height and width, to which images of another shape are stretched; None leaves them unchanged."""
    grey: bool = False
    """Whether colour is converted to greyscale (ITU-R 601-2 luma)."""

    def shape(self, image: tuple[int, int, int]) -> tuple[int, int, int]:
        """Return the height, width and channels to which an image of this shape is converted."""
        return (*(self.size or image[:2]), 1 if self.grey else image[2])

    def applied(self, picture: Pixels) -> Pixels:
        """Return a picture (height, width, 1 or 3) in this form.

        Raises:
            DataError: it is too large.
        """
        self._check(1, picture.shape)
        return resized(picture, self.shape(picture.shape))

    def applied_to_all(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Images (n, height, width, 1 or 3) in this form.

        Raises:
            DataError: they are too large in total.
        """
        self._check(len(images), images.shape[1:])
        result = np.empty((len(images), *self.shape(images.shape[1:])), np.uint8)
        for row, image in enumerate(images):
            result[row] = self.applied(image)
        return result

    def _check(self, images: int, image: tuple[int, int, int]) -> None:
        """Check that this many images of shape `image` do not exceed `MOST_BYTES` in this form."""
        height, width, channels = self.shape(image)
        if self.size and (taken := images * height * width * channels) > MOST_BYTES:
            raise DataError(
                f"data.resize: {count(images, 'image')} of {height:,} x {width:,} pixels would take {taken:,} bytes; "
                f"at most {MOST_BYTES:,} are read.",
                "Choose a smaller size: networks for digits are trained on 28 x 28 pixels.",
            )


AS_IT_IS = Form()


def size_of(shape: Sequence[int]) -> str:
    """Size (height x width) and colour in words: `28 x 28 grey`."""
    return f"{shape[0]} x {shape[1]} {'grey' if shape[2] == 1 else 'colour'}"


def resized(picture: NDArray[Any], shape: tuple[int, int, int]) -> Pixels:
    """Return a picture (height, width, 1 or 3) with the height, width and channels of `shape`, otherwise unchanged."""
    height, width, channels = shape
    if channels == 1:
        picture = grey(picture)
    elif picture.shape[2] == 1:
        picture = np.repeat(picture, channels, axis=2)
    if picture.shape[:2] != (height, width):
        image = image_of(picture).resize((width, height), Image.Resampling.LANCZOS)
        picture = np.asarray(image).reshape(shape)
    return picture
