"""Networks in ONNX, which ONNX Runtime and many other libraries execute.

The input is `pixels`, float32 (batch, height, width, channels), the output `probabilities`, float32 (batch, classes);
what the network is about is in `metadata_props`.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from mnist_lab.exports.formats import Quantization
from mnist_lab.exports.inference import in_batches
from mnist_lab.exports.trained import Trained


def write(networks: Sequence[Trained], path: Path, quantize: Quantization | None) -> None:
    """Write one network; see `formats.Writer`."""
    [network] = networks
    network.model.export(str(path), format="onnx", input_signature=network.inputs, verbose=False)
    model = onnx.load(path)
    _rename_output(model.graph, "probabilities")
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in network.facts.items()}
    onnx.helper.set_model_props(model, texts)
    onnx.save(model, path)


def predicted(path: Path, index: int, images: NDArray[np.uint8]) -> NDArray[np.floating[Any]]:
    """Apply the file with ONNX Runtime; see `formats.Writer`."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    [given] = session.get_inputs()
    return in_batches(lambda batch: session.run(None, {given.name: batch})[0], images)


def _rename_output(graph: Any, name: str) -> None:
    """Give the only output of the graph a name that says what it is."""
    [output] = graph.output
    for node in graph.node:
        node.input[:] = [name if one == output.name else one for one in node.input]
        node.output[:] = [name if one == output.name else one for one in node.output]
    output.name = name
