"""Keras layers that change training images at random, as `augment` of the configuration says.

They take and give images of shape (batch, height, width, channels) with pixels 0..255 in float32, act while training
only, and draw anew for each image. All of it is `keras.ops`, so it compiles on every backend; Keras' own geometric
layers turn the whole model's compilation off on JAX.

Adding an augmentation is adding its class to `mnist_lab.config.augmentations` and one function, to `GEOMETRY` or to
`PIXELS`.
"""

from collections.abc import Sequence

import keras
import numpy as np

from mnist_lab.augmentation.geometry import Geometry
from mnist_lab.augmentation.pixels import Pixels
from mnist_lab.config.augmentations import Augmentation, Geometric

__all__ = ["layers"]


def layers(augment: Sequence[Augmentation], *, seed: int) -> list[keras.layers.Layer]:
    """Build what `augment` lists, in order; all geometric ones as one layer at the place of their first.

    The layers belong in front of a model, before its preprocessing. The state of their random numbers is among
    their `variables`: saved and restored with them, a run goes on as if it had never stopped.

    Args:
        augment: the configured augmentations; the geometric ones agree on `fill` and `interpolation`.
        seed: the run's seed; every layer derives its own stream from it.
    """
    geometric = [item for item in augment if isinstance(item, Geometric)]
    built: list[keras.layers.Layer] = []
    for item in augment:
        stream = _stream(seed, len(built))
        if not isinstance(item, Geometric):
            built.append(Pixels(item, seed=stream))
        elif item is geometric[0]:
            built.append(Geometry(geometric, seed=stream))
    return built


def _stream(seed: int, position: int) -> int:
    """Mix a seed that other layers and other runs do not have, below 2**31 as every backend takes it."""
    return int(np.random.SeedSequence((seed, position)).generate_state(1)[0] >> 1)
