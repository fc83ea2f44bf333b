"""The one way from a specification to the Keras object it stands for."""

from typing import Any

import keras

from mnist_lab.config.spec import Argument, Item, Spec


def construct(spec: Spec, **given: Any) -> Any:
    """Make the Keras object that `spec.keras` names.

    Each field becomes the argument of its name, or of the name its `Argument` gives; `given` adds arguments and beats
    the fields. The field `name` tells kinds of specification apart and is no argument.
    """
    module, class_name = spec.keras.split(".")  # type: ignore[attr-defined]
    return getattr(getattr(keras, module), class_name)(**(arguments(spec) | given))


def arguments(spec: Spec) -> dict[str, Any]:
    """The arguments for the Keras class of `spec`."""
    values: dict[str, Any] = {}
    for name, field in type(spec).model_fields.items():
        if name == "name":
            continue
        renamed = next((extra.name for extra in field.metadata if isinstance(extra, Argument)), name)
        value = getattr(spec, name)
        values[renamed] = construct(value) if isinstance(value, Item) else value
    return values
