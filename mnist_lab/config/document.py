"""Strict YAML: parses text to plain values and records the position of every key and value.

Scalars follow YAML 1.2's core schema (`1e-3` is a number, `off` and `no` are text). Duplicate keys are errors, and so
are anchors, aliases and tags, so that nothing can be expanded or executed.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from mnist_lab.errors import ConfigError, reason
from mnist_lab.text.quantities import count

Key = str | int
KeyPath = tuple[Key, ...]

ABSENT: Any = object()
"""Marks a missing value (None is a value)."""

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_DIGITS = 100

_SCALARS: tuple[tuple[re.Pattern[str], Callable[[str], int | float | None]], ...] = (
    (re.compile(r"~|null|Null|NULL|"), lambda _: None),
    (re.compile(r"true|True|TRUE"), lambda _: True),
    (re.compile(r"false|False|FALSE"), lambda _: False),
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+"), lambda text: int(text, 0)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"), lambda text: float(text.replace(".", ""))),
)


@dataclass(frozen=True)
class Position:
    """A position in a file (line and column count from 1), or a command-line option, which has neither."""

    source: str
    line: int | None = None
    column: int | None = None
    text: str = ""

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}:{self.line}:{self.column}"

    def snippet(self) -> str:
        """Return the line, or part of a long one, with a caret below the column; empty for a command-line option."""
        if self.line is None or self.column is None or not self.text.strip():
            return ""
        start = max(0, self.column - 80) if len(self.text) > 120 else 0
        shown = self.text[start : start + 120]
        indent = re.sub(r"[^\t]", " ", shown[: self.column - 1 - start])
        margin = f"{self.line:>5} | "
        return f"{margin}{shown}\n{' ' * (len(margin) - 2)}| {indent}^"

    def saying(self, message: str) -> str:
        """Return the message after the position, and the snippet below it."""
        snippet = self.snippet()
        return f"{self}: {message}" + (f"\n{snippet}" if snippet else "")


class Place(NamedTuple):
    """The positions of a key and of its value; an entry of a list has no key, so both are its own position."""

    key: Position
    value: Position


@dataclass
class Document:
    """Plain values (dict, tuple, str, int, float, bool, None) with their positions."""

    value: Any
    source: str
    places: dict[KeyPath, Place] = field(default_factory=dict)
    """The positions of each key path."""

    def position(self, path: KeyPath, *, of_key: bool = False) -> Position:
        """Return the position of the longest prefix of `path` that is in the document."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.places:
                place = self.places[path[:length]]
                return place.key if of_key else place.value
        return Position(self.source)

    def set(self, path: KeyPath, value: Any, position: Position, *, replaces: bool = False) -> None:
        """Set the value at `path` and create missing mappings on the way; raise ConfigError if that is impossible.

        With `replaces`, a mapping also replaces text, a number or an empty value on the way.
        """
        self.value = self._replaced(self.value, path, 0, value, position, replaces)
        self.places = {at: place for at, place in self.places.items() if at[: len(path)] != path}
        self.places[path] = Place(position, position)

    def _replaced(self, target: Any, path: KeyPath, depth: int, value: Any, position: Position, replaces: bool) -> Any:
        """Return a copy of `target`, which is at `path[:depth]`, with `value` at `path`."""
        if depth == len(path):
            return value
        key = path[depth]
        below = child(target, key)
        if below is ABSENT:
            if replaces and not isinstance(target, dict | list | tuple):
                target = {}
            if not isinstance(target, dict):
                where = dotted(path[:depth])
                raise ConfigError(f"{position}: cannot set {dotted(path)}: {where} is {in_words(target)}.")
            below = {}
            self.places[path[: depth + 1]] = Place(position, position)
        below = self._replaced(below, path, depth + 1, value, position, replaces)
        if isinstance(target, dict):
            return target | {key: below}
        return [below if index == key else item for index, item in enumerate(target)]

    def inherit(self, base: "Document", *, never: frozenset[str]) -> None:
        """Add the settings of `base` that this document lacks: mappings merge, everything else is kept as it is here.

        The top-level keys in `never` are not inherited.
        """
        inherited = {key: value for key, value in base.value.items() if key not in never}
        self.value = self._merged((), inherited, self.value, base)

    def _merged(self, path: KeyPath, below: Any, above: Any, base: "Document") -> Any:
        if not (isinstance(below, dict) and isinstance(above, dict)):
            return above
        merged = {}
        for key, value in below.items():
            here = (*path, key)
            if key in above:
                merged[key] = self._merged(here, value, above[key], base)
            else:
                merged[key] = value
                self.places.update((at, place) for at, place in base.places.items() if at[: len(here)] == here)
        return merged | {key: value for key, value in above.items() if key not in below}


def read(path: Path) -> Document:
    """Read the YAML mapping in the file at `path`.

    Raises:
        ConfigError: the file cannot be read, is empty, is not YAML as described above, or is not a mapping.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file.") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: expected a YAML file, but this is a folder.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({reason(error)}).") from None
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{path}: too large: more than {MAX_BYTES:,} bytes.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not a text file in UTF-8 (byte {error.start}).") from None
    document = parse(text, str(path))
    if document.value is None:
        raise ConfigError(f"{path}: {'contains no settings' if text.strip() else 'the file is empty'}.")
    if not isinstance(document.value, dict):
        raise ConfigError(
            f"{document.position(())}: expected a mapping of keys to values, received {in_words(document.value)}."
        )
    return document


def parse(text: str, source: str, *, is_file: bool = True) -> Document:
    """Parse YAML `text`; `source` names its origin in messages, which have lines and columns if it is a file.

    Raises:
        ConfigError: not YAML, or YAML with duplicate keys, anchors, aliases, tags, or keys other than printable
            text or integers.
    """
    document = Document(None, source)
    builder = _Builder(document, text.splitlines() if is_file else None)
    try:
        node = yaml.compose(text, Loader=_Loader)
        if node is not None:
            document.value = builder.build(node, (), builder.place(node.start_mark))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = builder.place(mark) if mark else Position(source)
        raise ConfigError(place.saying(f"{_in_short(error)}.")) from None
    except ReaderError as error:
        before = (text[: error.position] + "?").splitlines()
        place = Position(source, len(before), len(before[-1])) if is_file else Position(source)
        raise ConfigError(f"{place}: the character U+{ord(text[error.position]):04X} is not allowed.") from None
    return document


def frozen(value: Any) -> Any:
    """Return the value with all lists converted to tuples, as the typed configuration is immutable."""
    if isinstance(value, dict):
        return {key: frozen(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(frozen(item) for item in value)
    return value


def child(value: Any, key: Key) -> Any:
    """Return the value of `key` in a mapping or list, or ABSENT."""
    match value:
        case dict():
            return value.get(key, ABSENT)
        case list() | tuple():
            return value[key] if isinstance(key, int) and 0 <= key < len(value) else ABSENT
        case _:
            return ABSENT


def dotted(path: KeyPath) -> str:
    """Format a key path as people write it: `train.optimizer.name`, `model.layers[2].conv`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def key_path(text: str) -> KeyPath:
    """Parse a key path as written on a command line, `model.layers.2.conv`; a number is an index."""
    return tuple(int(part) if re.fullmatch(r"[0-9]{1,9}", part) else part for part in text.split("."))


def in_words(value: Any) -> str:
    """Describe a received value: `'abc' (text)`, `1.5`, `an empty value`, `a list of 3 values`."""
    match value:
        case None:
            return "an empty value"
        case bool():
            return str(value).lower()
        case str():
            return f"{value[:60]!r}" + (" ..." if len(value) > 60 else "") + " (text)"
        case dict():
            return f"a mapping with {_names(value)}" if value else "an empty mapping"
        case list() | tuple():
            return f"a list of {count(len(value), 'value')}" if value else "an empty list"
        case _:
            return str(value)


def _names(keys: Any) -> str:
    names = [repr(key) for key in keys]
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")


class _Refusal(yaml.MarkedYAMLError):
    """Something that YAML allows, but not a configuration."""

    def __init__(self, problem: str, mark: Any) -> None:
        super().__init__(problem=problem, problem_mark=mark)


def _in_short(error: yaml.MarkedYAMLError) -> str:
    """Say what is wrong, with the commonest mistakes in plain words."""
    problem = ", ".join(part for part in (error.context, error.problem) if part)
    if isinstance(error, _Refusal):
        return problem
    if "character '\\t'" in problem:
        return "tabs are not allowed for indentation; use spaces"
    if problem.endswith(("<block end>, but found '<block mapping start>'", "<block end>, but found '-'")):
        problem = f"wrong indentation ({problem})"
    return f"not valid YAML: {problem}"


class _Loader(yaml.BaseLoader):
    """Composes nodes without resolving scalars; rejects aliases, anchors and tags."""

    depth = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise _Refusal("aliases are not allowed; use 'extends' to share settings", event.start_mark)
        if getattr(event, "anchor", None):
            raise _Refusal("anchors are not allowed; use 'extends' to share settings", event.start_mark)
        if getattr(event, "tag", None):
            raise _Refusal(f"the tag '{event.tag}' is not allowed", event.start_mark)
        if self.depth > MAX_DEPTH:
            raise _Refusal(f"nesting deeper than {MAX_DEPTH} levels is not allowed", event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def scan_flow_scalar_non_spaces(self, double: bool, start_mark: yaml.Mark) -> list[str]:
        r"""Scan part of a quoted scalar; reject escapes that are not characters, such as `\ud800` and `\U00110000`."""
        try:
            chunks = super().scan_flow_scalar_non_spaces(double, start_mark)
            "".join(chunks).encode()
        except (ValueError, OverflowError):
            problem = "an escape sequence that is not a character"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=self.get_mark()) from None
        return chunks


class _Builder:
    """Converts nodes to plain values and records their positions."""

    def __init__(self, document: Document, lines: list[str] | None) -> None:
        self.document = document
        self.lines = lines

    def place(self, mark: yaml.Mark) -> Position:
        if self.lines is None:
            return Position(self.document.source)
        text = self.lines[mark.line] if mark.line < len(self.lines) else ""
        return Position(self.document.source, mark.line + 1, mark.column + 1, text)

    def build(self, node: Node, path: KeyPath, key: Position) -> Any:
        self.document.places[path] = Place(key, self.place(node.start_mark))
        match node:
            case ScalarNode():
                return _scalar(node)
            case SequenceNode():
                return [self.build(item, (*path, i), self.place(item.start_mark)) for i, item in enumerate(node.value)]
            case MappingNode():
                return dict(self._pairs(node, path))
        raise TypeError(f"unexpected YAML node {node!r}")

    def _pairs(self, node: MappingNode, path: KeyPath) -> Iterator[tuple[Key, Any]]:
        for key_node, value_node in node.value:
            key = _scalar(key_node) if isinstance(key_node, ScalarNode) else None
            if isinstance(key, bool) or not isinstance(key, str | int) or not str(key).isprintable():
                raise _Refusal("a key must be printable text", key_node.start_mark)
            here = (*path, key)
            if here in self.document.places:
                first = self.document.places[here].key.line
                raise _Refusal(f"duplicate key '{key}' (first on line {first})", key_node.start_mark)
            yield key, self.build(value_node, here, self.place(key_node.start_mark))


def _scalar(node: ScalarNode) -> Any:
    """Return the value of a scalar by YAML 1.2's core schema (section 10.3.2); quoted and block scalars are text."""
    text: str = node.value
    if node.style is not None:
        return text
    for pattern, convert in _SCALARS:
        if pattern.fullmatch(text):
            if len(text) > MAX_DIGITS:
                raise _Refusal(f"numbers may have at most {MAX_DIGITS} digits", node.start_mark)
            return convert(text)
    return text
