"""A description of a Keras model that is equal for equal networks in every process, and differs for different ones.

Keras numbers the layers of a process, so layer names differ from call to call and are left out.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from types import CodeType, FunctionType
from typing import Any

import keras
import numpy as np

_LIBRARIES = ("keras", "builtins", "abc", "typing", "tensorflow", "jax", "torch", "numpy")
"""Packages whose classes and functions are identified by name, not by code."""


def every_layer(model: keras.Model) -> Iterator[Any]:
    """Yield the layers of a model and of the models and layers in it, as far as Keras knows them, except inputs."""
    for layer in model._flatten_layers(include_self=False):
        if not isinstance(layer, keras.layers.InputLayer) and not is_graph(layer):
            yield layer


def layers_in_order(model: keras.Model) -> Iterator[Any]:
    """Yield the layers of a model in the order in which they are applied, with nested models expanded in place."""
    for layer in model.layers:
        if not is_graph(layer):
            yield layer
            continue
        yield from (one for one in layers_in_order(layer) if not isinstance(one, keras.layers.InputLayer))


def output_shape(layer: Any) -> tuple[Any, ...]:
    """Return a layer's output shape, batch first, None where a size varies; the first of several outputs."""
    return tuple(keras.tree.flatten(layer.output)[0].shape)


def is_graph(layer: Any) -> bool:
    """Return whether a layer is a Sequential or functional model, which is nothing but its layers."""
    return isinstance(layer, keras.Sequential) or type(layer).__name__ == "Functional"  # not public


def digest(one: keras.Model, other: keras.Model) -> str:
    """Return a SHA-256 digest (hex) of a model.

    It covers Keras' configuration of the model, the code of classes and functions outside `_LIBRARIES` (not what these
    call elsewhere), and the initial weights that do not depend on the seed: those that are equal in `other`, the same
    model built with another seed.

    Raises:
        TypeError, ValueError, NotImplementedError: Keras cannot serialize the model.
    """
    known = keras.saving.serialize_keras_object(one)
    facts = {"keras": _anonymous(known, {}), "code": sorted(set(_code(one))), "weights": list(_fixed(one, other))}
    return hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _anonymous(value: Any, names: dict[str, str]) -> Any:
    """Return the value with numbers in place of layer names, counted in each model."""
    match value:
        case {"class_name": "__lambda__"}:
            return "lambda"  # its configuration names its file; `_code` covers its code
        case {"class_name": str(kind), "config": {"name": str(name), **config}} if "Policy" not in kind:
            number = _number(name, names)
            rest = {key: item for key, item in value.items() if key not in ("config", "name")}
            inside = {} if "layers" in config else names
            return {"name": number, **_anonymous(rest, names), "config": _anonymous(config, inside)}
        case {"keras_history": [str(name), *indices], **rest}:
            return {"keras_history": [_number(name, names), *indices], **_anonymous(rest, names)}
        case dict():
            ends = ("input_layers", "output_layers")
            return {
                str(key): _ends(item, names) if key in ends else _anonymous(item, names) for key, item in value.items()
            }
        case list() | tuple():
            return [_anonymous(item, names) for item in value]
        case _:
            return value


def _ends(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list | tuple):
        return [_ends(item, names) for item in value]
    return _number(value, names) if isinstance(value, str) else value


def _number(name: str, names: dict[str, str]) -> str:
    return names.setdefault(name, f"#{len(names)}")


def _fixed(one: keras.Model, other: keras.Model) -> Iterator[tuple[int, str]]:
    """Yield the index and hash of each weight that is equal in both."""
    for i, pair in enumerate(zip(one.weights, other.weights, strict=True)):
        a, b = (np.asarray(keras.ops.convert_to_numpy(weight)) for weight in pair)
        if a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes():
            yield i, hashlib.sha256(a.tobytes()).hexdigest()


def _code(model: keras.Model) -> Iterator[str]:
    """Yield what classes and functions outside `_LIBRARIES` do, in the order of the layers."""
    for layer in [model, *model._flatten_layers(include_self=False)]:
        for part in (layer, *vars(layer).values()):
            if isinstance(part, FunctionType):
                yield from _function(part)
            elif isinstance(part, keras.layers.Layer | keras.initializers.Initializer | keras.regularizers.Regularizer):
                for kind in type(part).__mro__:
                    for member in vars(kind).values() if not _of_library(kind) else ():
                        if isinstance(member, FunctionType):
                            yield from _function(member)


def _function(function: FunctionType) -> Iterator[str]:
    if _of_library(function):
        return
    code = function.__code__
    values = [function.__globals__.get(name) for name in code.co_names]
    with suppress(ValueError):  # a name that has no value yet
        values += [cell.cell_contents for cell in function.__closure__ or ()]
    yield repr((_instructions(code), [_words(value) for value in (*values, *(function.__defaults__ or ()))]))


def _instructions(code: CodeType) -> tuple[Any, ...]:
    """Return what the code does, without its position in the source."""
    return code.co_code.hex(), [_words(one) for one in code.co_consts], code.co_names, code.co_varnames


def _words(value: Any) -> str:
    """Return a plain value as text; for anything else, its type."""
    match value:
        case CodeType():
            return repr(_instructions(value))
        case tuple() | list():
            return f"[{', '.join(map(_words, value))}]"
        case frozenset():
            return f"{{{', '.join(sorted(map(_words, value)))}}}"
        case int() | float() | complex() | str() | bytes() | None:
            return repr(value)
        case _:
            return type(value).__name__


def _of_library(thing: Any) -> bool:
    return (thing.__module__ or "builtins").partition(".")[0] in _LIBRARIES
