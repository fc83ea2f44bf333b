"""Reads and writes the files of a run folder: JSON, JSON lines, YAML and npz.

Each reader distinguishes three failures: the file does not exist (MissingError), cannot be read at the moment
(UnreadableError), or has invalid contents (DamagedError).
"""

import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mnist_lab.config.problems import first_problem
from mnist_lab.errors import DamagedError, MissingError, UnreadableError
from mnist_lab.history import Record
from mnist_lab.system import atomic
from mnist_lab.system.paths import SPECIAL, mode_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

Arrays = dict[str, "NDArray[Any]"]

_Count = Annotated[int, Field(ge=0, strict=True)]
_Number = Annotated[float | None, Field(strict=True)]


class Mistake(BaseModel):
    """A test image that the saved model misclassifies."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    index: _Count
    """The row in the test file, from 0."""
    label: _Count
    predicted: _Count
    confidence: float = 0.0
    """Probability of the predicted class; 0 if it is not recorded."""


_MISTAKES = TypeAdapter(list[Mistake], config=ConfigDict(defer_build=True))


class _Epoch(BaseModel):
    """The keys of a line of `history.jsonl` that are numbers; others are kept as they are."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    epoch: Annotated[int, Field(ge=1, strict=True)]
    loss: _Number = None
    accuracy: _Number = None
    val_loss: _Number = None
    val_accuracy: _Number = None
    learning_rate: _Number = None
    seconds: _Number = None


def exists(path: Path) -> bool:
    """Return whether there is anything at `path`: a file, a folder or a broken link.

    Raises:
        UnreadableError: that cannot be determined at the moment.
    """
    return _mode(path, follow=False) is not None


def is_file(path: Path) -> bool:
    """Return whether there is a file at `path`; raises what `exists` does."""
    return stat.S_ISREG(_mode(path) or 0)


def is_folder(path: Path) -> bool:
    """Return whether there is a folder at `path`; raises what `exists` does."""
    return stat.S_ISDIR(_mode(path) or 0)


def _mode(path: Path, *, follow: bool = True) -> int | None:
    try:
        return mode_of(path, follow=follow)
    except OSError as error:
        raise UnreadableError.of(error, path) from None


def check_file(path: Path) -> None:
    """Check that there is a regular file at `path`: opening a named pipe, for example, could block forever.

    Raises:
        MissingError: there is none.
        UnreadableError: it cannot be read, or is something other than a file.
    """
    kind = _mode(path)
    if kind is None:
        if path.is_symlink():
            raise UnreadableError(
                f"{path}: cannot be read (a symbolic link to {path.readlink()}, which is not there).",
                "Check that the disk it points to is mounted.",
            )
        raise MissingError(f"{path.parent}: there is no {path.name}.")
    if not stat.S_ISREG(kind):
        what = "a folder" if stat.S_ISDIR(kind) else SPECIAL.get(stat.S_IFMT(kind), "a special file")
        raise UnreadableError(
            f"{path}: cannot be read (expected a file, but this is {what}).", "Move it out of the way."
        )


def read_bytes(path: Path) -> bytes:
    """Read a file; raises what `check_file` does."""
    check_file(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableError.of(error, path) from None


def read_json(path: Path) -> Any:
    """Read a JSON file; raises what the module says."""
    content = read_bytes(path)
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise _damaged(path, "not valid JSON" if content.strip() else "the file is empty") from None


def read_mapping(path: Path) -> dict[str, Any]:
    """Read a JSON file that holds a mapping; raises what the module says."""
    return _mapping(path, read_json(path))


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a mapping that mnist-lab wrote as YAML, with libyaml if it is installed; raises what the module says."""
    import yaml

    try:
        value = yaml.load(read_bytes(path), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (ValueError, RecursionError, yaml.YAMLError):
        raise _damaged(path, "not valid YAML") from None
    return _mapping(path, value)


def _mapping(path: Path, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _damaged(path, "not a mapping")
    return value


def read_mistakes(path: Path) -> list[Mistake]:
    """Read `mistakes.json`; raises what the module says."""
    try:
        return _MISTAKES.validate_python(read_json(path))
    except ValidationError as error:
        raise _damaged(path, first_problem(error)) from None


def read_history(path: Path) -> list[Record]:
    """Read `history.jsonl`: one record per epoch, NaN where JSON has null.

    An incomplete last line is skipped: it is left by a crash, or being written. Raises what the module says.
    """
    *lines, last = read_bytes(path).split(b"\n")
    records = [_record(line, f"{path}, line {number}") for number, line in enumerate(lines, start=1) if line.strip()]
    try:
        return [*records, _record(last, str(path))]
    except DamagedError:
        return records


def _record(line: bytes, place: str) -> Record:
    try:
        record = _Epoch.model_validate_json(line).model_dump(exclude_unset=True)
    except ValidationError as error:
        raise _damaged(place, first_problem(error)) from None
    return {key: float("nan") if value is None else value for key, value in record.items()}


def line(record: Mapping[str, Any]) -> str:
    """Return a record as a line of JSON."""
    return json.dumps(finite(record)) + "\n"


def write_json(path: Path, value: Mapping[str, Any] | list[Any]) -> None:
    """Write JSON atomically; numbers that are not finite become null, which every reader can read."""
    atomic.write_text(path, json.dumps(finite(value), indent=2, ensure_ascii=False) + "\n")


def read_arrays(path: Path) -> Arrays:
    """Read an npz; raises what the module says."""
    import io
    import zipfile
    import zlib

    import numpy as np

    content = read_bytes(path)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return dict(arrays)
    except (OSError, ValueError, TypeError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error):
        # RuntimeError: a wrong byte can make zipfile see an encrypted file. TypeError: a single npy, not a zip.
        # NumPy's own message is not shown: for anything that is no archive it speaks of pickles, and how to allow them.
        raise _damaged(path, "not a valid NumPy archive") from None


def write_arrays(path: Path, arrays: "Mapping[str, NDArray[Any]]", *, compressed: bool = False) -> None:
    """Write an npz atomically."""
    import numpy as np

    with atomic.replacing(path) as part, part.open("wb") as file:
        save: Any = np.savez_compressed if compressed else np.savez
        save(file, **arrays)


def finite(value: Any) -> Any:
    """Return the value with None for every number that is not finite."""
    match value:
        case Mapping():
            return {key: finite(item) for key, item in value.items()}
        case list() | tuple():
            return [finite(item) for item in value]
        case float() if value != value or value in (float("inf"), float("-inf")):
            return None
        case _:
            return value


def _damaged(place: Path | str, why: object) -> DamagedError:
    return DamagedError(f"{place}: damaged ({why}).")
