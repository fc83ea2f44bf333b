"""Geometric augmentations, all in one interpolation.

For each pixel of the result, they compute the source coordinates: y down and x to the right, in pixels from the centre
at ((height - 1) / 2, (width - 1) / 2). An amount of 0 leaves these coordinates bit-identical, and both interpolations
read a pixel exactly at integer coordinates, so an image that is not selected for a change stays bit-identical.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from mnist_lab.augmentation.layer import Augment, Tensor, amounts, grid, ops
from mnist_lab.config.augmentations import Augmentation, Elastic, Geometric, Rotation, Shear, Shift, Zoom
from mnist_lab.errors import ConfigError


class Geometry(Augment):
    """Composes geometric augmentations and interpolates once."""

    def __init__(self, items: Sequence[Geometric], *, seed: int) -> None:
        super().__init__(seed=seed)
        self.items = tuple(items)

    def build(self, input_shape: tuple[int, int, int, int]) -> None:
        """Raise a `ConfigError` for an `alpha` of half the image or more, now that the size of the images is known."""
        limit = min(input_shape[1:3]) / 2
        for item in self.items:
            if isinstance(item, Elastic) and item.alpha >= limit:
                raise ConfigError(
                    f"augment: elastic.alpha is the displacement in pixels: expected less than {limit:g}, "
                    f"half of the image, received {item.alpha:g}",
                    "In the literature alpha scales a field that smoothing has made small: alpha 34 with sigma 4 there "
                    "is alpha 1.4 with sigma 4 here (0.16 alpha / sigma).",
                )

    def change(self, images: Tensor) -> Tensor:
        """Compute the source of every pixel, inverting the last augmentation first."""
        y, x = grid(images)
        for item in reversed(self.items):
            chosen = self.chosen(item, images)
            size = images.shape[1:3] if isinstance(item, Elastic) else (1, 1)
            drawn = amounts(2, images, self.generator, size)
            y, x = GEOMETRY[type(item)](item, y, x, *(ops.where(chosen, amount, 0.0) for amount in drawn))
        return sample(images, y, x, fill=self.items[0].fill, interpolation=self.items[0].interpolation)


def sample(images: Tensor, y: Tensor, x: Tensor, *, fill: float, interpolation: str) -> Tensor:
    """Sample images at coordinates in pixels from their centre.

    Outside the image everything is `fill`; bilinear values within a pixel of the border blend with it. Keras'
    `ops.image.affine_transform` has no displacement fields, and takes eight times as long on JAX.

    Args:
        images: (batch, height, width, channels).
        y, x: the source of each pixel of the result; together they broadcast to (batch, height, width, 1).
        fill: value outside the image.
        interpolation: `nearest` or `bilinear`.
    """
    batch, height, width, channels = ops.shape(images)
    rows, columns = height + 3, width + 3
    framed = ops.pad(images, ((0, 0), (1, 2), (1, 2), (0, 0)), constant_values=fill)
    pixels = ops.reshape(framed, (-1, channels))

    y = ops.clip(y + ((height - 1) / 2 + 1), 0.0, height + 1.0)
    x = ops.clip(x + ((width - 1) / 2 + 1), 0.0, width + 1.0)
    if interpolation == "nearest":
        y, x = y + 0.5, x + 0.5
    top, left = ops.floor(y), ops.floor(x)
    first = ops.reshape(ops.arange(batch, dtype="int32") * (rows * columns), (-1, 1, 1, 1))
    corner = ops.squeeze(first + ops.cast(top, "int32") * columns + ops.cast(left, "int32"), axis=-1)

    def at(down: int, right: int) -> Tensor:
        return ops.take(pixels, corner + (down * columns + right), axis=0)

    if interpolation == "nearest":
        return at(0, 0)
    down, right = y - top, x - left
    a, b, c, d = at(0, 0), at(0, 1), at(1, 0), at(1, 1)
    upper, lower = a + right * (b - a), c + right * (d - c)
    return upper + down * (lower - upper)


def _rotation(item: Rotation, y: Tensor, x: Tensor, amount: Tensor, _: Tensor) -> tuple[Tensor, Tensor]:
    """Rotate counter-clockwise by `amount` times the angle."""
    angle = amount * math.radians(item.degrees)
    sin, cos = ops.sin(angle), ops.cos(angle)
    return cos * y + sin * x, cos * x - sin * y


def _shift(item: Shift, y: Tensor, x: Tensor, down: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """Shift down and right by these amounts times the fraction of the height and width."""
    height, width = y.shape[1], x.shape[2]
    return y - down * (item.fraction * height), x - right * (item.fraction * width)


def _zoom(item: Zoom, y: Tensor, x: Tensor, amount: Tensor, _: Tensor) -> tuple[Tensor, Tensor]:
    """Scale height and width by 1 + `amount` times the fraction."""
    factor = 1.0 + amount * item.fraction
    return y / factor, x / factor


def _shear(item: Shear, y: Tensor, x: Tensor, amount: Tensor, _: Tensor) -> tuple[Tensor, Tensor]:
    """Tilt vertical lines to the right by `amount` times the angle; the middle row stays."""
    return y, x + ops.tan(amount * math.radians(item.degrees)) * y


def _elastic(item: Elastic, y: Tensor, x: Tensor, down: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """Displace each pixel by uniform noise, smoothed and scaled (Simard, Steinkraus and Platt 2003).

    In the paper the scale is a constant, so the displacement depends on sigma. Here the standard deviation of the
    displacement along each axis is `alpha`, for every sigma and also at the border.
    """
    rows, columns = _smoothing(y.shape[1], item.sigma), _smoothing(x.shape[2], item.sigma)
    scale = item.alpha * math.sqrt(3)  # the variance of uniform noise in [-1, 1) is 1/3

    def smoothed(noise: Tensor) -> Tensor:
        field = ops.matmul(ops.matmul(rows, ops.squeeze(noise, axis=-1)), columns.T)
        return ops.expand_dims(field * scale, axis=-1)

    return y + smoothed(down), x + smoothed(right)


def _smoothing(size: int, sigma: float) -> np.ndarray:
    """Return the (size, size) matrix of a Gaussian blur along an axis; rows of norm 1 keep the variance of noise.

    Two products with it are a separable blur, many times faster than convolutions for images of this size.
    """
    distance = np.subtract.outer(np.arange(size), np.arange(size))
    weights = np.exp(-0.5 * (distance / sigma) ** 2)
    return (weights / np.linalg.norm(weights, axis=1, keepdims=True)).astype("float32")


GEOMETRY: dict[type[Augmentation], Callable[..., tuple[Tensor, Tensor]]] = {
    Rotation: _rotation,
    Shift: _shift,
    Zoom: _zoom,
    Shear: _shear,
    Elastic: _elastic,
}
"""For each augmentation, the function from (item, y, x, amount, amount) to the source coordinates.

Amounts are in [-1, 1), and 0 changes nothing; (batch, 1, 1, 1), or for `Elastic` (batch, height, width, 1).
"""
