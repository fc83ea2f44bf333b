"""Random changes of the training images, each drawn anew for every image and every epoch.

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
    """How likely each image is to be changed."""

    @property
    def handicaps_training(self) -> bool:
        """Whether it makes the images harder while the network trains: unless it never changes any."""
        return self.probability > 0 and getattr(self, self.short or "alpha") > 0


class Geometric(Augmentation):
    """Moves pixels."""

    fill: Annotated[float, Field(ge=0, le=255)] = 0.0
    """Grey value of all that lies outside the image; bilinear interpolation blends it in at the border."""
    interpolation: Literal["nearest", "bilinear"] = "bilinear"


class Rotation(Geometric):
    """Turned around the centre by up to this many degrees either way."""

    key = "rotation"
    short = "degrees"
    degrees: Annotated[float, Field(ge=0, le=180)]


class Shift(Geometric):
    """Moved by up to this fraction of the height up or down, and of the width left or right."""

    key = "shift"
    short = "fraction"
    fraction: Fraction


class Zoom(Geometric):
    """Scaled around the centre by a factor between 1 - fraction and 1 + fraction, the same in height and width."""

    key = "zoom"
    short = "fraction"
    fraction: Annotated[float, Field(ge=0, le=0.9)]


class Shear(Geometric):
    """Upright lines leant by up to this many degrees either way; rows stay level."""

    key = "shear"
    short = "degrees"
    degrees: Annotated[float, Field(ge=0, lt=90)]


class Elastic(Geometric):
    """Each pixel displaced by its own random amount, smoothed over the neighbours (Simard et al. 2003)."""

    key = "elastic"
    alpha: NonNegative
    """Standard deviation of the displacement in pixels, along each axis. Simard's 34 with sigma 4 is 1.4 here."""
    sigma: PositiveFloat
    """Standard deviation of the Gaussian that smooths, in pixels: larger bends the image, smaller crumples it."""


class Brightness(Augmentation):
    """Lighter or darker by up to this fraction of the full range."""

    key = "brightness"
    short = "delta"
    delta: UpToWhole


class Contrast(Augmentation):
    """Distances from the image's mean times a factor between 1 - factor and 1 + factor."""

    key = "contrast"
    short = "factor"
    factor: UpToWhole


class Noise(Augmentation):
    """Gaussian noise with this standard deviation, as a fraction of the full range, on every pixel by itself."""

    key = "noise"
    short = "std"
    std: UpToWhole


class Erase(Augmentation):
    """A rectangle of about this fraction of the area, of random shape and place, made black (Zhong et al. 2017)."""

    key = "erase"
    short = "fraction"
    fraction: Annotated[float, Field(gt=0, lt=1)]


AUGMENTATIONS = (Rotation, Shift, Zoom, Shear, Elastic, Brightness, Contrast, Noise, Erase)

AnyAugmentation = Annotated[Augmentation, OneOf(lambda: AUGMENTATIONS)]
