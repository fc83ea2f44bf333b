"""From a file, what it extends, and the command line to one validated configuration."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mnist_lab.config import shipped
from mnist_lab.config.document import Document, KeyPath, Position, describe, dotted, frozen, parse_value, read
from mnist_lab.config.problems import config_error
from mnist_lab.config.schema import CHANGE_THE_NUMBERS, Config
from mnist_lab.errors import ConfigError, InputError

NEVER_INHERITED = frozenset({"name", "description", "reference", "experiment", "extends"})


@dataclass(frozen=True)
class Override:
    """A value from the command line that beats the file: `--set train.epochs=3`, or `--epochs 3`."""

    path: KeyPath
    value: Any
    option: str

    @classmethod
    def parse(cls, text: str) -> "Override":
        """Read `KEY.PATH=VALUE`, the value in YAML; a number in the path is an index into a list.

        Raises:
            InputError: there is no `=`, or no key, or the value is not YAML.
        """
        key, equals, value = text.partition("=")
        parts = key.strip().split(".")
        if not equals or not all(parts):
            raise InputError(f"--set {text}: expected KEY.PATH=VALUE, for example --set train.epochs=3.")
        path = tuple(int(part) if part.isdigit() else part for part in parts)
        return cls(path, parse_value(value, f"--set {text}"), f"--set {text}")


def load_config(source: str | Path | Mapping[str, Any], overrides: Sequence[Override] = ()) -> Config:
    """Load a configuration and resolve its `name` and `experiment`.

    Args:
        source: a YAML file, the name of a shipped configuration, or a mapping as YAML would give it.
        overrides: values that beat the file's, in order.

    Raises:
        ConfigError: with every problem of the file, each with its place.
    """
    if isinstance(source, Mapping):
        document, stem, below = Document(dict(source), "configuration"), "experiment", None
    else:
        path = shipped.find(source)
        document, stem, below = read_extended(path), _folder_name(path.stem), path_below_configs(path)
    for override in overrides:
        document.set(override.path, override.value, Position(override.option))
    config = validate(document)
    reference = config.reference
    departures = [dotted(override.path) for override in overrides if override.path[0] in CHANGE_THE_NUMBERS]
    if reference and departures:
        reference = reference.model_copy(update={"departures": (*reference.departures, *departures)})
    resolved = {
        "name": config.name or stem,
        "experiment": config.experiment or below or config.name or stem,
        "reference": reference,
    }
    return config.model_copy(update=resolved)


def validate(document: Document) -> Config:
    """Check a document against the schema; raise ConfigError with all that is wrong."""
    try:
        return Config.model_validate(frozen(document.value))
    except ValidationError as error:
        raise config_error(error, document) from None


def read_extended(path: Path, chain: tuple[Path, ...] = ()) -> Document:
    """Read the file at `path` and fill in what the file it extends says, and so on down the chain."""
    document = read(path)
    resolved = path.resolve()
    if "extends" not in document.value:
        return document
    place = document.position(("extends",))
    base = document.value.pop("extends")
    if not isinstance(base, str) or not base:
        raise ConfigError(f"{place}: extends: expected the path of a YAML file, received {describe(base)}.")
    chain = (*chain, resolved)
    base_path = path.parent / base
    if base_path.resolve() in chain:
        circle = " -> ".join(part.name for part in (*chain[chain.index(base_path.resolve()) :], base_path))
        raise ConfigError(f"{place}: extends: the files extend each other in a circle: {circle}.")
    if not base_path.is_file():
        raise ConfigError(f"{place}: extends: there is no file {base_path}.\n{place.snippet()}")
    document.inherit(read_extended(base_path, chain), never=NEVER_INHERITED)
    return document


def path_below_configs(path: Path) -> str | None:
    """The path below the nearest folder called `configs`, without suffix: `ablation/nodes_1024`."""
    parts = path.resolve().with_suffix("").parts
    if "configs" not in parts[:-1]:
        return None
    nearest = len(parts) - 2 - parts[-2::-1].index("configs")
    return "/".join(_folder_name(part) for part in parts[nearest + 1 :])


def _folder_name(text: str) -> str:
    """The text with everything that a folder had better not be called replaced by `_`."""
    return re.sub(r"[^A-Za-z0-9_.+-]|^(?=[.+-])", "_", text)
