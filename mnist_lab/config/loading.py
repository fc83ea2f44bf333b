"""Loads one validated configuration from a file, the files that it extends, and overrides."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from mnist_lab.config import shipped
from mnist_lab.config.document import (
    ABSENT,
    MAX_DEPTH,
    Document,
    KeyPath,
    Position,
    child,
    dotted,
    in_words,
    key_path,
    parse,
    read,
)
from mnist_lab.config.names import checked_name, folder_name, path_below_configs
from mnist_lab.config.problems import Problem, validated
from mnist_lab.config.schema import AFFECT_RESULTS, Config, Train
from mnist_lab.errors import ConfigError, InputError

SHORT_FORMS: Mapping[str, KeyPath] = {
    "dataset": ("data", "dataset"),
    "subset": ("data", "subset"),
    "test_subset": ("data", "test_subset"),
    "epochs": ("train", "epochs"),
    "seed": ("seed",),
    "backend": ("runtime", "backend"),
    "device": ("runtime", "device"),
    "threads": ("runtime", "threads"),
}
"""Settings with a name of their own, as an option and as a Python argument."""
NEVER_INHERITED = frozenset({"name", "description", "reference", "experiment", "base", "extends"})
BLOCK_KEYS = frozenset({"set", "grid", "zip", "list", "random"})
"""Keys of a sweep file that declare variations."""
SEARCH_KEYS = frozenset({"objective", "budget", "sampler", "promote", "confirm"})
"""Keys that only a search file has, besides `space`."""


@dataclass(frozen=True)
class Override:
    """A value that replaces the file's: `--set train.epochs=3`, `--epochs 3`, or `{"train.epochs": 3}` from Python."""

    path: KeyPath
    value: Any
    option: str
    """Its name in error messages."""
    replaces: bool = False
    """Whether mappings on the way to `path` may replace other values, as in a file that extends another."""

    def concerns(self, path: KeyPath) -> bool:
        """Whether it sets the value at a key path, or one above or below it."""
        return all(mine == its for mine, its in zip(self.path, path, strict=False))

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> "list[Override]":
        """Convert a mapping with dotted or nested keys: mappings are merged, everything else is replaced.

        Raises:
            InputError: a key is not a key path.
        """
        return list(_leaves(values, ()))

    @classmethod
    def short(cls, name: str, value: Any, option: str) -> "Override":
        """Return the override for one of `SHORT_FORMS`."""
        return cls(SHORT_FORMS[name], plain(value), option)

    @classmethod
    def parse(cls, text: str) -> "Override":
        """Parse `KEY.PATH=VALUE`; the value is YAML, and a number in the path is an index into a list.

        Raises:
            InputError: `=` or the key is missing, or the value is not YAML.
        """
        key, equals, value = text.partition("=")
        path = key_path(key.strip())
        if not equals or "" in path or len(path) > MAX_DEPTH:
            raise InputError(f"--set {text}: expected KEY.PATH=VALUE, for example --set train.epochs=3.")
        option = f"--set {text}"
        return cls(path, parse(value, option, is_file=False).value, option)


def _leaves(value: Any, path: KeyPath) -> Iterator[Override]:
    if not isinstance(value, Mapping) or (path and not value):
        yield Override(path, plain(value), f"{dotted(path)}={value!r:.60}", replaces=True)
        return
    for key, below in value.items():
        here = (*path, *(key_path(key) if isinstance(key, str) else (key,)))
        if isinstance(key, bool) or not isinstance(key, str | int) or "" in here or len(here) > MAX_DEPTH:
            raise InputError(f"{key!r:.60}: expected a key path such as 'train.epochs'.")
        yield from _leaves(below, here)


def load_config(source: str | Path | Mapping[str, Any] | Config, overrides: Sequence[Override] = ()) -> Config:
    """Load a configuration and resolve its `name`, `experiment` and `base`.

    Args:
        source: a YAML file, the name of a shipped configuration, a mapping as YAML gives it (its `extends` is relative
            to the current directory), or a configuration.
        overrides: values that replace the file's, in order.

    Raises:
        ConfigError: lists every problem with its position.
    """
    if isinstance(source, Config):
        document, path = Document(plain(source), str(source.name or "configuration")), None
    elif isinstance(source, Mapping):
        document, path = Document(plain(source), "configuration"), None
        extend(document, Path(), ())
    else:
        path = shipped.find(source)
        document = read_config(path)
    return resolve(document, path, overrides)


def resolve(
    document: Document, path: Path | None, overrides: Sequence[Override] = (), *, departures: Sequence[KeyPath] = ()
) -> Config:
    """Apply `overrides` to a document after `extend`, validate it, and resolve its names from its file, if it has one.

    `departures` are key paths that were changed earlier, so that published numbers are not comparable.
    """
    for override in overrides:
        if override.path[0] == "extends":
            raise ConfigError(f"{override.option}: 'extends' is only allowed in a file.")
        set_value(document, override.path, override.value, Position(override.option), replaces=override.replaces)
    config = validated(Config, document)
    reference = config.reference
    changed = [path for path in (*departures, *(o.path for o in overrides)) if path[0] in AFFECT_RESULTS]
    if reference and changed:
        known = dict.fromkeys((*reference.departures, *map(dotted, changed)))
        reference = reference.model_copy(update={"departures": tuple(known)})
    experiment = experiment_of(path, config.experiment, config.name)
    try:
        checked_name(experiment)
    except ValueError as error:  # too long: all else has been checked or replaced
        raise ConfigError(
            f"{document.source}: name of the experiment: {error}.", "Set a shorter `experiment`."
        ) from None
    resolved = {"name": config.name or _stem(path), "experiment": experiment, "reference": reference}
    return config.model_copy(update=resolved)


def set_value(document: Document, path: KeyPath, value: Any, position: Position, *, replaces: bool = False) -> None:
    """Like `Document.set`, but an optimizer that is a bare name or the default first becomes a mapping.

    Otherwise its arguments could not be set.
    """
    if path[:2] == ("train", "optimizer") and len(path) > 2:
        meant = child(child(document.value, "train"), "optimizer")
        if meant is ABSENT:
            meant = Train().optimizer.name
        if isinstance(meant, str):
            document.set(path[:2], {"name": meant}, document.position(path[:2]))
    document.set(path, value, position, replaces=replaces)


def plain(value: Any) -> Any:
    """Convert a Python value to what YAML gives: paths to text, NumPy's numbers and arrays to Python's."""
    if isinstance(value, BaseModel):
        return plain(value.model_dump(mode="json", exclude_none=True))
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return plain(value.tolist()) if hasattr(value, "tolist") else value


def read_config(path: Path, chain: tuple[Path, ...] = ()) -> Document:
    """Read the configuration at `path` and the files that it extends; `chain` is as for `extend`."""
    document = read(path)
    if (kind := kind_of_file(document.value)) != "configuration":
        raise shipped.of_another_kind(path, "a configuration", kind)
    extend(document, path.parent, (*chain, path.resolve()))
    return document


def extend(document: Document, folder: Path, chain: tuple[Path, ...]) -> None:
    """Inherit the settings of the file that `document` extends, recursively, and set `base` to its experiment.

    A file without data or model only shares settings; it is not an experiment and so not a base. The path is relative
    to `folder`, or the name of a shipped configuration; `chain` has the resolved paths of the files that led here.
    """
    if "extends" not in document.value:
        return

    def refuse(problem: str) -> ConfigError:
        return ConfigError(str(Problem(document.position(("extends",)), "extends", problem)))

    name = document.value.pop("extends")
    if not isinstance(name, str) or not name:
        raise refuse(f"expected the path of a YAML file, received {in_words(name)}")
    try:
        path = shipped.find(name, folder)
    except ConfigError as error:
        raise refuse(error.message) from None
    if path.is_dir():
        raise refuse(f"expected a YAML file, but {path} is a folder")
    resolved = path.resolve()
    if resolved in chain:
        circle = " -> ".join(part.name for part in (*chain[chain.index(resolved) :], resolved))
        raise refuse(f"the files extend each other in a circle: {circle}")
    base = read_config(path, chain)
    if is_complete(base):
        given = (base.value.get(key) for key in ("experiment", "name"))
        document.value.setdefault("base", experiment_of(path, *map(_name_or_none, given)))
    document.inherit(base, never=NEVER_INHERITED)


def kind_of_file(content: Mapping[str, Any]) -> Literal["configuration", "sweep", "search"]:
    """Return the kind of a file by its keys: only a configuration has data or a model, and every search has a space."""
    if "space" in content:
        return "search"
    if {"data", "model", "extends"} & content.keys():
        return "configuration"
    if SEARCH_KEYS & content.keys():
        return "search"
    return "sweep" if (BLOCK_KEYS | {"base", "seeds"}) & content.keys() else "configuration"


def is_complete(document: Document) -> bool:
    """Whether it has the required sections; a file without them only shares settings."""
    return {"data", "model"} <= document.value.keys()


def experiment_of(path: Path | None, experiment: str | None, name: str | None) -> str:
    """Return the experiment: as given, else the path below `configs`, the name, or the file's name."""
    return experiment or (path_below_configs(path) if path else None) or name or _stem(path)


def _stem(path: Path | None) -> str:
    return folder_name(path.stem) if path else "experiment"


def _name_or_none(value: Any) -> str | None:
    with suppress(ValueError):
        return checked_name(value) if isinstance(value, str) else None
    return None
