"""What can be drawn on the page: the size of the images, the classes, and how a drawing becomes an image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mnist_lab.errors import InputError
from mnist_lab.exports.trained import Trained
from mnist_lab.prediction import Signature
from mnist_lab.text.quantities import image_size

_OTHERS = "Other formats take any network: --format onnx."


@dataclass(frozen=True)
class Field:
    """The drawing field, shared by all networks of a page."""

    shape: tuple[int, int]
    """Height and width of the images."""
    classes: tuple[str, ...]
    preparation: Literal["mnist", "resize"]
    """How a drawing becomes an image: as MNIST's digits did, or only scaled down."""
    dark_on_light: bool
    """Whether the images show dark ink on light paper; MNIST's show light ink on black."""
    titles: tuple[str, ...]
    """Data sets that the networks were trained on."""

    @property
    def subject(self) -> str:
        """What the classes are, for people: `digit`, `letter`, `character` or `picture`."""
        if all(len(name) == 1 and name.isdecimal() for name in self.classes):
            return "digit"
        if all(len(name) == 1 and name.isalpha() for name in self.classes):
            return "letter"
        return "character" if all(len(name) <= 3 for name in self.classes) else "picture"


def field_for(networks: Sequence[Trained]) -> Field:
    """Return the field on which to draw for all of these networks.

    Raises:
        InputError: the images of one are not greyscale drawings, or two differ in their images or classes.
    """
    for network in networks:
        _check_drawable(network)
    first = networks[0]
    for other in networks[1:]:
        _check_same(first, other)
    height, width, _ = first.signature.shape
    titles = dict.fromkeys(network.signature.title for network in networks)
    return Field(
        (height, width),
        first.signature.classes,
        "mnist" if first.signature.preparation == "mnist" else "resize",
        _dark_on_light(first),
        tuple(titles),
    )


def _check_drawable(network: Trained) -> None:
    signature, place = network.signature, network.run.folder.path
    if not signature.drawn:
        raise InputError(
            f"{place}: the images of {signature.title} are photographs, which cannot be drawn on the page.", _OTHERS
        )
    if signature.shape[2] != 1:
        raise InputError(
            f"{place}: expected a network for grey images, which can be drawn; this one takes "
            f"{image_size(signature.shape)} ones.",
            f"data.grey converts the images to greyscale before training. {_OTHERS}",
        )


def _check_same(one: Trained, other: Trained) -> None:
    """Check that a drawing becomes the same image for both, and that their predictions can be compared."""
    mine, its = one.signature, other.signature
    if mine.shape != its.shape:
        problem = f"for the same images, received {image_size(mine.shape)} and {image_size(its.shape)}"
    elif mine.classes != its.classes:
        problem = f"for the same classes, received {_listed(mine)} and {_listed(its)}"
    elif mine.preparation != its.preparation or _dark_on_light(one) != _dark_on_light(other):
        made = f"the images of {mine.title} and {its.title} are made differently"
        problem = f"for which a drawing is prepared in the same way; {made}"
    else:
        return
    places = f"{one.run.folder.path} and {other.run.folder.path}"
    raise InputError(f"{places}: expected networks {problem}.", "Export them to two pages.")


def _dark_on_light(network: Trained) -> bool:
    """Return whether most border pixels of the images are light; False for images prepared like MNIST's."""
    if network.signature.preparation == "mnist":
        return False
    images = network.expected.images
    sides = images[:, (0, -1)].reshape(len(images), -1), images[:, :, (0, -1)].reshape(len(images), -1)
    return bool(np.median(np.concatenate(sides, axis=1)) > 127)


def _listed(signature: Signature) -> str:
    most = 4
    names = ", ".join(signature.classes[:most])
    return f"{len(signature.classes)} ({names}{', ...' if len(signature.classes) > most else ''})"
