"""Recognizes which array (`x_train`, `y_test`, ...) a file or archive member holds by the words of its name.

train-images-idx3-ubyte.gz      x_train         MNIST's family
x_train, X_test                 x_train ...     Keras', scikit-learn's
val_labels                      y_val           MedMNIST's
kmnist-test-imgs.npz            x_test          KMNIST's
images, labels                  x_train ...     a single part, from which a test part is split off
"""

import re
from collections.abc import Iterable, Mapping

from mnist_lab.errors import DataError

_PARTS = {
    "train": "train", "training": "train",
    "val": "val", "valid": "val", "validation": "val",
    "test": "test", "testing": "test", "t10k": "test",
}  # fmt: skip
_KINDS = {
    **dict.fromkeys(("x", "image", "images", "img", "imgs", "data", "pixels"), "x"),
    **dict.fromkeys(("y", "label", "labels", "target", "targets"), "y"),
}


def _said(name: str, meanings: Mapping[str, str]) -> set[str]:
    """Return the meanings of the words of a name, separated by `_`, `-`, `.` or spaces, in upper or lower case."""
    return {meanings[word] for word in re.split(r"[\W_]+", name.lower()) if word in meanings}


def part_of(name: str) -> str | None:
    """`train`, `val` or `test` if the name contains exactly one of them."""
    parts = _said(name, _PARTS)
    return parts.pop() if len(parts) == 1 else None


def role_of(name: str) -> str | None:
    """Return the array that a name stands for, such as `x_train`; None if the name does not show it.

    A name without a part, such as `images`, stands for the training part.
    """
    kinds, parts = _said(name, _KINDS), _said(name, _PARTS)
    return f"{kinds.pop()}_{(parts or {'train'}).pop()}" if len(kinds) == 1 and len(parts) <= 1 else None


def by_role(names: Iterable[str], place: str) -> dict[str, str]:
    """Return the name that stands for each array; if some names contain a part, only these count.

    Raises:
        DataError: two names stand for the same array.
    """
    named = {name: role for name in names if (role := role_of(name))}
    with_part = {name: role for name, role in named.items() if part_of(name)}
    found: dict[str, str] = {}
    for name, role in (with_part or named).items():
        if role in found:
            raise DataError(
                f"{place}: which of these is meant? {found[role]}, {name}", "Keep one data set per file or folder."
            )
        found[role] = name
    return found


def missing(found: Mapping[str, object]) -> list[str]:
    """Return the missing arrays: there must be a training part, and each part needs images and labels."""
    needed = {"x_train", "y_train"} | {f"{kind}_{role[2:]}" for role in found for kind in "xy"}
    return sorted(needed - found.keys(), key=lambda role: (role[2:] != "train", role[2:], role))
