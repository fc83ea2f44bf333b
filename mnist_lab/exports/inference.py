"""Applying an exported network to many images."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

BATCH = 512


def in_batches(
    network: Callable[[NDArray[Any]], Any], images: NDArray[np.uint8], dtype: DTypeLike = np.float32
) -> NDArray[np.floating[Any]]:
    """What `network` answers for the images, given to it as `dtype`, a batch at a time."""
    batches = (images[i : i + BATCH].astype(dtype) for i in range(0, len(images), BATCH))
    return np.concatenate([np.asarray(network(batch)) for batch in batches])
