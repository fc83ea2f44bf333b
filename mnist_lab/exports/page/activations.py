"""The activation functions of a configuration in NumPy and SciPy, by the names under which Keras serializes them."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

Values = NDArray[np.float32]


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
