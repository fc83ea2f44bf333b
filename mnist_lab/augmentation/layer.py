"""The base of all augmentation layers: when they are active, and their random numbers."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import keras

from mnist_lab.config.augmentations import Augmentation

Tensor = Any
"""A tensor of the current backend."""

ops: Any = keras.ops  # as Any, because its inferred types mix those of all backends


class Augment(keras.layers.Layer, ABC):
    """The identity, except during training.

    Computes in float32 under every dtype policy: the 8 significant bits of bfloat16 are too few for coordinates and
    interpolated pixels.
    """

    def __init__(self, *, seed: int) -> None:
        super().__init__(dtype="float32")
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, images: Tensor, training: bool | None = False) -> Tensor:
        """Return the images in float32, augmented if `training`."""
        images = ops.cast(images, "float32")
        return self.change(images) if training else images

    @abstractmethod
    def change(self, images: Tensor) -> Tensor:
        """Return the augmented images."""

    def chosen(self, item: Augmentation, images: Tensor) -> Tensor:
        """Draw which images `item` applies to: booleans of shape (batch, 1, 1, 1)."""
        shape = (ops.shape(images)[0], 1, 1, 1)
        return keras.random.uniform(shape, seed=self.generator) < item.probability


def amounts(count: int, images: Tensor, seed: keras.random.SeedGenerator, size: Sequence[int] = (1, 1)) -> list[Tensor]:
    """Draw `count` tensors of shape (batch, *size, 1), uniform in [-1, 1)."""
    shape = (count, ops.shape(images)[0], *size, 1)
    return ops.unstack(keras.random.uniform(shape, -1.0, 1.0, seed=seed), count)


def grid(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return the pixels' y (1, height, 1, 1) and x (1, 1, width, 1) from the centre: -1, 0, 1 for three."""
    _, height, width, _ = images.shape
    y = ops.arange(height, dtype="float32") - (height - 1) / 2
    x = ops.arange(width, dtype="float32") - (width - 1) / 2
    return ops.reshape(y, (1, -1, 1, 1)), ops.reshape(x, (1, 1, -1, 1))
