"""Errors of the API, with a short traceback, and with arguments in place of command-line options."""

import re
from collections.abc import Callable, Collection
from functools import wraps
from inspect import signature
from typing import ParamSpec, TypeVar

from mnist_lab.errors import InputError

P = ParamSpec("P")
R = TypeVar("R")

_FLAGS = ("force", "wait")
_NAMED = {"output": "path"}
"""Arguments that some functions name differently from the option."""
_OPTION = re.compile(
    r"--(?P<name>[a-z]+(?:-[a-z]+)*)"
    r"(?: (?P<key>[\w.]+)=(?P<setting>[\w.]+)"
    r"| (?P<value>auto|cpu|gpu|mnist|resize|none|digits|slurm|onnx|int8|\d[\w.]*))?"
)


def brief(function: Callable[P, R]) -> Callable[P, R]:
    """Wrap a function so that its `InputError`s have a short traceback and name its arguments instead of options."""

    @wraps(function)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except InputError as error:
            names = signature(function).parameters.keys()
            error.message = in_python(error.message, names)
            error.hint = error.hint and in_python(error.hint, names)
            error.args = error.message, error.hint
            raise error.with_traceback(None) from None

    return inner


def in_python(text: str, names: Collection[str]) -> str:
    """Return a message with `results=` for `--results`, and so on; lines with mnist-lab commands stay unchanged."""

    def argument(option: re.Match[str]) -> str:
        name = option["name"].replace("-", "_")
        name = name if name in names else _NAMED.get(name, name)
        rest = option[0][2 + len(option["name"]) :]
        if name not in names:
            return option[0]
        if option["key"]:
            return f"{name}={{'{option['key']}': {_literal(option['setting'])}}}" if name == "set" else option[0]
        if option["value"]:
            return f"{name}={_literal(option['value'])}"
        return f"{name}={'True' if name in _FLAGS else ''}{rest}"

    lines = text.split("\n")
    return "\n".join(line if "mnist-lab " in line else _OPTION.sub(argument, line) for line in lines)


def _literal(value: str) -> str:
    return value if re.fullmatch(r"\d+(\.\d+)?|\.\.\.", value) else repr(value)
