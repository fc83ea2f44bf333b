"""What the page's `network.js` computes, in NumPy and SciPy: a packed network applied to images."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from mnist_lab.exports.page.packing import Packed, Step

Values = NDArray[np.float32]


def probabilities(packed: Packed, images: NDArray[Any]) -> Values:
    """The class probabilities (n, classes) of images (n, height, width, channels) of 0..255."""
    outputs = [np.asarray(images, np.float32)]
    for step in packed.steps:
        result = _STEPS[step.does](step, *(outputs[place] for place in step.of))
        outputs.append(result.astype(np.float32, copy=False).reshape(-1, *step.shape))
    return outputs[-1]


def _affine(step: Step, values: Values) -> Values:
    return values * step.weights["scale"] + step.weights["offset"]


def _normalize(step: Step, values: Values) -> Values:
    centred = values - values.mean(axis=-1, keepdims=True)
    variance = np.square(centred).mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt(variance + step.settings["epsilon"])
    return scaled * step.weights["scale"] + step.weights["offset"]


def _dense(step: Step, values: Values) -> Values:
    kernel = step.weights["kernel"]
    return values.reshape(-1, kernel.shape[1]) @ kernel.T + step.weights["bias"]  # as one product, not one for each row


def _convolve_each(step: Step, values: Values) -> Values:
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
    """(n, rows, columns, window height, window width, channels): what each place of the output is computed from."""
    rows, columns = step.shape[:2]
    (height, width), (down, right), (top, left) = (step.settings[name] for name in ("window", "strides", "before"))
    bottom = max((rows - 1) * down + height - top - values.shape[1], 0)
    beyond = max((columns - 1) * right + width - left - values.shape[2], 0)
    padded = np.pad(values, ((0, 0), (top, bottom), (left, beyond), (0, 0)), constant_values=outside)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(1, 2))
    return np.moveaxis(windows[:, ::down, ::right][:, :rows, :columns], 3, -1)


_STEPS: Mapping[str, Callable[..., Any]] = {
    "activation": lambda step, values: ACTIVATIONS[step.settings["function"]](values),
    "add": lambda step, one, other: one + other,
    "affine": _affine,
    "convolve": lambda step, values: _dense(step, _windows(step, values, 0)),
    "convolve_each": _convolve_each,
    "dense": _dense,
    "normalize": _normalize,
    "pad": _pad,
    "pool_max": lambda step, values: _windows(step, values, -np.inf).max(axis=(3, 4)),
    "pool_mean": lambda step, values: np.nanmean(_windows(step, values, np.nan), axis=(3, 4)),
    "reshape": lambda step, values: values,
}


def _softplus(x: Values) -> Any:
    return np.logaddexp(x, 0, dtype=x.dtype)


def _elu(x: Values) -> Values:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def _sparsemax(x: Values) -> Values:
    """As in Keras 3.15, which adds up the sums of the whole support where the paper takes the last of them.

    A. F. T. Martins, R. F. Astudillo, "From softmax to sparsemax", ICML 2016, algorithm 1.
    """
    falling = -np.sort(-x, axis=-1)
    sums, ranks = np.cumsum(falling, axis=-1), np.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    support = falling - (sums - 1) / ranks > 0
    threshold = (np.where(support, sums, 0).sum(axis=-1, keepdims=True) - 1) / support.sum(axis=-1, keepdims=True)
    return np.maximum(x - threshold, 0).astype(x.dtype)


ACTIVATIONS: Mapping[str, Callable[[Values], Any]] = {
    "celu": _elu,
    "elu": _elu,
    "exponential": np.exp,
    "gelu": lambda x: x * special.ndtr(x),
    "hard_shrink": lambda x: np.where(np.abs(x) > 0.5, x, 0),
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "hard_silu": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "linear": lambda x: x,
    "log_sigmoid": special.log_expit,
    "log_softmax": lambda x: special.log_softmax(x, axis=-1),
    "mish": lambda x: x * np.tanh(_softplus(x)),
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * _elu(x)),
    "sigmoid": special.expit,
    "silu": lambda x: x * special.expit(x),
    "soft_shrink": lambda x: x - np.clip(x, -0.5, 0.5),
    "softmax": lambda x: special.softmax(x, axis=-1),
    "softplus": _softplus,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "sparse_plus": lambda x: np.where(x <= -1, 0, np.where(x < 1, np.square(x + 1) / 4, x)),
    "sparse_sigmoid": lambda x: np.clip((x + 1) / 2, 0, 1),
    "sparsemax": _sparsemax,
    "squareplus": lambda x: (x + np.sqrt(np.square(x) + 4)) / 2,
    "tanh": np.tanh,
    "tanh_shrink": lambda x: x - np.tanh(x),
}
"""By the names under which Keras serializes them."""
