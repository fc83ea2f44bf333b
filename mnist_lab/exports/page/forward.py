"""Computes a packed network as the page's `network.js` does, in NumPy and with Keras' activation functions."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab.exports.page.packing import Packed, Step

Values = NDArray[np.float32]


def probabilities(packed: Packed, images: NDArray[Any]) -> Values:
    """Return the class probabilities (n, classes) of images (n, height, width, channels) in 0..255."""
    outputs = [np.asarray(images, np.float32)]
    for step in packed.steps:
        result = _STEPS[step.does](step, *(outputs[place] for place in step.of))
        outputs.append(result.astype(np.float32, copy=False).reshape(-1, *step.shape))
    return outputs[-1]


def _activate(step: Step, values: Values) -> Any:
    import keras

    return keras.ops.convert_to_numpy(keras.activations.get(step.settings["function"])(values))


def _affine(step: Step, values: Values) -> Values:
    return values * step.weights["scale"] + step.weights["offset"]


def _normalize(step: Step, values: Values) -> Values:
    centred = values - values.mean(axis=-1, keepdims=True)
    variance = np.square(centred).mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt(variance + step.settings["epsilon"])
    return scaled * step.weights["scale"] + step.weights["offset"]


def _dense(step: Step, values: Values) -> Values:
    kernel = step.weights["kernel"]
    return values.reshape(-1, kernel.shape[1]) @ kernel.T + step.weights["bias"]  # as one product, not one per row


def _convolve_depthwise(step: Step, values: Values) -> Values:
    windows = _windows(step, values, 0)
    flat = windows.reshape(*windows.shape[:3], -1, windows.shape[-1])  # n, rows, columns, place, channel
    kernel = step.weights["kernel"].reshape(flat.shape[-2], flat.shape[-1], -1)  # place, channel, kernel of the channel
    found = np.einsum("nyxpc,pck->nyxck", flat, kernel)
    return found.reshape(*found.shape[:3], -1) + step.weights["bias"]


def _pad(step: Step, values: Values) -> Values:
    top, left = step.settings["before"]
    result = np.zeros((len(values), *step.shape), np.float32)
    result[:, top : top + values.shape[1], left : left + values.shape[2]] = values
    return result


def _windows(step: Step, values: Values, outside: float) -> Values:
    """Return the windows of all output positions: (n, rows, columns, window height, window width, channels)."""
    rows, columns = step.shape[:2]
    (height, width), (down, right), (top, left) = (step.settings[name] for name in ("window", "strides", "before"))
    bottom = max((rows - 1) * down + height - top - values.shape[1], 0)
    beyond = max((columns - 1) * right + width - left - values.shape[2], 0)
    padded = np.pad(values, ((0, 0), (top, bottom), (left, beyond), (0, 0)), constant_values=outside)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(1, 2))
    return np.moveaxis(windows[:, ::down, ::right][:, :rows, :columns], 3, -1)


_STEPS: Mapping[str, Callable[..., Any]] = {
    "activation": _activate,
    "add": lambda step, one, other: one + other,
    "affine": _affine,
    "convolve": lambda step, values: _dense(step, _windows(step, values, 0)),
    "convolve_depthwise": _convolve_depthwise,
    "dense": _dense,
    "normalize": _normalize,
    "pad": _pad,
    "pool_max": lambda step, values: _windows(step, values, -np.inf).max(axis=(3, 4)),
    "pool_mean": lambda step, values: np.nanmean(_windows(step, values, np.nan), axis=(3, 4)),
    "reshape": lambda step, values: values,
}
