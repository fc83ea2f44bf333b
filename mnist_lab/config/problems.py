"""Validation errors in the words of the user's file: place, key path, expected, received, nearest valid name."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from mnist_lab.config.document import ABSENT, Document, KeyPath, Position, child, describe, dotted
from mnist_lab.errors import ConfigError

_EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "string_too_short": "text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than": "less than {lt:g}",
    "less_than_equal": "at most {le:g}",
    "too_short": "at least {min_length} values",
    "too_long": "at most {max_length} values",
    "string_too_long": "at most {max_length} characters",
    "string_pattern_mismatch": "letters, digits and _ . + - with / between folders",
    "union_tag_not_found": "a known name, or a mapping with one known name as its key",
}


@dataclass(frozen=True)
class Problem:
    """One thing wrong at one place."""

    place: Position
    path: str
    message: str

    def __str__(self) -> str:
        snippet = self.place.snippet()
        head = f"{self.place}: {self.path}: {self.message}" if self.path else f"{self.place}: {self.message}"
        return f"{head}\n{snippet}" if snippet else head


def config_error(error: ValidationError, document: Document) -> ConfigError:
    """All of pydantic's complaints about `document` as one ConfigError, in the order of the file."""
    found: dict[tuple[Position, str], list[dict[str, Any]]] = {}
    for detail in error.errors(include_url=False):
        ctx = detail.get("ctx", {})
        if detail["type"] == "too_short" and len(detail["input"]) >= ctx["min_length"]:
            continue  # its entries are wrong, not too few
        path = _path_in(document, (*detail["loc"], *ctx.get("at", ())))
        of_key = detail["type"] == "unknown_key"
        place = document.position(path, of_key=of_key)
        found.setdefault((place, dotted(path)), []).append(dict(detail))
    problems = [Problem(place, path, _message(details)) for (place, path), details in found.items()]
    problems.sort(key=lambda problem: (problem.place.source, problem.place.line or 0, problem.place.column or 0))
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return ConfigError(f"{document.source}: {count}\n" + "\n".join(str(problem) for problem in problems))


def suggest(name: str, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)` for the nearest of the `known` names, or nothing."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean '{close[0]}'?)" if close else ""


def _path_in(document: Document, loc: KeyPath) -> KeyPath:
    """The key path of pydantic's `loc`, which also holds the names of alternatives that were tried."""
    path: KeyPath = ()
    value = document.value
    for depth, part in enumerate(loc):
        below = child(value, part)
        if below is not ABSENT:
            path, value = (*path, part), below
        elif depth == len(loc) - 1 and isinstance(value, dict) and isinstance(part, str) and part.isidentifier():
            path = (*path, part)
    return path


def _message(details: list[dict[str, Any]]) -> str:
    """One sentence for the complaints of all alternatives about one value."""
    first = details[0]
    ctx = first.get("ctx", {})
    match first["type"]:
        case "missing":
            return "this key is required"
        case "unknown_key":
            name, known = str(first["loc"][-1]), ctx["known"]
            return f"unknown key{suggest(name, known)}; expected one of {', '.join(known)}"
        case "union_tag_invalid":
            known = [name.strip("'") for name in ctx["expected_tags"].split(", ")]
            return f"unknown name '{ctx['tag']}'{suggest(ctx['tag'], known)}; expected one of {', '.join(known)}"
        case kind if kind not in _EXPECTED and kind != "literal_error":
            return first["msg"]
    received = first["input"]
    expected: list[str] = []
    known = []
    for detail in details:
        if detail["type"] == "literal_error":
            known += [name.strip("'") for name in detail["ctx"]["expected"].replace(" or ", ", ").split(", ")]
        else:
            words = _EXPECTED.get(detail["type"]) or str(detail["msg"])
            expected.append(words.format(**detail.get("ctx", {})))
    names = f"one of {', '.join(known)}" if len(known) > 1 else f"'{known[0]}'" if known else ""
    wanted = " or ".join(dict.fromkeys([*expected, *([names] if names else [])]))
    hint = suggest(received, known) if isinstance(received, str) else ""
    return f"expected {wanted}, received {describe(received)}{hint}"
