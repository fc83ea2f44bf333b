"""The network that a configuration describes."""

from typing import TYPE_CHECKING

from mnist_lab.config import Config

if TYPE_CHECKING:
    import keras


def network_of(config: Config, *, image_shape: tuple[int, int, int], classes: int) -> "keras.Model":
    """Build it for images of this shape (height, width, channels); its random weights come from Keras' seed.

    Raises:
        InputError: it cannot be built, or does not fit the images.
    """
    from mnist_lab import models

    return models.build(
        config.model,
        input_shape=image_shape,
        classes=classes,
        preprocess=config.data.preprocess,
        precision=config.train.precision,
        name=str(config.name),
    )
