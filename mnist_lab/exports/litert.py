"""Networks in LiteRT's format (`.tflite`), for phones and microcontrollers.

The signature takes `pixels` (batch, height, width, channels): float32, or uint8 if quantized. Its metadata (classes,
preprocessing, accuracy) is in `labels.txt` and `metadata.json`, which are appended to the file as a zip archive:
LiteRT's way of associating files with a model (https://ai.google.dev/edge/litert/models/metadata).
"""

import json
import zipfile
from collections.abc import Iterator, Sequence
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
    network.model.export(str(path), format="litert", verbose=False, **_settings(network, quantize))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("labels.txt", "".join(f"{name}\n" for name in network.signature.classes))
        archive.writestr("metadata.json", json.dumps(network.facts, indent=2, ensure_ascii=False))


def predicted(path: Path, index: int, images: NDArray[np.uint8]) -> NDArray[np.floating[Any]]:
    """Apply the file with LiteRT's interpreter; see `formats.Writer`."""
    tf = _tensorflow()
    run = tf.lite.Interpreter(model_path=str(path)).get_signature_runner()
    [(name, given)] = run.get_input_details().items()
    return in_batches(lambda batch: next(iter(run(**{name: batch}).values())), images, given["dtype"])


def _settings(network: Trained, quantize: Quantization | None) -> dict[str, Any]:
    """Return attributes for TensorFlow's converter: only LiteRT's own operations, as others need a larger runtime."""
    tf = _tensorflow()
    if not quantize:
        return {"target_spec": {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}}

    def images() -> Iterator[list[NDArray[np.float32]]]:
        for image in network.calibration:
            yield [image[np.newaxis].astype(np.float32)]

    return {
        "target_spec": {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]},
        "optimizations": [tf.lite.Optimize.DEFAULT],
        "representative_dataset": images,
        "inference_input_type": tf.uint8,
    }


def _tensorflow() -> Any:
    import tensorflow

    return tensorflow
