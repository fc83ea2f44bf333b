"""Validation errors for users: position, key path, expected and received value, nearest valid name."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from mnist_lab.config.document import ABSENT, Document, KeyPath, Position, child, dotted, frozen, in_words
from mnist_lab.errors import ConfigError
from mnist_lab.text.quantities import count

S = TypeVar("S", bound=BaseModel)

MOST_PROBLEMS = 20
"""Maximum number of problems in one message."""
MISSING = "this key is required"

_EXPECTED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "string_too_short": "text that is not empty",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "greater_than": "more than {gt:.10g}",
    "greater_than_equal": "at least {ge:.10g}",
    "less_than": "less than {lt:.10g}",
    "less_than_equal": "at most {le:.10g}",
    "too_short": "at least one entry",
    "too_long": "at most {max_length} values",
}


@dataclass(frozen=True)
class Problem:
    """One problem at one position."""

    place: Position
    path: str
    message: str

    def __str__(self) -> str:
        return self.place.saying(f"{self.path}: {self.message}" if self.path else self.message)


class InvalidError(ConfigError):
    """All problems of one file, in file order, or of command-line options."""

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=_in_file)
        of_options = all(problem.place.line is None and problem.place.source != source for problem in self.problems)
        super().__init__("\n".join(map(str, self.problems)) if of_options else listed(source, self.problems))

    def __reduce__(self) -> tuple[type[ConfigError], tuple[str, str | None]]:
        """Pickles as a ConfigError with its message and hint."""
        return ConfigError, (self.message, self.hint)


@contextmanager
def located(source: str) -> Iterator[None]:
    """Prefix `source` to errors about a valid configuration whose layers or data do not fit together."""
    try:
        yield
    except InvalidError:
        raise
    except ConfigError as error:
        raise type(error)(f"{source}: {error.message}", error.hint) from error


def listed(source: str, problems: Sequence[object]) -> str:
    """Return the message for several problems: their number, the first of them, and how many more there are."""
    more = len(problems) - MOST_PROBLEMS
    end = [f"... and {more:,} more."] if more > 0 else []
    return "\n".join([f"{source}: {count(len(problems), 'problem')}", *map(str, problems[:MOST_PROBLEMS]), *end])


def problem_with(document: Document, key: str, message: str) -> InvalidError:
    """Return an error with one problem, about the value of a top-level key."""
    return InvalidError(document.source, [Problem(document.position((key,)), key, message)])


def validated(kind: type[S], document: Document) -> S:
    """Return the document as a validated `kind`.

    Raises:
        InvalidError: it is invalid; lists all problems.
    """
    try:
        return kind.model_validate(frozen(document.value))
    except ValidationError as error:
        raise InvalidError(document.source, _problems(error, document)) from None


def _problems(error: ValidationError, document: Document) -> Iterator[Problem]:
    """Pydantic's errors as problems of `document`."""
    found: dict[KeyPath, list[dict[str, Any]]] = {}
    for detail in error.errors(include_url=False):
        found.setdefault(_path_in(document, detail), []).append(dict(detail))
    around = {path[:length] for path in found for length in range(len(path))}
    for path, details in found.items():
        if path not in around:  # an error inside a list or mapping is more specific than one about its type
            place, message = document.position(path, of_key=_is_of_key(details[0])), _message(details, path)
            yield Problem(replace(place, text="") if message == MISSING else place, dotted(path), message)


def _in_file(problem: Problem) -> tuple[str, int, int]:
    return problem.place.source, problem.place.line or 0, problem.place.column or 0


def suggest(name: str, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)` for the nearest of the `known` names, or nothing."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean '{close[0]}'?)" if close else ""


def _path_in(document: Document, detail: Any) -> KeyPath:
    """Return the key path of an error; pydantic's `loc` also contains the names of union members."""
    path: KeyPath = ()
    value = document.value
    for part in detail["loc"]:
        below = child(value, part)
        if below is not ABSENT:
            path, value = (*path, part), below
        elif detail["type"] == "missing" and value == part:  # an item written as its name
            path, value = (*path, part), None
    ctx = detail.get("ctx", {})
    if detail["type"] == "missing" and isinstance(detail["loc"][-1], str):
        return (*path, detail["loc"][-1])
    if isinstance(value, dict) and (name := _telling_key(detail)):
        return (*path, name)
    return (*path, *ctx.get("at", ()))


def _telling_key(detail: Any) -> str | None:
    """Return the discriminator, `name` or `kind`, if the error is about that."""
    name = detail.get("ctx", {}).get("discriminator", "").strip("'")
    return name if name.isidentifier() else None


def _is_of_key(detail: dict[str, Any]) -> bool:
    return detail["type"] == "unknown_key" or detail["loc"][-1:] == ("[key]",)


def first_problem(error: ValidationError) -> str:
    """Describe the first of pydantic's errors about a JSON file, with its key path. Missing keys come last."""
    first: Any = min(error.errors(include_url=False), key=lambda one: one["type"] == "missing")
    if first["type"] == "json_invalid":
        return "not valid JSON"
    path = dotted(first["loc"])
    if first["type"] == "missing":
        return f"{path} is missing"
    what = _message([first], first["loc"]).removeprefix("Value error, ")
    return f"{path}: {what}" if path else what


def _message(details: list[dict[str, Any]], path: KeyPath) -> str:
    """One sentence for the errors of all union members about the value at `path`."""
    first = details[0]
    ctx = first.get("ctx", {})
    match first["type"]:
        case "missing" if isinstance(first["loc"][-1], int):
            return f"expected at least {first['loc'][-1] + 1} values, received {in_words(first['input'])}"
        case "missing":
            return MISSING
        case "union_tag_not_found" if _telling_key(first):
            return MISSING
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
            if detail["type"] in ("int_type", "float_type") and detail["loc"][-1] == 0 and path[-1:] != (0,):
                expected.append("a list of them")  # a single value is validated as a list of one
    if known:
        expected.append(f"one of {', '.join(known)}" if len(known) > 1 else f"'{known[0]}'")
    wanted = " or ".join(dict.fromkeys(expected))
    hint = suggest(received, known) if isinstance(received, str) else ""
    return f"expected {wanted}, received {in_words(received).removesuffix(' (text)' if hint else '')}{hint}"
