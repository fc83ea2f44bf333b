"""Pictures inside a page, as data URIs."""

import base64
import io
from collections.abc import Iterable, Iterator
from typing import Any

from numpy.typing import NDArray
from PIL import Image

from mnist_lab.runs import Run

SIDE = 64
"""Pixels that the longer side of a single test image may have; larger ones are made smaller."""


def mistakes(run: Run) -> str | None:
    """The run's `mistakes.png`; None if it has none."""
    try:
        return _uri((run.folder.path / "mistakes.png").read_bytes())
    except OSError:
        return None


def thumbnails(images: Iterable[NDArray[Any]]) -> Iterator[str]:
    """Each of `images`, uint8 of shape (h, w, 1) or (h, w, 3), on its own."""
    for pixels in images:
        picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
        picture.thumbnail((SIDE, SIDE))
        file = io.BytesIO()
        picture.save(file, "PNG", optimize=True)
        yield _uri(file.getvalue())


def _uri(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
