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
from mnist_lab.models.description import digest, every_layer
from mnist_lab.models.network import after_preprocessing, reason

Builder = Callable[[tuple[int, int, int], int], Any]
"""Takes the shape of the images (height, width, channels) and the number of classes; returns an uncompiled Keras model
from preprocessed images to class probabilities."""

SAMPLE = 4
"""How many images a network is tried out on."""
_DIFFERENT = "expected the same network from each call, received a different one", "Build it without randomness."
TOLERANCE = 0.01
"""How far the sum of an image's probabilities may be from 1: those computed in 16 bits are inexact."""


def identified(build: Builder, config: Config, *, image_shape: tuple[int, int, int], classes: int) -> Custom:
    """Return the specification of the network that `build` returns, which identifies the run.

    The network is built twice, with two seeds: weights that are equal in both do not depend on the seed, so they are
    part of the specification.

    Raises:
        ConfigError: the network cannot be trained or saved, or does not fit the images and classes.
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
        raise _refusal(*_DIFFERENT)
    _check_probabilities(model, image_shape)
    return Custom(kind="custom", layers=_layers(built[1]), sha256=_digest_if_saveable(model, *built))


def from_builder(build: Builder, config: Config, *, image_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Return the network of `build` after the preprocessing; its initial weights follow from Keras' global seed.

    Raises:
        ConfigError: the network is not the one that was `identified`.
    """
    network = _built(build, image_shape, classes, config.train.precision)
    model = _assembled(network, config, image_shape, classes)
    if not isinstance(config.model, Custom) or _layers(network) != config.model.layers:
        raise _refusal(*_DIFFERENT)
    return model


def load_custom(path: Path) -> Any:
    """Load the Keras model in the `.keras` file at `path`, whose layers must be Keras' own or registered.

    Raises:
        InputError: they are not, or the file is missing or damaged.
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
            "@keras.saving.register_keras_serializable() is found once it is imported.",
        ) from error


def _not_of_keras(value: Any) -> Iterator[str]:
    """Yield the names of classes and functions outside Keras in its configuration of a model."""
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
    """Set Keras' dtype policy for layers that have none of their own."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _assembled(network: keras.Model, config: Config, image_shape: tuple[int, int, int], classes: int) -> keras.Model:
    try:
        model = after_preprocessing(network, config, image_shape=image_shape)
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
            f"expected one probability per class, an output of shape ({classes},); received {tuple(outputs.shape[1:])}",
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


def _digest_if_saveable(model: keras.Model, *built: keras.Model) -> str:
    """Return `digest(*built)` after a trial save of `model`, which contains the network."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            model.save(Path(folder) / "model.keras")
        except OSError:
            raise
        except Exception as error:
            raise _unsaved(error) from error
    try:
        return digest(*built)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise _unsaved(error) from error


def _unsaved(error: Exception) -> ConfigError:
    return _refusal(f"cannot be saved: {reason(error)}", "Give each class of your own a get_config().")


def _layers(network: keras.Model) -> tuple[str, ...]:
    return tuple(type(layer).__name__ for layer in every_layer(network))


def _refusal(what: str, advice: str | None = None) -> ConfigError:
    return ConfigError(f"network: {what}.", advice)
