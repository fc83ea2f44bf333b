"""Finds the layers of a network that a format does not support, by exporting each alone."""

import errno
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from typing_extensions import override

from mnist_lab.errors import InputError, MnistLabError, first_line
from mnist_lab.exports.formats import Format
from mnist_lab.exports.trained import Trained


@contextmanager
def naming_layers(networks: Sequence[Trained], form: Format) -> Iterator[None]:
    """If a converter or a runtime fails, find the layers that it does not support.

    Raises:
        InputError: it failed; names the layers.
        OSError: the disk is full.
    """
    try:
        yield
    except (MnistLabError, OSError, MemoryError):
        raise
    except Exception as error:
        # TensorFlow replaces the errors of the operating system by its own.
        if (full := os.strerror(errno.ENOSPC)) in str(error):
            raise OSError(errno.ENOSPC, full) from error
        named = [f"{network.run.folder.path}: {layer}" for network in networks for layer in _culprits(network, form)]
        reason = first_line(error)
        what = (
            f"does not support all layers of this network: {', '.join(named)}" if named else f"export failed: {reason}"
        )
        raise InputError(f"{form.title} {what.rstrip('.')}.", "Try another format.") from error


@dataclass(frozen=True)
class _Alone(Trained):
    """A network of a single layer."""

    layer: Any = None

    @cached_property
    @override
    def model(self) -> Any:
        import keras

        given = keras.Input(self.layer.input.shape[1:], name="pixels")
        return keras.Model(given, self.layer(given))


def _culprits(network: Trained, form: Format) -> Iterator[str]:
    """Yield the layers with one input that cannot be exported or executed: `resizing_1 (Resizing)`."""
    import keras

    from mnist_lab.models.description import layers_in_order

    writer = form.writer()
    for layer in layers_in_order(network.model):
        if isinstance(layer, keras.layers.InputLayer) or isinstance(layer.input, list):
            continue
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            path = Path(folder) / f"model{form.suffix}"
            try:
                alone = _Alone(network.run, network.data_dir, layer=layer)
                writer.write([alone], path, None)
                writer.predicted(path, 0, np.zeros((1, *alone.model.input_shape[1:]), np.uint8))
            except Exception:
                yield f"{layer.name} ({type(layer).__name__})"
