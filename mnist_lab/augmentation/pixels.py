"""Augmentations of pixel values."""

import math
from collections.abc import Callable

import keras

from mnist_lab.augmentation.layer import Augment, Tensor, amounts, grid, ops
from mnist_lab.config.augmentations import Augmentation, Brightness, Contrast, Erase, Noise

WHITE = 255.0
"""The largest pixel value; the smallest, black, is 0."""

SLIMMEST = 10 / 3
"""Largest aspect ratio of an erased rectangle (Zhong et al. 2017)."""


class Pixels(Augment):
    """Applies one augmentation to the selected images, and clips to 0..255."""

    def __init__(self, item: Augmentation, *, seed: int) -> None:
        super().__init__(seed=seed)
        self.item = item

    def change(self, images: Tensor) -> Tensor:
        """Change the selected images; the others stay bit-identical."""
        changed = PIXELS[type(self.item)](self.item, images, self.generator)
        return ops.where(self.chosen(self.item, images), ops.clip(changed, 0.0, WHITE), images)


def _brightness(item: Brightness, images: Tensor, seed: keras.random.SeedGenerator) -> Tensor:
    """Add or subtract up to `delta` times the full range."""
    (amount,) = amounts(1, images, seed)
    return images + amount * (item.delta * WHITE)


def _contrast(item: Contrast, images: Tensor, seed: keras.random.SeedGenerator) -> Tensor:
    """Scale the distances from the mean over all pixels and channels of the image."""
    (amount,) = amounts(1, images, seed)
    mean = ops.mean(images, axis=(1, 2, 3), keepdims=True)
    return mean + (images - mean) * (1.0 + amount * item.factor)


def _noise(item: Noise, images: Tensor, seed: keras.random.SeedGenerator) -> Tensor:
    """Add independent Gaussian noise to every pixel and channel."""
    return images + keras.random.normal(ops.shape(images), seed=seed) * (item.std * WHITE)


def _erase(item: Erase, images: Tensor, seed: keras.random.SeedGenerator) -> Tensor:
    """Set to black a rectangle of the given area and an aspect ratio up to `SLIMMEST`, anywhere inside the image."""
    shape, down, right = amounts(3, images, seed)
    slimmest = min(SLIMMEST, 1 / item.fraction)  # a larger ratio would not fit into the image
    stretch = ops.exp(shape * (0.5 * math.log(slimmest)))
    side = math.sqrt(item.fraction)

    def covered(coordinate: Tensor, size: int, part: Tensor, place: Tensor) -> Tensor:
        return ops.abs(coordinate - place * (1.0 - part) * (size / 2)) < part * (size / 2)

    y, x = grid(images)
    rows = covered(y, images.shape[1], side * stretch, down)
    columns = covered(x, images.shape[2], side / stretch, right)
    return ops.where(ops.logical_and(rows, columns), 0.0, images)


PIXELS: dict[type[Augmentation], Callable[..., Tensor]] = {
    Brightness: _brightness,
    Contrast: _contrast,
    Noise: _noise,
    Erase: _erase,
}
"""For each augmentation, the function from (item, images, seed) to the changed images."""
