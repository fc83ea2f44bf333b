"""The weight of each training image in the loss, from `train.class_weight`, whose keys are the classes' labels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab.config.schema import Train, class_key
from mnist_lab.datasets import Dataset, class_list
from mnist_lab.errors import ConfigError


def by_name(train: Train, dataset: Dataset) -> Train:
    """Return `train` with the class weights by class name, in the order of the classes.

    Raises:
        ConfigError: a key is not a class, or two keys are the same class.
    """
    if not isinstance(train.class_weight, dict):
        return train
    weights: dict[str, float] = {}
    for key, weight in train.class_weight.items():
        name = dataset.class_called(key)
        if name is None:
            labels = "" if dataset.labels == dataset.classes else f", with the labels {', '.join(dataset.labels)}"
            raise ConfigError(
                f"train.class_weight: {key!r} is not a class of {dataset.title};"
                f" expected {class_list(dataset.classes)}{labels}.",
                f"mnist-lab data verify {dataset.name} lists them." if dataset.genuine else None,
            )
        if name in weights:
            raise ConfigError(f"train.class_weight: {key!r} is class {name}, which already has a weight.")
        weights[name] = weight
    ordered = {class_key(name): weights[name] for name in dataset.classes if name in weights}
    return train.model_copy(update={"class_weight": ordered})


def weights(train: Train, labels: NDArray[Any], dataset: Dataset) -> NDArray[np.float32] | None:
    """Return the weight (n,) of each training image, given their classes `labels` (n,); None for equal weights.

    Raises:
        ConfigError: a key is not a class, or two keys are the same class.
    """
    classes = len(dataset.classes)
    match by_name(train, dataset).class_weight:
        case None:
            return None
        case "balanced":
            counts = np.bincount(labels, minlength=classes)
            of_class = len(labels) / (classes * np.maximum(counts, 1))
        case given:
            of_class = np.array([given.get(class_key(name), 1.0) for name in dataset.classes])
    return of_class[labels].astype(np.float32)
