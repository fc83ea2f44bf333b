"""The bundled data set: 1,797 handwritten digits, so that training works without a download.

They are the test part of the UCI set "Optical Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak,
1998, doi 10.24432/C50P49, CC BY 4.0) in the copy that scikit-learn distributes: 8x8 images, each value the
number of dark pixels in a 4x4 block, 0..16. `uci_digits.npz` holds these original values in their original
order, `uci_digits.txt` the attribution.

They are converted to MNIST's form when loaded: scaled to a 20x20 box, whose centre of mass is placed at the centre of
28x28 pixels. All arithmetic on pixels is in integers, so the bytes (and their hash) are the same on every machine. A
fifth, stratified by class, is the test part; both parts have digits of all 13 writers, so accuracy here does not
generalize to other writers.
"""

from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from mnist_lab.datasets.dataset import Raw

_ORIGINAL, _BOX, _SIDE = 8, 20, 28
_DARKEST = 16
_TEST_EVERY = 5


def load() -> Raw:
    """Load the digits as 28x28 images: 1,437 for training and 360 for the test."""
    with (files("mnist_lab.datasets") / "uci_digits.npz").open("rb") as file, np.load(file) as archive:
        images, labels = like_mnist(archive["images"]), archive["labels"]
    by_class = np.argsort(labels, kind="stable")
    test = np.isin(np.arange(len(labels)), by_class[::_TEST_EVERY])
    source = "bundled with mnist-lab"
    arrays = {"x_train": images[~test], "y_train": labels[~test], "x_test": images[test], "y_test": labels[test]}
    return Raw(arrays, dict.fromkeys(arrays, source), (), source)


def like_mnist(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Scale and centre images (n, 8, 8) of 0..16 as MNIST's were: (n, 28, 28, 1) of 0..255."""
    # The centre of row i is at row (i + 1/2) * 8/20 - 1/2 of the original, an integer number of tenths; edges repeat.
    centres = (np.arange(_BOX) + 0.5) * _ORIGINAL / _BOX - 0.5
    shares = [np.interp(centres, np.arange(_ORIGINAL), one) for one in np.eye(_ORIGINAL)]
    weights = np.rint(10 * np.stack(shares, axis=1)).astype(np.int64)  # (20, 8)
    boxes = weights @ images.astype(np.int64) @ weights.T
    full = _DARKEST * 10 * 10
    boxes = (2 * 255 * boxes + full) // (2 * full)
    mass = boxes.sum(axis=(1, 2))
    steps = np.arange(_BOX)
    top = _offset(boxes.sum(axis=2) @ steps, mass)
    left = _offset(boxes.sum(axis=1) @ steps, mass)
    result = np.zeros((len(images), _SIDE, _SIDE, 1), np.uint8)
    for image, box, y, x in zip(result, boxes, top, left, strict=True):
        image[y : y + _BOX, x : x + _BOX, 0] = box
    return result


def _offset(moment: NDArray[np.int64], mass: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where to put the box so that the centre of mass, moment/mass + 1/2, is nearest to 14."""
    return np.clip((_SIDE // 2 * mass - moment) // mass, 0, _SIDE - _BOX)
