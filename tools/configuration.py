"""docs/configuration.md: all keys of configurations, sweep files and search files.

What a key may be, its default and its meaning come from the JSON Schema, whose descriptions are the docstrings of the
fields in `mnist_lab.config`. The text around the tables is in the template.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from mnist_lab.config import Config, json_schema
from mnist_lab.config.augmentations import AUGMENTATIONS, Geometric
from mnist_lab.config.clusters import SlurmOptions
from mnist_lab.config.initializers import INITIALIZERS, REGULARIZERS
from mnist_lab.config.layers import LAYERS, Activation, Cnn, Custom, Mlp
from mnist_lab.config.optimizers import OPTIMIZERS, Optimizer
from mnist_lab.config.schedules import SCHEDULES
from mnist_lab.config.schema import PREPROCESSINGS, Data, EarlyStopping, InitialWeights, Runtime, Train, Validation
from mnist_lab.config.schema import Reference as PublishedResults
from mnist_lab.config.searches import SearchFile, search_json_schema
from mnist_lab.config.searches.file import Budget, Confirm, Limits, Objective, Promote
from mnist_lab.config.spec import Item, Spec
from mnist_lab.config.sweeps import sweep_json_schema
from mnist_lab.config.sweeps.file import DISTRIBUTIONS, Block, Random, SweepFile
from tools.markdown import render

PAGE = Path(__file__).resolve().parents[1] / "docs" / "configuration.md"

SECTIONS: Mapping[str, Sequence[type[Spec]]] = {
    "top-level": [Config],
    "data": [Data],
    "datavalidation": [Validation],
    "preprocessing": PREPROCESSINGS,
    "augmentations": AUGMENTATIONS,
    "model": [Mlp, Cnn, Custom],
    "layers": LAYERS,
    "initializers": INITIALIZERS,
    "regularizers": REGULARIZERS,
    "train": [Train],
    "optimizers": [Optimizer, *OPTIMIZERS],
    "schedules": SCHEDULES,
    "trainearly_stopping": [EarlyStopping],
    "traininitial_weights": [InitialWeights],
    "runtime": [Runtime],
    "reference": [PublishedResults],
    "sweep-files": [SweepFile, Block],
    "random": [Random],
    "distributions": DISTRIBUTIONS,
    "search-files": [SearchFile],
    "objective": [Objective],
    "where": [Limits],
    "budget": [Budget],
    "promote": [Promote],
    "confirm": [Confirm],
    "slurm-options": [SlurmOptions],
}
"""The anchors of the page's headings, and the specifications that are described below each."""

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Key:
    """A row of a table."""

    name: str
    value: str
    """The permitted values."""
    default: str
    """`required` if there is none."""
    meaning: str


class Reference:
    """The data of the template."""

    def __init__(self) -> None:
        configuration, sweep, search = json_schema(), sweep_json_schema(), search_json_schema()
        self._definitions: dict[str, Schema] = {
            **search["$defs"],
            **sweep["$defs"],
            **configuration["$defs"],
            "Config": configuration,
            "SweepFile": sweep,
            "SearchFile": search,
            "SlurmOptions": SlurmOptions.model_json_schema(),
            "Optimizer": Optimizer.model_json_schema(),
        }

    def keys(self, section: str, kind: str = "", *, without: Collection[str] = ()) -> list[Key]:
        """Return the keys of a section, or of one of the kinds of mapping that it describes."""
        spec = next(one for one in SECTIONS[section] if one.__name__ == kind or not kind)
        return [key for key in self._keys(spec) if key.name not in without]

    def items(self, section: str, *, without: Collection[str] = ()) -> Iterator[tuple[type[Item], list[Key]]]:
        """Yield the kinds of list entry that a section describes, each with its keys."""
        for kind in SECTIONS[section]:
            if issubclass(kind, Item):
                yield kind, [key for key in self._keys(kind) if key.name not in without]

    def geometric(self) -> str:
        """Return the names of the geometric augmentations."""
        return _listed(kind.key for kind in AUGMENTATIONS if issubclass(kind, Geometric))

    def optimizers(self) -> Iterator[tuple[type[Spec], str, list[Key]]]:
        """Each optimizer and its name, with the arguments and defaults that not all have."""
        shared = self._keys(Optimizer)
        for kind in OPTIMIZERS:
            name, *keys = self._keys(kind)
            yield kind, name.value, [key for key in keys if key not in shared]

    def activations(self) -> str:
        """Return the names of the activation functions."""
        return _listed(get_args(Activation))

    def _keys(self, kind: type[Spec]) -> list[Key]:
        schema = self._definitions[kind.__name__]
        if issubclass(kind, Item):
            schema = schema["anyOf"][-1]["properties"][kind.key]
        names = kind.model_fields.keys() | ({"extends"} if kind is Config else set())
        required = {name for name, field in kind.model_fields.items() if field.is_required()}
        return [
            Key(name, self._value(field), _default(field, required=name in required), self._meaning(field))
            for name, field in _properties(schema, names).items()
        ]

    def _meaning(self, schema: Schema) -> str:
        """Return the key's own description, else that of its type."""
        if "description" not in schema and "$ref" in schema:
            schema = self._definitions[_name(schema["$ref"])]
        return " ".join(schema.get("description", "").split())

    def _value(self, schema: Schema) -> str:
        """Return the permitted values."""
        match schema:
            case {"anyOf": alternatives}:
                return self._one_of([one for one in alternatives if one != {"type": "null"}])
            case {"$ref": reference}:
                return _link(_name(reference))
            case {"enum": names}:
                return _LONG_LISTS.get(tuple(names)) or _listed(names)
            case {"const": name}:
                return _listed([name])
            case {"type": "array", "prefixItems": [first, *_]}:
                return f"`[a, b]`, {_plural(self._value(first))}"
            case {"type": "array"}:
                return f"list of {_plural(self._value(schema['items']))}" if schema["items"] else "list"
            case {"type": "object"}:
                inner = schema["additionalProperties"]
                return f"mapping to {self._several(inner)}" if isinstance(inner, dict) else "mapping"
            case {"type": "integer" | "number" | "boolean" | "string" as kind}:
                return _TYPES[kind] + _range(schema)
        return "any value"

    def _several(self, schema: Schema) -> str:
        """Return the permitted values in the plural: text, whole numbers, `true` or `false`."""
        kinds = list(dict.fromkeys(self._value(one) for one in schema.get("anyOf", [schema])))
        *others, last = ", ".join(kind if kind == "text" else _plural(kind) for kind in kinds).split(", ")
        return f"{', '.join(others)} or {last}" if len(kinds) > 1 else _plural(kinds[0])

    def _one_of(self, alternatives: Sequence[Schema]) -> str:
        found: list[str] = []
        for one in alternatives:
            value = self._value(one)
            if found and value == f"list of {_plural(found[-1])}":
                value = "a list of them"
            elif found and value == f"`[a, b]`, {_plural(found[-1])}":
                value = "`[a, b]`"
            found.append(value)
        return " or ".join(dict.fromkeys(found))


_TYPES = {"integer": "whole number", "number": "number", "boolean": "`true`, `false`", "string": "text"}
_LONG_LISTS = {
    get_args(Activation): "[activation](#activations)",
    tuple(get_args(kind.model_fields["name"].annotation)[0] for kind in OPTIMIZERS): "[optimizer](#optimizers)",
}


def _plural(value: str) -> str:
    return re.sub(r"^(\[?(?:whole )?[a-z]+)", r"\1s", value)


def _properties(schema: Schema, names: Collection[str]) -> Schema:
    """Return the schemas of the keys with these names, wherever they are: an item can be written in several forms."""
    properties = schema.get("properties", {})
    if properties.keys() == set(names):
        return properties
    inner = (_properties(one, names) for one in (*schema.get("anyOf", ()), *properties.values()))
    return next((found for found in inner if found), {})


def _link(kind: str) -> str:
    kind = "Choice" if kind == "Options" else kind  # in a search file, where options may have distributions below them
    section = next(name for name, kinds in SECTIONS.items() if kind in {one.__name__ for one in kinds})
    return f"[{_NOUNS.get(section, 'mapping')}](#{section})"


_NOUNS = {
    "preprocessing": "preprocessing",
    "augmentations": "augmentation",
    "layers": "layer",
    "initializers": "initializer",
    "regularizers": "regularizer",
    "optimizers": "optimizer",
    "schedules": "schedule",
    "distributions": "distribution",
    "sweep-files": "block",
}


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]


def _range(schema: Schema) -> str:
    """Return the limits, as text after a type."""
    whole = schema.get("type") == "integer"
    low, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    high, below = schema.get("maximum"), schema.get("exclusiveMaximum")
    if whole and above is not None:
        low, above = above + 1, None
    limits = [
        f"{sign} {limit:g}" if limit < 1e6 else f"{sign} {limit}"
        for sign, limit in ((">", above), ("≥", low), ("<", below), ("≤", high))
        if limit is not None
    ]
    return f" {', '.join(limits)}" if limits else ""


def _default(schema: Schema, *, required: bool) -> str:
    """Return the default as it would be written; empty if nothing is set, or a section has its own defaults."""
    if required:
        return "required"
    given = schema.get("default")
    match {key: value for key, value in given.items() if value is not None} if isinstance(given, dict) else given:
        case None:
            return ""
        case {"maximize": str(name)}:
            return f"`{{maximize: {name}}}`"
        case {"name": str(name)}:
            return f"`{name}`"
        case dict(several) if len(several) > 3:
            return ""
        case [a, b] if a == b:
            return f"`{a}`"
        case [one]:
            return _written(one)
        case value:
            return _written(value)


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return f"`{{{', '.join(f'{key}: {inner}' for key, inner in value.items())}}}`"
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value)}`"


def _listed(names: Iterable[Any]) -> str:
    return ", ".join(f"`{name}`" if isinstance(name, str) else _written(name) for name in names)


def page() -> str:
    """Return the text of docs/configuration.md."""
    return render(Path(__file__).parent / "templates" / "configuration.md.jinja", reference=Reference())
