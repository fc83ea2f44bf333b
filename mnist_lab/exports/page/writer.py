"""The page as an export format (see `mnist_lab.exports.formats.Writer`): rendered from templates, and read back."""

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab.errors import InputError
from mnist_lab.exports.agreement import in_batches
from mnist_lab.exports.formats import Quantization
from mnist_lab.exports.page import forward
from mnist_lab.exports.page.field import Field, field_for
from mnist_lab.exports.page.packing import Packed, pack, unpack
from mnist_lab.exports.trained import Trained
from mnist_lab.prediction.network import DOUBTFUL
from mnist_lab.text.printable import printable
from mnist_lab.text.quantities import count, megabytes

MOST_BYTES = 64_000_000
"""Larger files take a browser many seconds to open."""
_BYTES = 4 * 4 / 3
"""Bytes that a number takes in the file: float32 in Base64."""
_BATCH = 100
"""Images per batch, so that the windows of a convolution fit into memory."""
STYLES = ("palette.css", "draw.css")
"""The first is the report's."""
SCRIPTS = ("network.js", "preparation.js", "doubts.js", "drawing.js", "page.js")
"""Each uses only those before it."""


@dataclass(frozen=True)
class Shown:
    """A network on the page."""

    name: str
    about: str
    """Facts about the network, on one line."""
    packed: Packed


def write(networks: Sequence[Trained], path: Path, quantize: Quantization | None) -> None:
    """Write a page with all networks side by side.

    Raises:
        InputError: a network is custom, too large, or its images cannot be drawn; or two take different images.
    """
    for network in networks:
        if network.run.config.model.kind == "custom":
            raise InputError(
                f"{network.run.folder.path}: custom networks cannot be exported to HTML, which supports only the "
                "layers of configurations.",
                "Other formats take any layer of Keras: --format onnx.",
            )
    field = field_for(networks)
    _check_size(networks)
    shown = []
    for name, network in zip(_names(networks), networks, strict=True):
        measured = network.run.measured
        parameters = count(measured.parameters.total, "parameter")
        about = f"Test accuracy {100 * measured.test.accuracy:.2f} %, {parameters}"
        shown.append(Shown(name, about, pack(network.model)))
    path.write_text(html(field, shown), encoding="utf-8")


def predicted(path: Path, index: int, images: NDArray[np.uint8]) -> NDArray[np.floating[Any]]:
    """Return the probabilities (n, classes) of a network in the file.

    They are computed as in its scripts, except that the activation functions are Keras' own; the browser tests compare
    those.
    """
    packed = _read(path.read_text(encoding="utf-8"))[index]
    return in_batches(lambda batch: forward.probabilities(packed, batch), images, batch=_BATCH)


def html(field: Field, networks: Sequence[Shown]) -> str:
    """Return the page: `field` to draw on, and all networks side by side."""
    from mnist_lab.reports.write import rendered_page

    facts = {
        "shape": field.shape,
        "classes": [printable(name) for name in field.classes],
        "preparation": field.preparation,
        "darkOnLight": field.dark_on_light,
        "doubtful": DOUBTFUL,
        "networks": [{"name": network.name, **network.packed.as_json()} for network in networks],
    }
    text = rendered_page(
        "draw.html.jinja",
        "mnist_lab.exports.page",
        STYLES,
        SCRIPTS,
        field=field,
        networks=networks,
        facts=facts,
        weights=[base64.b64encode(network.packed.numbers().tobytes()).decode() for network in networks],
    )
    return printable(text)


def _read(text: str) -> list[Packed]:
    """Return the networks in a page that `html` rendered."""
    facts = json.loads(_contents(text, "facts"))
    return [
        unpack(known, np.frombuffer(base64.b64decode(_contents(text, f"weights-{i}")), "<f4"))
        for i, known in enumerate(facts["networks"])
    ]


def _contents(text: str, name: str) -> str:
    found = re.search(rf'<script type="[^"]*" id="{name}">([^<]*)</script>', text)
    assert found
    return found[1]


def _check_size(networks: Sequence[Trained]) -> None:
    sizes = [network.model.count_params() for network in networks]
    size = sum(sizes) * _BYTES
    if size <= MOST_BYTES:
        return
    largest = networks[int(np.argmax(sizes))]
    layer: Any = max(largest.model.layers, key=lambda one: one.count_params())
    raise InputError(
        f"{largest.run.folder.path}: the page would be {megabytes(size)}; at most {megabytes(MOST_BYTES)} are written. "
        f"The network has {count(max(sizes), 'parameter')}, {layer.count_params():,} of them in {layer.name}.",
        "Train a smaller network, export fewer of them to a page, or use another format: --format onnx.",
    )


def _names(networks: Sequence[Trained]) -> list[str]:
    """Return names for the networks, as short as possible but distinct."""
    facts = [network.run.measured.run for network in networks]
    choices = (
        [one.name for one in facts],
        [one.experiment for one in facts],
        [f"{one.name}, seed {one.seed}" for one in facts],
        [f"{one.experiment}, seed {one.seed}" for one in facts],
    )
    different = (names for names in choices if len(set(names)) == len(names))
    return next(different, [network.run.folder.id for network in networks])
