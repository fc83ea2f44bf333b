"""Arguments of the API's functions: validated, and converted to the package's own types."""

import inspect
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_lab.errors import InputError
from mnist_lab.system.directories import expanded

if TYPE_CHECKING:
    from mnist_lab.config import Config, Override
    from mnist_lab.runs import Run

AnyPath = str | os.PathLike[str]


def source(given: Any) -> "Path | Mapping[str, Any] | Config":
    """A configuration as `load_config` takes it: a name, a path, a mapping or a configuration."""
    from mnist_lab.config import Config

    if isinstance(given, Mapping | Config):
        return given
    if not isinstance(given, str | os.PathLike):
        raise unexpected("config", "a name, a path, a mapping or a Config", given)
    return path(given, "reference")


def several(given: Any) -> list[Any]:
    """The members of a list or tuple, or the one thing that was given instead."""
    return list(given) if isinstance(given, list | tuple) else [given]


def overrides(given: Any, **short: Any) -> "list[Override]":
    """Changes of a configuration: a mapping, then short forms by their names, without those that are None."""
    from mnist_lab.config import Override

    if isinstance(given, Mapping):
        changes = Override.from_mapping(given)
    elif isinstance(given, list | tuple) and all(isinstance(one, Override) for one in given):
        changes = list(given)
    else:
        raise unexpected("set", 'a mapping such as {"train.epochs": 3}', given)
    return changes + [
        Override.short(name, value, f"{name}={value!r:.60}") for name, value in short.items() if value is not None
    ]


def path_or_none(given: Any, name: str) -> Path | None:
    """A path, or None."""
    return None if given is None else path(given, name)


def path(given: Any, name: str) -> Path:
    """A path, or a name as one, with its `~` expanded.

    Raises:
        InputError: it cannot be one, or is relative, and there is no working folder any more.
        TypeError: it is neither text nor a path.
    """
    if not isinstance(given, str | os.PathLike) or isinstance(os.fspath(given), bytes):
        raise unexpected(name, "a path, as text or a Path", given)
    found = expanded(Path(given))
    if "\0" in str(found):
        raise InputError(f"{name}: expected a path, received {str(found)!r:.60}, which has a null character.")
    if not found.is_absolute():
        check_working_folder()
    return found


def check_working_folder() -> None:
    """Check that the folder that relative paths start in is there.

    Raises:
        InputError: it was removed or renamed.
    """
    try:
        Path.cwd()
    except OSError:
        raise InputError(
            "The working folder of this process no longer exists: it was removed or renamed.",
            "Change to another one, os.chdir('/path/to/folder'), or restart the notebook.",
        ) from None


def run_of(given: Any, results: Path) -> "Run":
    """A finished run: as it is, or the one of a folder, an id, or an experiment."""
    from mnist_lab import runs

    if isinstance(given, runs.Run):
        return given
    return runs.find_run(str(path(given, "run")), results)


def builder(given: Any) -> None:
    """Check that it can be called as a function that builds a network, before anything slow begins."""
    expected = "a function (input_shape, classes) that returns a Keras model"
    if not callable(given) or hasattr(given, "compile"):
        raise unexpected("network", expected, given)
    try:
        inspect.signature(given).bind((28, 28, 1), 10)
    except (TypeError, ValueError) as error:
        raise TypeError(f"network: expected {expected}, received one that cannot be called this way: {error}") from None


def number(given: Any, name: str, *, whole: bool = True) -> None:
    """Check that it is None or a positive number."""
    kinds = int if whole else int | float
    if given is not None and (not isinstance(given, kinds) or isinstance(given, bool) or not given > 0):
        expected = "a whole number of 1 or more" if whole else "a positive number of seconds"
        raise unexpected(name, f"{expected}, or None", given)


def strings(given: str | Iterable[str], name: str) -> list[str]:
    """A text, or several."""
    found = [given] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    for one in found:
        if not isinstance(one, str):
            raise unexpected(name, "text, or a list of texts", one)
    return found


def optional(given: Any, kind: type, name: str, expected: str) -> None:
    """Check that it is None or of this kind."""
    if given is not None and not isinstance(given, kind):
        raise unexpected(name, f"{expected}, or None", given)


def one_of(given: Any, choices: Iterable[str | None], name: str) -> None:
    """Check that it is one of these.

    Raises:
        InputError: it is not.
    """
    known = list(choices)
    if given not in known:
        listed = [choice for choice in known if choice]
        raise InputError(f"{name}: expected {', '.join(listed[:-1])} or {listed[-1]}, received {given!r:.60}.")


def unexpected(name: str, expected: str, given: Any) -> TypeError:
    """The error for an argument of the wrong type."""
    return TypeError(f"{name}: expected {expected}, received {given!r:.60} ({type(given).__name__})")


def imported_backend() -> str | None:
    """The backend of Keras, if it is imported already: a process cannot change it."""
    keras = sys.modules.get("keras")
    return None if keras is None else keras.backend.backend()
