"""Random augmentations of the training images, drawn independently for each image and epoch.

They act on the pixels (0..255, clipped to that) before preprocessing, in the order written. The geometric ones are
drawn in one interpolation, at the place of the first of them, so they share `fill` and `interpolation`.
`mnist_lab.augmentation` carries them out.
"""

from typing import Annotated, Literal

from pydantic import Field

from mnist_lab.config.spec import Item, NonNegative, OneOf, PositiveFloat, Probability

Fraction = Annotated[float, Field(ge=0, lt=1)]
UpToWhole = Annotated[float, Field(ge=0, le=1)]


class Augmentation(Item):
    """One entry of `augment`."""

    probability: Probability = 1.0
    """Probability that an image is changed."""

    @property
    def handicaps_training(self) -> bool:
        """Whether it makes the images harder while the network trains: unless it never changes any."""
        return self.probability > 0 and getattr(self, self.short or "alpha") > 0


class Geometric(Augmentation):
    """Moves pixels."""

    fill: Annotated[float, Field(ge=0, le=255)] = 0.0
    """Grey value outside the image; bilinear interpolation blends it in at the border."""
    interpolation: Literal["nearest", "bilinear"] = "bilinear"


class Rotation(Geometric):
    """Rotated about the centre by up to this many degrees either way."""

    key = "rotation"
    short = "degrees"
    degrees: Annotated[float, Field(ge=0, le=180)]


class Shift(Geometric):
    """Shifted by up to this fraction of the height up or down, and of the width left or right."""

    key = "shift"
    short = "fraction"
    fraction: Fraction


class Zoom(Geometric):
    """Scaled about the centre by a factor between 1 - fraction and 1 + fraction, equal in height and width."""

    key = "zoom"
    short = "fraction"
    fraction: Annotated[float, Field(ge=0, le=0.9)]


class Shear(Geometric):
    """Sheared horizontally by up to this many degrees either way."""

    key = "shear"
    short = "degrees"
    degrees: Annotated[float, Field(ge=0, lt=90)]


class Elastic(Geometric):
    """Random displacement of each pixel, smoothed over its neighbourhood (Simard et al. 2003)."""

    key = "elastic"
    alpha: NonNegative
    """Standard deviation of the displacement in pixels, along each axis. Simard's 34 with sigma 4 is 1.4 here."""
    sigma: PositiveFloat
    """Standard deviation of the smoothing Gaussian in pixels; smaller values give finer distortions."""


class Brightness(Augmentation):
    """Brightness changed by up to this fraction of the full range."""

    key = "brightness"
    short = "delta"
    delta: UpToWhole


class Contrast(Augmentation):
    """Contrast about the image's mean, scaled by a factor between 1 - factor and 1 + factor."""

    key = "contrast"
    short = "factor"
    factor: UpToWhole


class Noise(Augmentation):
    """Gaussian noise, independent for each pixel; the standard deviation is a fraction of the full range."""

    key = "noise"
    short = "std"
    std: UpToWhole


class Erase(Augmentation):
    """A random rectangle covering about this fraction of the area, set to black (Zhong et al. 2017)."""

    key = "erase"
    short = "fraction"
    fraction: Annotated[float, Field(gt=0, lt=1)]


AUGMENTATIONS = (Rotation, Shift, Zoom, Shear, Elastic, Brightness, Contrast, Noise, Erase)

AnyAugmentation = Annotated[Augmentation, OneOf(lambda: AUGMENTATIONS)]
