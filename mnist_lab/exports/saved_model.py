"""Networks as TensorFlow's SavedModel, for TensorFlow Serving.

The endpoint `serve` takes float32 (batch, height, width, channels). Its metadata (classes,
preprocessing, accuracy) is in `metadata.json` in `assets.extra`, which TensorFlow reserves for other tools' files.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab.exports.agreement import in_batches
from mnist_lab.exports.formats import Quantization
from mnist_lab.exports.trained import Trained


def write(networks: Sequence[Trained], path: Path, quantize: Quantization | None) -> None:
    """Write one network; see `formats.Writer`."""
    [network] = networks
    network.model.export(str(path), format="tf_saved_model", verbose=False)
    extra = path / "assets.extra"
    extra.mkdir()
    (extra / "metadata.json").write_text(json.dumps(network.facts, indent=2, ensure_ascii=False), encoding="utf-8")


def predicted(path: Path, index: int, images: NDArray[np.uint8]) -> NDArray[np.floating[Any]]:
    """Apply the folder with TensorFlow; see `formats.Writer`."""
    import tensorflow

    tf: Any = tensorflow
    loaded = tf.saved_model.load(str(path))
    return in_batches(lambda batch: loaded.serve(batch).numpy(), images)
