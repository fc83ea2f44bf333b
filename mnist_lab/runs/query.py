"""Filters and sorts runs: conditions such as `test.accuracy>0.99`, and keys to sort by.

A key is a dotted path: into `metrics.json` (`test.accuracy`), below `run` in it (`seed` for `run.seed`), or into the
configuration (`train.optimizer.name`); numbers are list indices. The first of the three that any run has is used, and
configurations are read only for keys that no `metrics.json` has. The value of a mapping with a name is its name:
`train.optimizer==adam`, `augment~rotation`.
"""

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from mnist_lab.config import Config
from mnist_lab.config.document import ABSENT, KeyPath, child, in_words, key_path, parse
from mnist_lab.config.names import composed
from mnist_lab.config.problems import suggest
from mnist_lab.config.settings import varying
from mnist_lab.errors import InputError, MissingError
from mnist_lab.runs.run import Run

_CONDITION = re.compile(r"\s*(?P<key>[\w.]+)\s*(?P<operator>>=|<=|==|!=|>|<|~)\s*(?P<value>.*?)\s*", re.DOTALL)
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_SUGGESTED = 3


@dataclass(frozen=True)
class Condition:
    """A comparison of the value of a key with a given one: >, >=, <, <=, ==, != or ~ (contains)."""

    key: str
    operator: str
    text: str
    """The value as it was written."""
    value: Any
    """The value as YAML reads it."""

    @classmethod
    def parse(cls, text: str) -> "Condition":
        """Parse `KEY OPERATOR VALUE`, with the value in YAML.

        Raises:
            InputError: it is not a condition.
        """
        match = _CONDITION.fullmatch(text)
        if not match:
            raise InputError(
                f"--where {text}: expected KEY, one of > >= < <= == != ~ (contains), and VALUE.",
                "For example 'test.accuracy>0.99' or train.optimizer.name==adam.",
            )
        key, sign, value = match.group("key", "operator", "value")
        value = composed(value)
        return cls(key, sign, value, _plain(parse(value, f"--where {text}", is_file=False).value))

    def holds(self, found: Any) -> bool:
        """Return whether `found`, a run's value of the key, meets it; without a value, only `!=` and `==null` are met.

        Raises:
            InputError: the two cannot be compared.
        """
        if found is ABSENT or found is None:
            return self.operator in ("==", "!=") and (self.value is None) == (self.operator == "==")
        match found:
            case str():
                found = composed(found)
            case list():
                found = [composed(item) if isinstance(item, str) else item for item in found]
        match self.operator:
            case "==":
                return self._equals(found)
            case "!=":
                return not self._equals(found)
            case "~":
                return any(map(self._equals, found)) if isinstance(found, list) else self.text in str(found)
        is_number = isinstance(self.value, int | float)
        if isinstance(found, str) and (not is_number or found[:1].isdigit()):  # a date is compared with a year
            return _ORDER[self.operator](found, self.text)
        if not isinstance(found, str | int | float):
            raise InputError(f"{self}: {self.key} is {in_words(found)} and has no order; use ==, != or ~.")
        if isinstance(found, str) or not is_number:
            kind, other = ("text", self.text) if isinstance(found, str) else ("a number", f"'{self.text}'")
            raise InputError(f"{self}: {self.key} is {kind}, so it cannot be compared with {other}.")
        return _ORDER[self.operator](found, self.value)

    def _equals(self, found: Any) -> bool:
        if isinstance(found, str):
            return found in (self.text, self.value)
        one_of_one = isinstance(found, list) and not isinstance(self.value, list)
        return found == ([self.value] if one_of_one else self.value)

    def __str__(self) -> str:
        return f"--where {self.key}{self.operator}{self.text}"


class Records:
    """Finished runs as records whose values are looked up by key.

    Attributes:
        runs: the runs, in order.
        problems: messages about configurations that could not be read; their runs lack these keys.
    """

    def __init__(self, runs: Iterable[Run]) -> None:
        self.runs = list(runs)
        self.problems: list[str] = []
        self._columns: dict[str, list[Any]] = {}

    def where(self, conditions: Sequence[Condition]) -> "Records":
        """Return the runs that meet all conditions.

        Raises:
            InputError: no run has the key of a condition, or the values cannot be compared.
        """
        columns = [self.column(condition.key, "--where ") for condition in conditions]
        return self._of(
            i
            for i in range(len(self.runs))
            if all(condition.holds(column[i]) for condition, column in zip(conditions, columns, strict=True))
        )

    def ordered(self, keys: Sequence[str], *, reverse: bool = False) -> "Records":
        """Return the runs sorted by the first of `keys`, equal ones by the next, and so on.

        `-key` begins with the highest; runs without a value come last. `reverse` reverses the order.

        Raises:
            InputError: no run has one of the keys.
        """
        if reverse and not keys:
            return self._of(reversed(range(len(self.runs))))
        ordered = self
        for key in reversed(keys):
            ordered = ordered._by(key.removeprefix("-"), descending=key.startswith("-") != reverse)
        return ordered

    def _by(self, key: str, *, descending: bool) -> "Records":
        column = self.column(key, "--sort ")
        nothing = [i for i, value in enumerate(column) if value is ABSENT or value is None]
        there = sorted(set(range(len(column))).difference(nothing))
        there.sort(key=lambda i: _rank(column[i]), reverse=descending)
        return self._of([*there, *nothing])

    def column(self, key: str, option: str = "") -> list[Any]:
        """Return each run's value of `key`, which `option` names, if any; ABSENT if it has none.

        Raises:
            InputError: there are runs, but none of them, before filtering, has the key.
        """
        if key in self._columns:
            return self._columns[key]
        path = self._in_metrics(key)
        if path:
            column = [_at(run.metrics, path) for run in self.runs]
        else:
            column = [self._setting(run, key_path(key)) for run in self.runs]
        if column and all(value is ABSENT for value in column):
            raise InputError(
                f"{option}{key}: none of the {len(column):,} runs here {self._lacking(key)}.",
                "Keys are those of a run's metrics.json and config.yaml.",
            )
        self._columns[key] = column
        return column

    def settings(self) -> dict[str, list[Any]]:
        """Return the settings in which the runs differ (`config.settings.varying`), with each run's value or ABSENT.

        Each configuration is read only once for all its seeds.
        """
        configs: dict[tuple[str, str], Config] = {}
        for run in self.runs:
            facts = run.measured.run
            if (key := (facts.experiment, facts.fingerprint)) not in configs:
                try:
                    configs[key] = run.config
                except InputError as error:
                    self._settings_unknown(run, error)
        place = {key: i for i, key in enumerate(configs)}
        places = [place.get((run.measured.run.experiment, run.measured.run.fingerprint)) for run in self.runs]
        return {
            path: [ABSENT if at is None or values[at] is None else values[at] for at in places]
            for path, values in varying(list(configs.values())).items()
        }

    def first(self, number: int | None) -> "Records":
        """Return the first `number` runs; None for all."""
        return self._of(range(len(self.runs))[:number])

    def full(self, key: str) -> str:
        """Return the full key that `key` abbreviates, else `key`."""
        path = self._in_metrics(key)
        return ".".join(map(str, path)) if path else key

    def keys(self) -> list[str]:
        """Return every key of a `metrics.json` that has a plain value."""
        return list(dict.fromkeys(key for run in self.runs for key, _ in leaves(run.metrics)))

    def _in_metrics(self, key: str) -> KeyPath | None:
        """Return the path of `key` in `metrics.json`, if any run has it there."""
        path = key_path(key)
        paths = (path, ("run", *path))
        return next((at for at in paths if any(_at(run.metrics, at) is not ABSENT for run in self.runs)), None)

    def _setting(self, run: Run, path: KeyPath) -> Any:
        try:
            return _at(run.settings, path)
        except InputError as error:
            self._settings_unknown(run, error)
            return ABSENT

    def _settings_unknown(self, run: Run, error: InputError) -> None:
        missing = f"{run.folder.path}: there is no config.yaml, so its settings are not shown."
        self.problems.append(missing if isinstance(error, MissingError) else error.message)

    def _lacking(self, key: str) -> str:
        known = self.keys()
        with suppress(InputError):
            known += [name for name, _ in leaves(self.runs[0].config.model_dump(mode="json"))]
        if key in known:
            return "sets this key"
        *others, last = [repr(name) for name in known if name.endswith(f".{key}")][:_SUGGESTED] or [""]
        either = " or ".join([", ".join(others), last] if others else [last])
        nearest = f" (did you mean {either}?)" if last else suggest(key, known)
        return f"has this key{nearest}"

    def _of(self, indices: Iterable[int]) -> "Records":
        kept = list(indices)
        records = Records(self.runs[i] for i in kept)
        records.problems = self.problems
        records._columns = {key: [column[i] for i in kept] for key, column in self._columns.items()}
        return records


def leaves(value: Any, path: KeyPath = ()) -> Iterator[tuple[str, Any]]:
    """Yield every plain value in a mapping with its dotted key, except in lists of mappings or lists."""
    match value:
        case Mapping():
            for key, below in value.items():
                yield from leaves(below, (*path, key))
        case list() | tuple():
            if not any(isinstance(item, Mapping | list | tuple) for item in value):
                for index, item in enumerate(value):
                    yield from leaves(item, (*path, index))
        case _:
            yield ".".join(map(str, path)), value


def _at(value: Any, path: KeyPath) -> Any:
    for key in path:
        value = child(value, key)
        if value is ABSENT:
            return ABSENT
    return _plain(value)


def _plain(value: Any) -> Any:
    """Return tuples as lists, and mappings that have a name as the name."""
    match value:
        case Mapping():
            return next(iter(value)) if len(value) == 1 else value.get("name", value.get("kind", value))
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def _rank(value: Any) -> tuple[int, Any]:
    """Return a sort key: numbers first, then text, then the rest."""
    if isinstance(value, int | float):
        return 0, value
    return (1, value) if isinstance(value, str) else (2, str(value))
