"""Random changes of the training images, each drawn anew for every image and every epoch.

They act on the pixels (0..255) before preprocessing, in the order written. The geometric ones are composed and drawn
in one interpolation, so they share `fill` and `interpolation`. What each does is in `mnist_lab.augmentation`.
"""

from typing import Annotated, Literal

from pydantic import Field

from mnist_lab.config.spec import Item, NonNegative, OneOf, PositiveFloat, Probability

Fraction = Annotated[float, Field(ge=0, lt=1)]


class Augmentation(Item):
    """One entry of `augment`."""

    probability: Probability = 1.0
    """How likely each image is to be changed."""


class Geometric(Augmentation):
    """Moves pixels; what comes in from outside the image has the grey value `fill`."""

    fill: Annotated[float, Field(ge=0, le=255)] = 0.0
    interpolation: Literal["nearest", "bilinear"] = "bilinear"


class Rotation(Geometric):
    """Turned around the centre by up to this many degrees either way."""

    key = "rotation"
    short = "degrees"
    degrees: Annotated[float, Field(ge=0, le=180)]


class Shift(Geometric):
    """Moved by up to this fraction of the height and of the width."""

    key = "shift"
    short = "fraction"
    fraction: Fraction


class Zoom(Geometric):
    """Scaled by a factor between 1 - fraction and 1 + fraction."""

    key = "zoom"
    short = "fraction"
    fraction: Fraction


class Shear(Geometric):
    """Sheared along x by up to this many degrees either way."""

    key = "shear"
    short = "degrees"
    degrees: Annotated[float, Field(ge=0, lt=90)]


class Elastic(Geometric):
    """A random field of displacements, smoothed over `sigma` pixels, of about `alpha` pixels (Simard et al. 2003)."""

    key = "elastic"
    alpha: NonNegative
    sigma: PositiveFloat


class Brightness(Augmentation):
    """Lighter or darker by up to this fraction of the full range."""

    key = "brightness"
    short = "delta"
    delta: Probability


class Contrast(Augmentation):
    """Distances from the image's mean times a factor between 1 - factor and 1 + factor."""

    key = "contrast"
    short = "factor"
    factor: Probability


class Noise(Augmentation):
    """Gaussian noise with this standard deviation, as a fraction of the full range."""

    key = "noise"
    short = "std"
    std: NonNegative


class Erase(Augmentation):
    """A rectangle of about this fraction of the area, at a random place, made black (Zhong et al. 2017)."""

    key = "erase"
    short = "fraction"
    fraction: Annotated[float, Field(gt=0, lt=1)]


AUGMENTATIONS = (Rotation, Shift, Zoom, Shear, Elastic, Brightness, Contrast, Noise, Erase)

AnyAugmentation = Annotated[Augmentation, OneOf(lambda: AUGMENTATIONS)]
