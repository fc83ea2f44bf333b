"""Errors about arguments have a short traceback: calls inside mnist-lab do not help the caller."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from mnist_lab.errors import InputError

P = ParamSpec("P")
R = TypeVar("R")


def brief(function: Callable[P, R]) -> Callable[P, R]:
    """The function, whose `InputError`s have a short traceback."""

    @wraps(function)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except InputError as error:
            raise error.with_traceback(None) from None

    return inner
