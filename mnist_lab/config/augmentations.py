"""Random changes of the training images, drawn independently for every image and every epoch.

They act on the pixels (clipped to 0..255) before preprocessing, in the order written. The geometric ones are combined
into one interpolation, at the position of the first, so they share `fill` and `interpolation`. `mnist_lab.augmentation`
implements them.
"""

from typing import Annotated, Literal

from pydantic import Field

from mnist_lab.config.spec import FractionBelowOne, Item, NonNegative, OneOf, PositiveFloat, UnitInterval


class Augmentation(Item):
    """One entry of `augment`."""

    probability: UnitInterval = 1.0
    """Probability that an image is changed."""

    @property
    def handicaps_training(self) -> bool:
        """Whether it makes training images harder, that is, ever changes one."""
        return self.probability > 0 and getattr(self, self.short or "alpha") > 0


class Geometric(Augmentation):
    """Moves pixels."""

    fill: Annotated[float, Field(ge=0, le=255)] = 0.0
    """Grey value outside the image, 0 to 255; bilinear interpolation blends it in at the border."""
    interpolation: Literal["nearest", "bilinear"] = "bilinear"
    """How pixels between the original ones are computed."""


class Rotation(Geometric):
    """Rotates around the centre by a random angle."""

    short = "degrees"
    degrees: Annotated[float, Field(ge=0, le=180)]
    """Largest angle in either direction."""


class Shift(Geometric):
    """Shifts vertically and horizontally by random amounts."""

    short = "fraction"
    fraction: FractionBelowOne
    """Largest shift, as a fraction of the height and of the width."""


class Zoom(Geometric):
    """Scales around the centre by a random factor, the same in height and width."""

    short = "fraction"
    fraction: Annotated[float, Field(ge=0, le=0.9)]
    """The factor lies between 1 - fraction and 1 + fraction."""


class Shear(Geometric):
    """Slants vertical lines by a random angle; rows stay horizontal."""

    short = "degrees"
    degrees: Annotated[float, Field(ge=0, lt=90)]
    """Largest angle in either direction."""


class Elastic(Geometric):
    """Elastic distortion: a smoothed random displacement of each pixel (Simard et al. 2003)."""

    alpha: NonNegative
    """Standard deviation of the displacement along each axis, in pixels. Simard's alpha of 34 with sigma 4 is
    1.4 here."""
    sigma: PositiveFloat
    """Standard deviation of the smoothing Gaussian, in pixels: a larger one gives smoother distortions."""


class Brightness(Augmentation):
    """Adds a random constant to all pixels."""

    short = "delta"
    delta: UnitInterval
    """Largest change in either direction, as a fraction of the full range."""


class Contrast(Augmentation):
    """Multiplies the distance of each pixel from the image's mean by a random factor."""

    short = "factor"
    factor: UnitInterval
    """The random factor lies between 1 - factor and 1 + factor."""


class Noise(Augmentation):
    """Adds Gaussian noise to each pixel."""

    short = "std"
    std: UnitInterval
    """Standard deviation, as a fraction of the full range."""


class Erase(Augmentation):
    """Sets a rectangle of random shape and position to black (Zhong et al. 2017)."""

    short = "fraction"
    fraction: Annotated[float, Field(gt=0, lt=1)]
    """Approximate fraction of the area."""


AUGMENTATIONS = (Rotation, Shift, Zoom, Shear, Elastic, Brightness, Contrast, Noise, Erase)

AnyAugmentation = Annotated[Augmentation, OneOf(lambda: AUGMENTATIONS)]
