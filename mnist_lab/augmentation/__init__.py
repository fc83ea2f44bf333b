"""Keras layers for data augmentation, from `augment` in the configuration.

They map images of shape (batch, height, width, channels) with pixels 0..255 to float32 images of the same shape, are
active only during training, and draw independently for each image. They are written in `keras.ops` and compile on every
backend; Keras' own geometric layers disable the compilation of the whole model on JAX.
"""

from collections.abc import Sequence

import keras
import numpy as np

from mnist_lab.augmentation.geometry import Geometry
from mnist_lab.augmentation.pixels import Pixels
from mnist_lab.config.augmentations import Augmentation, Geometric

__all__ = ["layers"]


def layers(augment: Sequence[Augmentation], *, seed: int) -> list[keras.layers.Layer]:
    """Build the layers of `augment`, in order; all geometric ones form one layer, at the position of the first.

    The layers belong before a model and its preprocessing. Each derives its own seed from that of the run. The state of
    their random number generators is among their `variables`, so that a run that restores these resumes as if it had
    never been interrupted. The geometric augmentations agree on `fill` and `interpolation`.
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
    """Return a seed for the layer at this position of a run, below 2**31, which every backend accepts."""
    return int(np.random.SeedSequence((seed, position)).generate_state(1)[0] >> 1)
