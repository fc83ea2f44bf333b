"""Networks in ONNX, which ONNX Runtime and many other libraries execute.

The input is `pixels`, float32 (batch, height, width, channels), the output `probabilities`, float32 (batch, classes);
its metadata (classes, preprocessing, accuracy) is in `metadata_props`.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from mnist_lab.exports.agreement import in_batches
from mnist_lab.exports.formats import Quantization
from mnist_lab.exports.trained import Trained

_CALIBRATED = 50
"""Calibration images per batch."""


def write(networks: Sequence[Trained], path: Path, quantize: Quantization | None) -> None:
    """Write one network; see `formats.Writer`."""
    [network] = networks
    model = network.model  # starts Keras on TensorFlow, before the next imports can start it
    import keras

    from mnist_lab.exports import onnx_operators  # noqa: F401

    floating = path.with_name("floating.onnx") if quantize else path
    pixels = keras.InputSpec(shape=model.input_shape, dtype="float32", name="pixels")
    model.export(str(floating), format="onnx", input_signature=[pixels], verbose=False)
    if quantize:
        _quantize(floating, path, network.calibration)
    written = onnx.load(path)
    _rename_output(written.graph, "probabilities")
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in network.facts.items()}
    onnx.helper.set_model_props(written, texts)
    onnx.save(written, path)


def predicted(path: Path, index: int, images: NDArray[np.uint8]) -> NDArray[np.floating[Any]]:
    """Apply the file with ONNX Runtime; see `formats.Writer`."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    [given] = session.get_inputs()
    return in_batches(lambda batch: session.run(None, {given.name: batch})[0], images)


def _quantize(source: Path, target: Path, images: NDArray[np.uint8]) -> None:
    """Quantize the network in `source` to 8-bit weights and activations, with ranges calibrated on the images.

    Weights use 7 of the 8 bits: on processors without VNNI, sums of 8-bit products overflow.
    """
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Images(CalibrationDataReader):
        def __init__(self) -> None:
            self._batches = iter(np.array_split(images.astype(np.float32), max(1, len(images) // _CALIBRATED)))

        def get_next(self) -> Any:
            """Return the next batch; None after the last."""
            return next(({"pixels": batch} for batch in self._batches), None)

    prepared = source.with_name("prepared.onnx")
    quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
    quantize_static(
        prepared, target, Images(), per_channel=True, reduce_range=True, activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )  # fmt: skip


def _rename_output(graph: Any, name: str) -> None:
    """Rename the only output of the graph."""
    [output] = graph.output
    for node in graph.node:
        node.input[:] = [name if one == output.name else one for one in node.input]
        node.output[:] = [name if one == output.name else one for one in node.output]
    output.name = name
