"""Reads one picture from an image file or an .npy file as uint8: greyscale or colour, any size.

Differences between file formats are resolved here: palettes, transparency, 16 bits, floating point, and the orientation
stored by a camera. `centring` prepares the picture for a network.
"""

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from mnist_lab.datasets.files import DAMAGE, kind, unreadable
from mnist_lab.errors import DataError

Pixels = NDArray[np.uint8]

MOST_PIXELS = 40_000_000
"""Larger pictures are rejected: they would take gigabytes."""
_DRAFT = (2000, 2000)
"""A larger JPEG is decoded at a half, a quarter or an eighth of its size, but not below this."""
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")
"""Pillow's names of the formats that are read. Its dozens of other readers are little tested; one runs Ghostscript."""
FORMAT_NAMES = ", ".join({"WEBP": "WebP", "PPM": "PNM"}.get(name, name) for name in FORMATS)
"""The same formats in messages; Pillow's PPM reader reads all of PNM."""


def read(path: Path) -> Pixels:
    """Read the picture at `path`: (height, width, 1) if it is greyscale, (height, width, 3) otherwise.

    Transparent parts become white behind a dark drawing and black behind a light one. Only the first of several frames
    is read. Numbers in an .npy file may be 0..1, 0..255 or 0..65535.

    Raises:
        DataError: not a picture, empty, damaged, too large, a folder, or missing.
    """
    match kind(path):
        case None:
            raise DataError(f"{path}: no such file.")
        case "folder":
            raise DataError(
                f"{path}: expected an image, but this is a folder.", f"Name the files in it, for example {path}/*.png."
            )
    if path.suffix.lower() == ".npy":
        pixels = _array(path)
    else:
        with decoded(path, smaller=True) as image:
            pixels = _flattened(ImageOps.exif_transpose(image))
    return _least_channels(pixels)


def of_array(array: Any, what: str) -> Pixels:
    """Return the picture in an array, as `read` does.

    The array has shape (height, width) or (height, width, 1 or 3) and numbers of 0..1, 0..255 or 0..65535.

    Raises:
        DataError: it is not a picture; the message calls it `what`.
    """
    return _least_channels(_pixels(np.asarray(array), what))


def _least_channels(pixels: Pixels) -> Pixels:
    colour = pixels.shape[2] == 3 and not (pixels == pixels[..., :1]).all()
    return np.ascontiguousarray(pixels if colour else pixels[..., :1])


def grey(pixels: Pixels) -> Pixels:
    """Convert a picture (height, width, 1 or 3) to one channel: ITU-R 601-2 luma."""
    if pixels.shape[2] == 1:
        return pixels
    return np.asarray(Image.fromarray(pixels).convert("L"))[..., np.newaxis]


def image_of(pixels: Pixels) -> Image.Image:
    """Return a picture (height, width, 1 or 3) as a Pillow image, in greyscale or colour."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


@contextlib.contextmanager
def decoded(path: Path, *, smaller: bool = False) -> Iterator[Image.Image]:
    """Open an image file in one of `FORMATS` and load its pixels, not yet rotated as the camera recorded.

    With `smaller`, a very large JPEG is decoded at a fraction of its size, which is faster.

    Raises:
        DataError: not a picture, empty, damaged, too large, or unreadable, on opening or later.
    """
    kind(path)
    try:
        _refuse_empty(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # about damaged tags of a sound picture
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
                if smaller and image.format == "JPEG" and max(image.size) > max(_DRAFT):
                    image.draft(None, _DRAFT)
                _check_size(path, *image.size)
                image.load()
                yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(path, "more pixels than Pillow reads") from error
    except Image.UnidentifiedImageError as error:
        raise DataError(f"{path}: not an image in a supported format ({FORMAT_NAMES} or .npy).") from error
    except (OSError, *DAMAGE) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise unreadable(path, error) from error
        raise DataError(f"{path}: the image is damaged ({error}).") from error  # Pillow's: "image file is truncated"


def _flattened(image: Image.Image) -> Pixels:
    """Return the pixels of an image, its transparent parts on white or black."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _bytes(np.asarray(image), "the image")[..., np.newaxis]
    if not image.has_transparency_data:
        return pixels_of(image)
    drawn = image.convert("RGBA")
    weight = np.asarray(drawn.getchannel("A"), np.float32)
    light = (np.asarray(drawn.convert("L")) * weight).sum() > 127.5 * weight.sum()
    return pixels_of(Image.alpha_composite(Image.new("RGBA", drawn.size, "black" if light else "white"), drawn))


def pixels_of(image: Image.Image) -> Pixels:
    """Return the pixels (height, width, channels) of an opaque image: one channel if it is stored in greyscale."""
    pixels = np.asarray(image.convert("L" if image.mode in ("1", "L", "LA") else "RGB"))
    return pixels[..., np.newaxis] if pixels.ndim == 2 else pixels


def _array(path: Path) -> Pixels:
    try:
        _refuse_empty(path)
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise unreadable(path, error) from error
    except DAMAGE as error:
        if "pickle" in str(error).lower() or "object" in str(error).lower():
            raise DataError(
                f"{path}: contains pickled Python objects or no array; neither is loaded: pickles can execute code.",
                "Save a plain array of numbers: numpy.save(path, image).",
            ) from error
        raise DataError(f"{path}: not an .npy file, or damaged ({error}).") from error
    if not isinstance(array, np.ndarray):
        raise DataError(f"{path}: expected one array, but this is an archive of several.")
    return _pixels(array, str(path))


def _pixels(array: NDArray[Any], what: str) -> Pixels:
    if array.ndim == 2:
        array = array[..., np.newaxis]
    if array.ndim != 3 or array.shape[2] not in (1, 3) or 0 in array.shape:
        raise DataError(
            f"{what}: expected one image, (height, width) or (height, width, 1 or 3); received the shape {array.shape}."
        )
    _check_size(Path(what), array.shape[1], array.shape[0])
    return _bytes(array, what)


def _bytes(array: NDArray[Any], what: str) -> Pixels:
    """Numbers converted to bytes according to their range: 0..1, 0..255 or 0..65535."""
    if array.dtype.kind not in "biuf":
        raise DataError(f"{what}: expected numbers, received values of type {array.dtype}.")
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 65535):  # NaN fails too
        raise DataError(f"{what}: expected pixels of 0..1, 0..255 or 0..65535, received {low:g} to {high:g}.")
    scale = 255 if high <= 1 else 1 if high <= 255 else 1 / 257
    return np.rint(array.astype(np.float32) * np.float32(scale)).astype(np.uint8)


def _refuse_empty(path: Path) -> None:
    if path.stat().st_size == 0:
        raise DataError(f"{path}: expected an image, but this file is empty (0 bytes).")


def _check_size(path: Path, width: int, height: int) -> None:
    """Reject a picture that is too large before its pixels are decoded."""
    if width * height > MOST_PIXELS:
        raise _too_many_pixels(path, f"{height:,} x {width:,} pixels")


def _too_many_pixels(path: Path, size: str) -> DataError:
    return DataError(
        f"{path}: {size}; at most {MOST_PIXELS / 1e6:.0f} million are read.",
        "Crop it to the drawing, or make it smaller; a few hundred pixels are enough.",
    )
