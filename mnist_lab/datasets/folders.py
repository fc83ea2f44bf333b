"""Reads a data set from pictures in folders: `train/<class>/*.png` and `test/<class>/*.png` (or JPEG)."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from mnist_lab.datasets.dataset import Raw
from mnist_lab.datasets.files import entries, kind, unreadable
from mnist_lab.datasets.pictures import FORMATS, ON_DAMAGE
from mnist_lab.errors import DataError

PICTURES = (".png", ".jpg", ".jpeg")
_GREY = ("1", "L")


def read_folder(folder: Path) -> Raw | None:
    """Reads the pictures below `train` and `test`, or returns None if the folder has neither.

    The classes are the folders' names, in numerical order if all are numbers. If every picture is grey there
    is one channel, otherwise three.

    Raises:
        DataError: a missing part or class, an empty class, a picture that cannot be read or has another size.
    """
    parts = {part: folder / part for part in ("train", "test")}
    if not any(kind(path) == "folder" for path in parts.values()):
        return None
    for part, path in parts.items():
        if kind(path) != "folder":
            raise DataError(f"{folder}: has no folder {part!r}; expected train/<class>/*.png and test/<class>/*.png.")
    classes = _class_names(parts["train"])
    if strangers := set(_class_names(parts["test"])) ^ set(classes):
        name = min(strangers)
        has, lacks = ("train", "test") if name in classes else ("test", "train")
        raise DataError(f"{folder}: class {name!r} has a folder in {has}, but none in {lacks}.")
    arrays: dict[str, NDArray[Any]] = {}
    size: tuple[int, int] | None = None
    first: Path | None = None
    pictures: dict[str, list[NDArray[np.uint8]]] = {}
    for part, path in parts.items():
        pictures[part], labels = [], []
        for label, picture in _pictures(path, classes):
            pixels = read_picture(picture)
            if size is None:
                size, first = pixels.shape[:2], picture
            elif pixels.shape[:2] != size:
                raise DataError(
                    f"{picture}: is {_size(pixels.shape[:2])}, but {first} is {_size(size)}"
                    " (width x height); all pictures must have one size."
                )
            pictures[part].append(pixels)
            labels.append(label)
        arrays[f"y_{part}"] = np.array(labels, np.int64)
    channels = max(pixels.shape[2] for part in pictures.values() for pixels in part)
    for part, list_of_pixels in pictures.items():
        arrays[f"x_{part}"] = np.stack([np.broadcast_to(p, (*p.shape[:2], channels)) for p in list_of_pixels])
    places = {f"{kind}_{part}": str(path) for kind in "xy" for part, path in parts.items()}
    return Raw(arrays, places, (folder,), f"{folder} (pictures)", classes)


def read_picture(path: Path) -> NDArray[np.uint8]:
    """The pixels (height, width, channels) of a PNG or JPEG file; one channel if it is grey, else three.

    They are turned as the camera noted, which `pictures` does as well for those that are to be predicted.

    Raises:
        DataError: not a picture, damaged, of more than 8 bits, or with transparent pixels (whose colour
            depends on what they are laid upon).
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of tags that are damaged, where the pixels are not
            with Image.open(path, formats=FORMATS) as opened:
                image = ImageOps.exif_transpose(opened)
                if image.mode in ("I", "F") or image.mode.startswith("I;16"):
                    raise DataError(f"{path}: has more than 8 bits per channel ({image.mode}); save it with 8.")
                if image.has_transparency_data:
                    alpha = image.convert("RGBA").getchannel("A")
                    if np.asarray(alpha).min() < 255:
                        raise DataError(f"{path}: has transparent pixels; save it on a background.")
                grey = image.mode in (*_GREY, "LA")
                pixels = np.asarray(image.convert("L" if grey else "RGB"))
    except (Image.UnidentifiedImageError, Image.DecompressionBombError, *ON_DAMAGE) as error:
        raise DataError(f"{path}: cannot be read as a picture ({error}).") from error
    except OSError as error:
        if error.errno is None:  # Pillow's own: "image file is truncated"
            raise DataError(f"{path}: the picture is damaged ({error}).") from error
        raise unreadable(path, error) from error
    return pixels[..., np.newaxis] if grey else pixels


def _class_names(folder: Path) -> tuple[str, ...]:
    names = [path.name for path in entries(folder) if kind(path) == "folder" and not path.name.startswith(".")]
    if not names:
        raise DataError(f"{folder}: has no folders; expected one for each class, with its pictures.")
    return tuple(sorted(names, key=int) if all(name.isdecimal() for name in names) else sorted(names))


def _pictures(folder: Path, classes: tuple[str, ...]) -> Iterator[tuple[int, Path]]:
    for label, name in enumerate(classes):
        files = [
            path for path in entries(folder / name) if path.suffix.lower() in PICTURES and not path.name.startswith(".")
        ]
        if not files:
            raise DataError(f"{folder / name}: this class is empty; expected PNG or JPEG files.")
        for path in files:
            yield label, path


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]}"
