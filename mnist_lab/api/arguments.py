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
    """Return a configuration as `load_config` takes it: a name, a path, a mapping or a configuration."""
    from mnist_lab.config import Config

    if isinstance(given, Mapping | Config):
        return given
    if not isinstance(given, str | os.PathLike):
        raise unexpected("config", "a name, a path, a mapping or a Config", given)
    return path(given, "reference")


def several(given: Any) -> list[Any]:
    """Return the members of a list or tuple, or a list of anything else that was given."""
    return list(given) if isinstance(given, list | tuple) else [given]


def overrides(given: Any, **short: Any) -> "list[Override]":
    """Return changes to a configuration: those of a mapping, then the short forms that are not None."""
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
    """Return a path, or None."""
    return None if given is None else path(given, name)


def path(given: Any, name: str) -> Path:
    """Return a path, or a name as a path, with `~` expanded.

    Raises:
        InputError: it cannot be a path, or it is relative and the current directory no longer exists.
        TypeError: it is neither text nor a path.
    """
    if not isinstance(given, str | os.PathLike) or isinstance(os.fspath(given), bytes):
        raise unexpected(name, "a path, as text or a Path", given)
    found = expanded(Path(given))
    if "\0" in str(found):
        raise InputError(f"{name}: expected a path, received {str(found)!r:.60}, which has a null character.")
    if not found.is_absolute():
        check_current_directory()
    return found


def check_current_directory() -> None:
    """Check that the current directory, in which relative paths start, exists.

    Raises:
        InputError: it was removed or renamed.
    """
    try:
        Path.cwd()
    except OSError:
        raise InputError(
            "The current directory of this process no longer exists: it was removed or renamed.",
            "Change to another one, os.chdir('/path/to/folder'), or restart the notebook.",
        ) from None


def run_of(given: Any, results: Path) -> "Run":
    """Return a finished run: the given one, or that of a folder, an id or an experiment."""
    from mnist_lab import runs

    if isinstance(given, runs.Run):
        return given
    return runs.find_run(str(path(given, "run")), results)


def builder(given: Any) -> None:
    """Check that `given` can be called as a function that builds a network, before anything slow begins."""
    expected = "a function (input_shape, classes) that returns a Keras model"
    if not callable(given) or hasattr(given, "compile"):
        raise unexpected("network", expected, given)
    try:
        inspect.signature(given).bind((28, 28, 1), 10)
    except (TypeError, ValueError) as error:
        raise TypeError(f"network: expected {expected}, received one that cannot be called this way: {error}") from None


def number(given: Any, name: str, *, whole: bool = True) -> None:
    """Check that `given` is None or a positive number."""
    kinds = int if whole else int | float
    if given is not None and (not isinstance(given, kinds) or isinstance(given, bool) or not given > 0):
        expected = "a whole number of 1 or more" if whole else "a positive number of seconds"
        raise unexpected(name, f"{expected}, or None", given)


def strings(given: str | Iterable[str], name: str) -> list[str]:
    """Return the given texts, or the only one, as a list."""
    found = [given] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    for one in found:
        if not isinstance(one, str):
            raise unexpected(name, "text, or a list of texts", one)
    return found


def optional(given: Any, kind: type, name: str, expected: str) -> None:
    """Check that `given` is None or an instance of `kind`."""
    if given is not None and not isinstance(given, kind):
        raise unexpected(name, f"{expected}, or None", given)


def one_of(given: Any, choices: Iterable[str | None], name: str) -> None:
    """Check that `given` is one of `choices`.

    Raises:
        InputError: it is not.
    """
    known = list(choices)
    if given not in known:
        listed = [choice for choice in known if choice]
        raise InputError(f"{name}: expected {', '.join(listed[:-1])} or {listed[-1]}, received {given!r:.60}.")


def unexpected(name: str, expected: str, given: Any) -> TypeError:
    """Return the error for an argument of the wrong type."""
    return TypeError(f"{name}: expected {expected}, received {given!r:.60} ({type(given).__name__})")


def imported_backend() -> str | None:
    """Return the backend of Keras if it is already imported: a process cannot change it."""
    keras = sys.modules.get("keras")
    return None if keras is None else keras.backend.backend()
