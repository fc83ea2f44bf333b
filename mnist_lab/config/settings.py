"""A configuration as flat settings, used to find and name what varies between several."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain, takewhile
from typing import Any

from mnist_lab.config.differences import in_short, network
from mnist_lab.config.layers import Cnn
from mnist_lab.config.schema import AFFECT_RESULTS, Config, InitialWeights
from mnist_lab.config.spec import Item, Spec

_NAMES = {
    "data.subset": "training images",
    "model.nodes": "nodes per hidden layer",
    "model.nodes.count": "hidden layers",
}
"""Settings not named after the end of their path."""
_OMITTED = ("data", "model", "train", "runtime", "optimizer", "schedule", "augment", "layers")
"""Parts of a path omitted from the name."""


@dataclass(frozen=True)
class Setting:
    """One value of a configuration."""

    value: Any
    """A scalar or a tuple. For several equal numbers, as in `nodes: [512, 512]`, the number; their count is a setting
    of its own, whose path ends in `count`."""
    default: bool
    """Whether it is the default value."""

    @property
    def number(self) -> float | None:
        """The value, if it is a number."""
        return None if isinstance(self.value, bool) or not isinstance(self.value, int | float) else float(self.value)


def settings(config: Config) -> dict[str, Setting]:
    """All settings that affect a run's results, except the seed, by dotted key path.

    Entries of lists have their position and their key in the path: `model.layers.2.dropout.rate`.
    """
    sections = {section: getattr(config, section) for section in AFFECT_RESULTS}
    found = [setting for path, value in sections.items() for setting in _flat(path, value, default=False)]
    found += _flat("runtime.backend", config.runtime.backend, default=config.runtime.backend is None)
    return dict(found)


def varying(configs: Sequence[Config]) -> dict[str, list[Any]]:
    """Return the settings in which configurations differ, by dotted key path, in the order of the keys.

    Each has one value per configuration, None if that lacks the setting or a value. A list of layers, augmentations or
    schedules is one setting, in words, unless all configurations have the same kinds of entries. A setting that only
    some have, such as an argument of an optimizer, is included if it differs from its default in one of them.
    """
    every = [settings(config) for config in configs]
    paths = dict.fromkeys(path for known in every for path in known)
    items = dict.fromkeys(_whole(path) for path in paths if path.endswith("."))
    unlike = [item for item in items if len({_kinds(item, known) for known in every}) > 1]
    found: dict[str, list[Any]] = {}
    for path in paths:
        if whole := next((item for item in unlike if path == item or path.startswith(f"{item}.")), None):
            found.setdefault(whole, _in_words(whole, configs))
        elif not path.endswith((".", ".count")) and _differs(path, every):
            found[path] = [_value(path, known) for known in every]
    return found


def _whole(path: str) -> str:
    """Return the path of the item, or of the list that contains it."""
    parts = path.removesuffix(".").split(".")[:-1]
    return ".".join(takewhile(lambda part: not part.isdecimal(), parts))


def _kinds(path: str, known: Mapping[str, Setting]) -> tuple[str, ...]:
    return tuple(key for key in known if key.startswith(f"{path}.") and key.endswith("."))


def _differs(path: str, every: Sequence[Mapping[str, Setting]]) -> bool:
    known = [settings[path] for settings in every if path in settings]
    values = {repr(_value(path, settings)) for settings in every if path in settings}
    return len(values) > 1 or (len(known) < len(every) and not all(setting.default for setting in known))


def _value(path: str, known: Mapping[str, Setting]) -> Any:
    if path not in known:
        return None
    value, several = known[path].value, known.get(f"{path}.count")
    return (value,) * several.value if several and several.value > 1 else value


def _in_words(path: str, configs: Sequence[Config]) -> list[str | None]:
    """Describe the items at a path in short form; networks by their short names if these distinguish them."""
    values = [reduce(lambda value, part: getattr(value, part, None), path.split("."), config) for config in configs]
    if path == "model.layers":
        values = [config.model.layers if isinstance(config.model, Cnn) else None for config in configs]
        sizes = [network(config.model) if isinstance(config.model, Cnn) else None for config in configs]
        if len(set(sizes)) == len(set(values)):
            return sizes
    return [in_short(value) if value else None for value in values]


def short_keys(paths: Iterable[str]) -> dict[str, str]:
    """Return the shortest unambiguous end of each key path: `learning_rate`, `rotation.degrees`."""
    plain = {path: re.sub(r"\.(name|kind|split)$|\.\d+(?=\.)", "", path) for path in paths}
    return shortest_ends({path: text.split(".") for path, text in plain.items()}, ".")


def shortest_ends(parts: Mapping[str, Sequence[str]], separator: str) -> dict[str, str]:
    """Return the shortest end of each name that no other name has, by name; the name itself if there is none."""
    ends = {name: [separator.join(some[-k:]) for k in range(1, len(some) + 1)] for name, some in parts.items()}
    known = Counter(chain.from_iterable(ends.values()))
    return {name: next((end for end in some if known[end] == 1), name) for name, some in ends.items()}


def setting_name(path: str) -> str:
    """Return a readable name of the setting at a path: `learning rate`, `rotation degrees`, `dropout rate, layer 3`."""
    if path in _NAMES:
        return _NAMES[path]
    *parts, _ = [*path.split("."), ""]
    words = " ".join(part for part in parts if part not in _OMITTED and not part.isdecimal()).replace("_", " ")
    places = [int(part) + 1 for part in parts if part.isdecimal()]
    return f"{words}, layer {places[0]}" if places and path.startswith("model.layers") else words


def _flat(path: str, value: Any, *, default: bool) -> Iterator[tuple[str, Setting]]:
    if isinstance(value, InitialWeights):
        yield path, Setting(str(value), default)
    elif isinstance(value, Spec):
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
