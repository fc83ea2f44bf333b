"""The generic builder: turns a specification into the Keras object that it describes."""

from typing import Any

import keras

from mnist_lab.config.spec import Argument, Item, Spec


def construct(spec: Spec, **given: Any) -> Any:
    """Construct the Keras object whose class `spec.keras` names.

    Each field becomes the argument of its name, or of the name its `Argument` gives; `given` adds arguments and
    overrides fields. The field `name` is the discriminator of the specification and not an argument.
    """
    arguments: dict[str, Any] = {}
    for name, field in type(spec).model_fields.items():
        if name != "name":
            renamed = next((extra.name for extra in field.metadata if isinstance(extra, Argument)), name)
            value = getattr(spec, name)
            arguments[renamed] = construct(value) if isinstance(value, Item) else value
    module, class_name = spec.keras.split(".")  # type: ignore[attr-defined]
    return getattr(getattr(keras, module), class_name)(**(arguments | given))
