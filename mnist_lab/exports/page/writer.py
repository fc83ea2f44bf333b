"""The page as a format of `export`: see `mnist_lab.exports.formats.Writer`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab.errors import InputError
from mnist_lab.exports.agreement import in_batches
from mnist_lab.exports.formats import Quantization
from mnist_lab.exports.page import document, forward
from mnist_lab.exports.page.field import field_for
from mnist_lab.exports.page.packing import pack
from mnist_lab.exports.trained import Trained
from mnist_lab.text.quantities import count, megabytes

MOST_BYTES = 64_000_000
"""Larger files take a browser many seconds to open."""
_BYTES = 4 * 4 / 3
"""A number takes in the file: float32 in Base64."""
_BATCH = 100
"""Images at once, so that the windows of a convolution fit into memory."""


def write(networks: Sequence[Trained], path: Path, quantize: Quantization | None) -> None:
    """Write a page with all networks side by side.

    Raises:
        InputError: a network is custom, too large, or its images cannot be drawn; or two take different images.
    """
    for network in networks:
        _check_layers(network)
    field = field_for(networks)
    _check_size(networks)
    names = _names(networks)
    shown = [
        document.Shown(name, _about(network), pack(network.model))
        for name, network in zip(names, networks, strict=True)
    ]
    path.write_text(document.html(field, shown), encoding="utf-8")


def predicted(path: Path, index: int, images: NDArray[np.uint8]) -> NDArray[np.floating[Any]]:
    """Probabilities (n, classes) of a network in the file, computed as its scripts do."""
    packed = document.read(path.read_text(encoding="utf-8"))[index]
    return in_batches(lambda batch: forward.probabilities(packed, batch), images, batch=_BATCH)


def _check_layers(network: Trained) -> None:
    if network.run.config.model.kind == "custom":
        raise InputError(
            f"{network.run.folder.path}: a custom network cannot be on a page, whose scripts compute the layers that a "
            "configuration can have.",
            "Other formats take any layer of Keras: --format onnx.",
        )


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


def _about(network: Trained) -> str:
    measured = network.run.measured
    return f"Test accuracy {100 * measured.test.accuracy:.2f} %, {count(measured.parameters.total, 'parameter')}"


def _names(networks: Sequence[Trained]) -> list[str]:
    """As short as they can be and different from each other."""
    facts = [network.run.measured.run for network in networks]
    choices = (
        [one.name for one in facts],
        [one.experiment for one in facts],
        [f"{one.name}, seed {one.seed}" for one in facts],
        [f"{one.experiment}, seed {one.seed}" for one in facts],
    )
    different = (names for names in choices if len(set(names)) == len(names))
    return next(different, [network.run.folder.id for network in networks])
