"""Cheaper dropout masks on JAX: a hash of the seed and of each position.

JAX's own random numbers come from a cipher (Threefry, 20 rounds for two numbers), which is slower on a CPU, both to run
and to compile (times in `benchmarks/LOG.md`).
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import jax
from jax import lax
from jax import numpy as jnp
from keras.src.backend.jax import random

keras_dropout = random.dropout
_hashed: ContextVar[bool] = ContextVar("hashed", default=False)


@contextmanager
def hashed_dropout() -> Iterator[None]:
    """Within this context, and only in this thread, Keras' dropout layers take their masks from `hashed`."""
    token = _hashed.set(True)
    try:
        yield
    finally:
        _hashed.reset(token)


def dropout(inputs: Any, rate: float, noise_shape: Sequence[int | None] | None = None, seed: Any = None) -> Any:
    """Replace `keras.random.dropout` in Keras' backend, which has no setting for it."""
    if not _hashed.get() or not 0 < rate < 1:
        return keras_dropout(inputs, rate, noise_shape, seed)
    shape = [given or size for given, size in zip(noise_shape or inputs.shape, inputs.shape, strict=True)]
    kept = hashed(random.jax_draw_seed(seed), math.prod(shape)) < jnp.uint32(int((1 - rate) * 2**32))
    kept = jnp.broadcast_to(kept.reshape(shape), inputs.shape)
    return lax.select(kept, inputs / (1 - rate), jnp.zeros_like(inputs))


def hashed(seed: Any, n: int) -> jax.Array:
    """Return `n` uniformly random 32-bit integers.

    Each is the finalizer of MurmurHash3 (Appleby 2011) of its position and the seed, two 32-bit integers from a
    `keras.random.SeedGenerator`.
    """
    start, counter = seed.astype("uint32")
    bits = (lax.iota("uint32", n) + start) * jnp.uint32(0x9E3779B1) ^ counter  # 2**32 over the golden ratio
    bits = (bits ^ bits >> 16) * jnp.uint32(0x85EBCA6B)
    bits = (bits ^ bits >> 13) * jnp.uint32(0xC2B2AE35)
    return bits ^ bits >> 16


random.dropout = dropout
