"""Networks built by a Python function: validated, and placed after the preprocessing of a configuration."""

import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np

from mnist_lab.config.layers import Custom
from mnist_lab.config.schema import Config
from mnist_lab.errors import ConfigError, InputError
from mnist_lab.models.description import describe, every_layer
from mnist_lab.models.network import behind_preprocessing, reason

Builder = Callable[[tuple[int, int, int], int], Any]
"""Takes the shape of the images (height, width, channels) and the number of classes; gives an uncompiled Keras model
from preprocessed images to class probabilities."""

SAMPLE = 4
"""Images with which a network is tried out."""
TOLERANCE = 0.01
"""How far the probabilities of an image may be from a sum of 1, as 16-bit ones are."""


def identified(build: Builder, config: Config, *, image_shape: tuple[int, int, int], classes: int) -> Custom:
    """The specification of the network that `build` gives: what decides which run it is.

    It is built twice, with two seeds: what is the same in both does not follow from the seed of a run, and counts.

    Raises:
        ConfigError: it cannot be trained or saved, or does not fit the images and classes.
    """
    built = []
    for seed in (0, 1):
        keras.utils.set_random_seed(seed)
        built.append(_built(build, image_shape, classes, config.train.precision))
        model = _assembled(built[-1], config, image_shape, classes)
    if built[0] is built[1]:
        raise _refusal("expected a new model from each call, received the same one twice", "Build it in the function.")
    first, second = ([tuple(weight.shape) for weight in network.weights] for network in built)
    if first != second:
        raise _refusal("expected the same network from each call, received another one", "Build it without chance.")
    _check_probabilities(model, image_shape)
    return Custom(kind="custom", layers=_layers(built[1]), sha256=_saved(model, *built))


def from_builder(build: Builder, config: Config, *, image_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """The network that `build` gives behind the preprocessing; its initial weights follow from Keras' global seed.

    Raises:
        ConfigError: it is not the one that was `identified`.
    """
    network = _built(build, image_shape, classes, config.train.precision)
    model = _assembled(network, config, image_shape, classes)
    if not isinstance(config.model, Custom) or _layers(network) != config.model.layers:
        raise _refusal("expected the same network from each call, received another one", "Build it without chance.")
    return model


def load_custom(path: Path) -> Any:
    """The Keras model in the `.keras` file at `path`, as far as it is made of Keras' own layers or registered ones.

    Raises:
        InputError: it is not, or the file is damaged.
    """
    known: Any = None
    try:
        with zipfile.ZipFile(path) as archive:
            known = json.loads(archive.read("config.json"))
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (OSError, KeyError, zipfile.BadZipFile, json.JSONDecodeError) as error:
        raise InputError(f"{path}: the saved model is missing or damaged ({reason(error)}).") from error
    except (TypeError, ValueError, NotImplementedError) as error:
        own = ", ".join(dict.fromkeys(_not_of_keras(known)))
        why = f"{own} is not part of Keras" if own else reason(error)
        raise InputError(
            f"{path}: this custom network cannot be rebuilt: {why}.",
            "Load it in Python: keras.saving.load_model(path, custom_objects={...}). A class with the decorator "
            "@keras.saving.register_keras_serializable() is found by itself once it is imported.",
        ) from error


def _not_of_keras(value: Any) -> Iterator[str]:
    """The classes and functions of other packages in Keras' configuration of a model."""
    match value:
        case {"class_name": "__lambda__"}:
            yield "a lambda"
        case {"class_name": "function", "config": str(name)}:
            yield name
        case {"class_name": str(name), "module": module} if not str(module).startswith("keras"):
            yield name
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _not_of_keras(inner)


def _built(build: Builder, image_shape: tuple[int, int, int], classes: int, precision: str) -> keras.Model:
    with _policy(precision):
        network = build(image_shape, classes)
    if network is None:
        raise _refusal("expected a Keras model, received None", "Does the function end with `return model`?")
    if not isinstance(network, keras.Model):
        raise _refusal(f"expected a Keras model, received {network!r:.60} ({type(network).__name__})")
    if network.compiled:
        raise _refusal(
            "expected a model that is not compiled",
            "Remove `model.compile(...)`: `train` in the configuration says how.",
        )
    if type(network).train_step is not keras.Model.train_step:
        raise _refusal(f"{type(network).__name__} has its own train_step, which would not be called", "Remove it.")
    return network


@contextmanager
def _policy(precision: str) -> Iterator[None]:
    """Keras' dtype policy for layers that have none of their own."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _assembled(network: keras.Model, config: Config, image_shape: tuple[int, int, int], classes: int) -> keras.Model:
    try:
        model = behind_preprocessing(network, config, image_shape=image_shape)
    except (ValueError, TypeError) as error:
        takes = f", takes {network.input_shape[1:]}" if network.built and hasattr(network, "input_shape") else ""
        raise _refusal(
            f"does not fit images of shape {image_shape}{takes}: {reason(error)}",
            "Begin it with keras.Input(input_shape).",
        ) from error
    outputs: Any = model.output
    if not hasattr(outputs, "shape"):
        raise _refusal(f"expected one output, received {type(outputs).__name__}")
    if tuple(outputs.shape) != (None, classes):
        raise _refusal(
            f"expected an output of shape ({classes},), one probability for each class, "
            f"received {tuple(outputs.shape[1:])}",
            "End it with layers.Dense(classes, activation='softmax').",
        )
    if keras.backend.standardize_dtype(outputs.dtype) != "float32":
        raise _refusal(
            f"expected an output in float32, received {outputs.dtype}", "Give the last layer dtype='float32'."
        )
    return model


def _check_probabilities(model: keras.Model, image_shape: tuple[int, int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (SAMPLE, *image_shape), dtype=np.uint8)
    outputs = np.asarray(keras.ops.convert_to_numpy(model(pixels, training=False)), np.float64)
    sums = outputs.sum(axis=1)
    if not (outputs.min() >= 0 and abs(sums - 1).max() < TOLERANCE):  # NaN fails too
        raise _refusal(
            "expected probabilities, which are not negative and sum to 1 for each image; received outputs from "
            f"{outputs.min():.3g} to {outputs.max():.3g} that sum to {sums[0]:.3g}",
            "End it with layers.Dense(classes, activation='softmax').",
        )


def _saved(model: keras.Model, *built: keras.Model) -> str:
    """`describe(*built)`, after a trial save of `model`, which contains the network."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            model.save(Path(folder) / "model.keras")
        except OSError:
            raise
        except Exception as error:
            raise _unsaved(error) from error
    try:
        return describe(*built)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise _unsaved(error) from error


def _unsaved(error: Exception) -> ConfigError:
    return _refusal(f"cannot be saved: {reason(error)}", "Give each class of your own a get_config().")


def _layers(network: keras.Model) -> tuple[str, ...]:
    return tuple(type(layer).__name__ for layer in every_layer(network))


def _refusal(what: str, advice: str | None = None) -> ConfigError:
    return ConfigError(f"network: {what}.", advice)
