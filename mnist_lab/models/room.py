"""Whether a network is too large for this machine: told as an error of its configuration, and before memory is taken.

A system that has no memory left ends processes, not always the one that took it. So large weights are held against the
memory that is available before they are made, from their shapes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from typing import Any

import keras

from mnist_lab.errors import TooLargeError
from mnist_lab.system.hardware import available_memory

FLOAT = 4
"""Bytes of a weight, a gradient or an activation in float32."""
LARGE = 2**26
"""Bytes below which nothing is held against the memory."""
_WORDS = ("RESOURCE_EXHAUSTED", "OOM when allocating", "out of memory", "can't allocate memory", "bad_alloc")
"""How TensorFlow, JAX and Torch say that memory is exhausted; they have no common error for it."""


@contextmanager
def fitting() -> Iterator[None]:
    """Turn what Python and the backends raise for a network that is too large into a `TooLargeError`."""
    try:
        yield
    except RecursionError as error:
        raise TooLargeError(
            "model.layers: too many layers: Keras connects them by nested calls, more than Python allows.",
            "Use fewer layers.",
        ) from error
    except MemoryError as error:
        raise _exhausted() from error
    except Exception as error:
        if any(word.lower() in str(error).lower() for word in _WORDS):
            raise _exhausted() from error
        raise


def check_batch(model: keras.Model, batch_size: int) -> None:
    """Be sure that the output of each layer can be held for one batch.

    Raises:
        TooLargeError: it cannot.
    """
    for layer in model.layers:
        shape = tuple(layer.output.shape[1:])
        what = f"{layer.name}: its outputs of the shape {shape} for a batch of {batch_size} images"
        _check(FLOAT * batch_size * prod(shape), what)


def check_weights(layer: keras.layers.Layer, where: str) -> None:
    """Have each weight of `layer` checked before it is made; training holds a gradient of the same size, too.

    Raises:
        TooLargeError: when the layer makes it.
    """
    _check_before(
        layer, "add_weight", lambda shape=None, *_, **__: tuple(shape or ()), 2, where, "weights and gradients"
    )


def check_optimizer(optimizer: keras.optimizers.Optimizer) -> None:
    """Have each variable that `optimizer` keeps for a weight checked before it is made.

    Raises:
        TooLargeError: when the optimizer makes it.
    """
    where, what = "train.optimizer", "values that it keeps for weights"
    _check_before(
        optimizer, "add_variable_from_reference", lambda reference, *_, **__: tuple(reference.shape), 1, where, what
    )


def _check_before(
    owner: Any, method: str, shape_of: Callable[..., tuple[int, ...]], copies: int, where: str, what: str
) -> None:
    make = getattr(owner, method)

    def checked(*args: Any, **kwargs: Any) -> Any:
        shape = shape_of(*args, **kwargs)
        _check(copies * FLOAT * prod(shape), f"{where}: its {what} of the shape {shape}")
        return make(*args, **kwargs)

    object.__setattr__(owner, method, checked)  # past Keras' own, which takes attributes for parts of the layer


def _check(size: int, what: str) -> None:
    if size < LARGE:
        return
    available = available_memory()
    if available is not None and size > available:
        raise TooLargeError(
            f"{what} take {_bytes(size)}; {_bytes(available)} of memory are available.",
            "Make the network smaller.",
        )


def _exhausted() -> TooLargeError:
    available = available_memory()
    there = f"; {_bytes(available)} are available" if available is not None else ""
    return TooLargeError(
        f"The network, its optimizer or a batch needs more memory than there is{there}.",
        "Make the network or train.batch_size smaller.",
    )


def _bytes(size: int) -> str:
    """A size for people: `2.9 TB`."""
    units = ("bytes", "kB", "MB", "GB", "TB", "PB")
    power = min(len(units) - 1, (len(str(size)) - 1) // 3)
    return f"{size / 1000**power:,.1f} {units[power]}"
