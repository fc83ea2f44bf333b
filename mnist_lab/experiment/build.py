"""The network and the trainer that a configuration describes."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab import backends, datasets
from mnist_lab.config import Config
from mnist_lab.config.problems import located
from mnist_lab.config.schema import Data
from mnist_lab.errors import ConfigError
from mnist_lab.experiment import class_weights, warm_start
from mnist_lab.experiment.data import Split, Splits, prepare_data, resolve_split

if TYPE_CHECKING:
    from mnist_lab.models import Builder, Summary
    from mnist_lab.training import Trainer


def with_network(config: Config, network: "Builder", dataset: datasets.Dataset) -> Config:
    """Start Keras, and return the configuration with the specification of the network that `network` builds.

    Raises:
        InputError: the network cannot be trained or saved, or does not fit the images or into memory.
    """
    runtime = config.runtime
    backend = backends.choose(runtime.backend, convolves=True, device=runtime.device)
    backends.start(backend, device=runtime.device, threads=runtime.threads)
    from mnist_lab import models

    with models.memory_errors():
        model = models.identified(network, config, image_shape=dataset.image_shape, classes=len(dataset.classes))
    return config.model_copy(update={"model": model, "runtime": runtime.model_copy(update={"backend": backend})})


def build_trainer(config: Config, splits: Splits, network: "Builder | None" = None) -> "Trainer":
    """Build the network, initialized from the seed or from a finished run as configured, and its trainer.

    Args:
        network: builds the network instead; `config` is from `with_network`.

    Raises:
        InputError: the network cannot be built, or does not fit the images, the initial weights or into memory.
    """
    import keras

    from mnist_lab import augmentation, models, training

    keras.utils.set_random_seed(config.seed)
    dataset = splits.dataset
    facts = {"image_shape": dataset.image_shape, "classes": len(dataset.classes)}
    model = models.from_builder(network, config, **facts) if network else models.from_config(config, **facts)
    warm_start.load(model, config)
    return training.Trainer(
        model,
        convolves=config.model.convolves,
        augmentation=augmentation.layers(config.augment, seed=config.seed),
        images=splits.train.images,
        labels=splits.train.labels,
        validation=splits.validation.pair if splits.validation else None,
        train=config.train,
        runtime=config.runtime,
        seed=config.seed,
        weights=class_weights.weights(config.train, splits.train.labels, dataset),
    )


def augmented(config: Config, dataset: datasets.Dataset, versions: int) -> tuple[Split, NDArray[np.float32]]:
    """Return the first training image of each class, and augmented pixels (n, versions, height, width, channels).

    Raises:
        InputError: there is nothing to augment, or the augmentation does not fit the images.
    """
    if not config.augment:
        raise ConfigError("there is no augmentation: `augment` is empty.", "--set 'augment=[{rotation: 10}]' adds one.")
    data, _ = resolve_split(config.data, dataset)
    train = prepare_data(config.model_copy(update={"data": data}), dataset).train
    _, first = np.unique(train.labels, return_index=True)
    shown = train.take(first)
    runtime = config.runtime
    chosen = backends.choose(runtime.backend, convolves=config.model.convolves, device=runtime.device)
    with backends.in_turn:
        backends.start(chosen, device="cpu")
        from keras import ops

        from mnist_lab import augmentation

        changed: Any = np.repeat(shown.images, versions, axis=0)
        for layer in augmentation.layers(config.augment, seed=config.seed):
            changed = layer(changed, training=True)
        changed = ops.convert_to_numpy(changed)
    return shown, changed.reshape(len(shown), versions, *dataset.image_shape)


def preview(sources: Iterable[tuple[str, Config]], data_dir: Path | None = None) -> "list[Summary]":
    """Return the layers and parameters of each configuration's network; names are for error messages.

    Known data sets are not read, and Keras is imported only once.

    Raises:
        InputError: a network cannot be built, or a data set given by its path cannot be read.
    """
    sources = list(sources)
    _, first = sources[0]
    backend = backends.choose(first.runtime.backend, convolves=first.model.convolves, device=first.runtime.device)
    with backends.in_turn:
        backends.start(backend, device="cpu")
        return [_summary(source, config, data_dir) for source, config in sources]


def _summary(source: str, config: Config, data_dir: Path | None) -> "Summary":
    import keras

    from mnist_lab import augmentation, models

    shape, classes = _image(config.data, data_dir)
    without_values = keras.StatelessScope(initialize_variables=False)  # shapes are enough, however large the weights
    with located(source), models.memory_errors(), without_values:
        model = models.from_config(config, image_shape=shape, classes=classes)
        # This also checks that the augmentation fits the images.
        models.for_training(model, augmentation.layers(config.augment, seed=config.seed))
        return models.summarize(model)


def _image(data: Data, data_dir: Path | None) -> tuple[tuple[int, int, int], int]:
    name, form = datasets.images_of(data)
    if known := datasets.KNOWN.get(name):
        return form.shape(known.image_shape), len(known.classes)
    dataset = datasets.load(data, data_dir)
    return dataset.image_shape, len(dataset.classes)
