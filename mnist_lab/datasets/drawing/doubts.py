"""Reasons why the drawing that was found may not be the intended one, in words for users."""

import numpy as np
from scipy import ndimage

from mnist_lab.datasets.drawing.background import Values
from mnist_lab.datasets.drawing.parts import Mask, Part, depth, labelled
from mnist_lab.datasets.drawing.threshold import EDGE, FAINTEST

_OTHER = 0.3  # least extent of another drawing, relative to the drawing's
_PIECE = 0.025  # least extent of a piece, relative to the drawing's
_SOLID, _FILLED = 0.55, 0.75  # stroke width relative to the extent, and inked share of the box, above those of digits
_WIDE = 1.5  # width / height; one digit of MNIST in 200 is wider
_SHADE = 0.1  # of the strong ink's area
_MOST_PIECES, _MOST_MARKS = 3, 5  # counts


def about_place(drawing: Part, mine: Mask) -> list[str]:
    """Return a doubt if the drawing is cut off or fills the picture."""
    height, width = mine.shape
    if drawing.height >= 0.9 * height and drawing.width >= 0.9 * width:
        return ["the drawing fills nearly the whole image, so what it shows was probably not found"]
    cut_off = drawing.touches_edge(mine.shape)
    return ["the drawing touches the edge of the image and may be cut off"] if cut_off else []


def about_others(others: list[Part], drawing: Part) -> list[str]:
    """Return a doubt if there is more than one drawing."""
    drawings = [part for part in others if part.extent >= _OTHER * drawing.extent]
    if drawings:
        return [f"there are {1 + len(drawings)} separate drawings, and only the one with the most ink was read"]
    return [f"there are {len(others)} other marks around the drawing"] if len(others) > _MOST_MARKS else []


def about_contrast(contrast: float, paper: Values) -> list[str]:
    """Return a doubt if the drawing barely stands out: on a table, it may be the shadow of the sheet."""
    if contrast < FAINTEST / 255 * np.percentile(paper, 95):
        return ["the drawing hardly stands out from its surroundings"]
    return []


def about_shape(drawing: Part, parts: list[Part], mine: Mask, core: Mask, ink: Values) -> list[str]:
    """Doubts whether it is made of strokes, as a digit is.

    Args:
        drawing: the part that was found.
        parts: all parts, of which the drawing may be several.
        mine: the pixels of the drawing.
        core: those of them with strong ink.
        ink: ink of the drawing (height, width), 0 to 1.
    """
    doubts = []
    tall = [part for part in parts if part.labels <= drawing.labels and part.height >= 0.55 * drawing.height]
    if any(one.beside(other) for i, one in enumerate(tall) for other in tall[:i]):
        doubts.append("there are two drawings side by side")
    if drawing.width > _WIDE * drawing.height:
        doubts.append("the drawing is unusually wide")
    shreds = labelled(mine)
    sizes = [max(side.stop - side.start for side in box) for box in ndimage.find_objects(shreds)]
    if (pieces := sum(size >= _PIECE * drawing.extent for size in sizes)) > _MOST_PIECES:
        doubts.append(f"the drawing is in {pieces} pieces")
    slope = ndimage.gaussian_gradient_magnitude(ink, max(1.0, 0.01 * drawing.extent)) * drawing.extent
    flat = (ink > EDGE) & (ink < 0.75) & (slope < 1)
    if flat.sum() > _SHADE * core.sum():
        doubts.append("part of the drawing is uniformly grey and may be a shadow")
    stroke = 2 * depth(np.pad(core, 1)).max()
    upright = drawing.width <= drawing.height / 2  # a 1 fills its box
    if stroke > _SOLID * drawing.extent or (ink.mean() > _FILLED and not upright):
        doubts.append("the drawing is a solid shape rather than strokes")
    return doubts
