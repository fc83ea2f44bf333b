"""Whether a network fits into memory: checked before allocation, and reported as an error of its configuration.

A system that runs out of memory kills processes, not always the one responsible. So the size of large weights is
compared with the available memory before they are allocated.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from typing import Any

import keras
from rich.filesize import decimal

from mnist_lab.errors import TooLargeError
from mnist_lab.models.description import layers_in_order, output_shape
from mnist_lab.system.hardware import available_memory

FLOAT = 4
"""Bytes of a weight, a gradient or an activation in float32."""
LARGE = 2**26
"""The size in bytes below which nothing is checked."""
_WORDS = ("RESOURCE_EXHAUSTED", "OOM when allocating", "out of memory", "can't allocate memory", "bad_alloc")
"""How TensorFlow, JAX and PyTorch report that memory is exhausted; they have no common exception for it."""


@contextmanager
def memory_errors() -> Iterator[None]:
    """Convert what Python and the backends raise for a network that is too large to a `TooLargeError`."""
    try:
        yield
    except RecursionError as error:
        raise TooLargeError(
            "model.layers: too many layers: Keras connects them by nested calls, deeper than Python allows.",
            "Use fewer layers.",
        ) from error
    except Exception as error:
        if not isinstance(error, MemoryError) and not any(word.lower() in str(error).lower() for word in _WORDS):
            raise
        available = available_memory()
        there = f"; {decimal(available)} are available" if available is not None else ""
        raise TooLargeError(
            f"The network, its optimizer or a batch needs more memory than is available{there}.",
            "Make the network or train.batch_size smaller.",
        ) from error


def check_batch(model: keras.Model, batch_size: int) -> None:
    """Raise a TooLargeError if the output of a layer for one batch does not fit into memory."""
    for layer in layers_in_order(model):
        if None not in (shape := output_shape(layer)[1:]):
            what = f"{layer.name}: the outputs of shape {shape} for a batch of {batch_size} images"
            _check(FLOAT * batch_size * prod(shape), what)


def check_weights(layer: keras.layers.Layer, where: str) -> None:
    """Make `layer`, when it is built, raise a TooLargeError before it allocates a weight that does not fit into memory
    together with its gradient.
    """
    _check_before(
        layer, "add_weight", lambda shape=None, *_, **__: tuple(shape or ()), 2, where, "weights and gradients"
    )


def check_optimizer(optimizer: keras.optimizers.Optimizer) -> None:
    """Make `optimizer`, when it is built, raise a TooLargeError before it allocates a variable too large for memory."""
    where, what = "train.optimizer", "state variables"
    _check_before(
        optimizer, "add_variable_from_reference", lambda reference, *_, **__: tuple(reference.shape), 1, where, what
    )


def _check_before(
    owner: Any, method: str, shape_of: Callable[..., tuple[int, ...]], copies: int, where: str, what: str
) -> None:
    make = getattr(owner, method)

    def checked(*args: Any, **kwargs: Any) -> Any:
        shape = shape_of(*args, **kwargs)
        _check(copies * FLOAT * prod(shape), f"{where}: the {what} of shape {shape}")
        return make(*args, **kwargs)

    object.__setattr__(owner, method, checked)  # bypasses Keras' own, which tracks attributes as parts of the layer


def _check(size: int, what: str) -> None:
    if size < LARGE:
        return
    available = available_memory()
    if available is not None and size > available:
        raise TooLargeError(
            f"{what} need {decimal(size)} of memory; {decimal(available)} are available.",
            "Make the network smaller.",
        )
