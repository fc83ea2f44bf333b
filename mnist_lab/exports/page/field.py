"""What is drawn on the page: images of which size, which classes, and how a drawing becomes an image."""

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
    """The same for all networks of a page."""

    shape: tuple[int, int]
    """Height and width of the images."""
    classes: tuple[str, ...]
    preparation: Literal["mnist", "resize"]
    """How a drawing becomes an image: as MNIST's digits did, or made smaller only."""
    dark_on_light: bool
    """Whether the images show dark ink on light paper; MNIST's show light ink on black."""
    titles: tuple[str, ...]
    """The data sets that the networks were trained on."""

    @property
    def subject(self) -> str:
        """What the classes are, for people: `digit`, `letter`, `character` or `picture`."""
        if all(len(name) == 1 and name.isdecimal() for name in self.classes):
            return "digit"
        if all(len(name) == 1 and name.isalpha() for name in self.classes):
            return "letter"
        return "character" if all(len(name) <= 3 for name in self.classes) else "picture"


def field_for(networks: Sequence[Trained]) -> Field:
    """The field that drawings for all of these networks can be made on.

    Raises:
        InputError: the images of one are not drawings in grey, or two take different images or have other classes.
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
        raise InputError(f"{place}: the images of {signature.title} are photographs, which nobody can draw.", _OTHERS)
    if signature.shape[2] != 1:
        raise InputError(
            f"{place}: expected a network for grey images, which can be drawn; this one takes "
            f"{image_size(signature.shape)} ones.",
            f"With data.grey the images become grey before training. {_OTHERS}",
        )


def _check_same(one: Trained, other: Trained) -> None:
    """Check that a drawing becomes the same image for both, and that their answers can be compared."""
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
    """Whether the border of most images is light; never of those that were made as MNIST's."""
    if network.signature.preparation == "mnist":
        return False
    images = network.reference.images
    sides = images[:, (0, -1)].reshape(len(images), -1), images[:, :, (0, -1)].reshape(len(images), -1)
    return bool(np.median(np.concatenate(sides, axis=1)) > 127)


def _listed(signature: Signature) -> str:
    most = 4
    names = ", ".join(signature.classes[:most])
    return f"{len(signature.classes)} ({names}{', ...' if len(signature.classes) > most else ''})"
