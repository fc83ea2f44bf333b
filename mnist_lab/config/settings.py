"""A configuration as flat settings, so that what several of them vary can be found and named."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mnist_lab.config.schema import CHANGE_THE_NUMBERS, Config
from mnist_lab.config.spec import Item, Spec

_NAMES = {
    "data.subset": "training images",
    "model.nodes": "nodes per hidden layer",
    "model.nodes.count": "hidden layers",
}
"""What is not called by the end of its path."""
_UNSAID = ("data", "model", "train", "runtime", "optimizer", "schedule", "augment", "layers")
"""Parts of a path that its name does without."""


@dataclass(frozen=True)
class Setting:
    """One value of a configuration."""

    value: Any
    """A scalar or a tuple. Of several equal numbers, as in `nodes: [512, 512]`, it is the number, and how many there
    are is a setting of its own, whose path ends in `count`."""
    default: bool
    """Whether it is what would hold if the configuration did not say so."""

    @property
    def number(self) -> float | None:
        """The value, if it is a number."""
        return None if isinstance(self.value, bool) or not isinstance(self.value, int | float) else float(self.value)


def settings(config: Config) -> dict[str, Setting]:
    """Everything that can change a run's numbers, the seed aside, by its dotted key path.

    Entries of lists have their position and their key in the path: `model.layers.2.dropout.rate`.
    """
    sections = {section: getattr(config, section) for section in CHANGE_THE_NUMBERS}
    found = [setting for path, value in sections.items() for setting in _flat(path, value, default=False)]
    found += _flat("runtime.backend", config.runtime.backend, default=config.runtime.backend is None)
    return dict(found)


def setting_name(path: str) -> str:
    """What people call the setting at a path: `learning rate`, `rotation degrees`, `dropout rate, layer 3`."""
    if path in _NAMES:
        return _NAMES[path]
    *parts, _ = [*path.split("."), ""]
    words = " ".join(part for part in parts if part not in _UNSAID and not part.isdecimal()).replace("_", " ")
    places = [int(part) + 1 for part in parts if part.isdecimal()]
    return f"{words}, layer {places[0]}" if places and path.startswith("model.layers") else words


def _flat(path: str, value: Any, *, default: bool) -> Iterator[tuple[str, Setting]]:
    if isinstance(value, Spec):
        if isinstance(value, Item):
            path = f"{path}.{value.key}"
            yield f"{path}.", Setting(value.key, default)
        for name, field in type(value).model_fields.items():
            item = getattr(value, name)
            yield from _flat(f"{path}.{name}", item, default=not field.is_required() and item == field.get_default())
    elif isinstance(value, tuple) and any(isinstance(item, Spec) for item in value):
        for i, item in enumerate(value):
            yield from _flat(f"{path}.{i}", item, default=default)
    elif isinstance(value, tuple) and value and len(set(value)) == 1 and isinstance(value[0], int | float):
        yield path, Setting(value[0], default)
        yield f"{path}.count", Setting(len(value), default)
    else:
        yield path, Setting(value, default)
