"""The errors that mnist-lab raises on purpose.

Each has a message for users (what was expected, what was received, where, and what to do) and the exit code of the
command line. Any other exception that escapes is a bug.

    MnistLabError            exit 1
    ├── InputError           exit 2   unusable input
    │   ├── ConfigError               a configuration, with file, line and column
    │   │   └── TooLargeError         a network that this machine's memory cannot hold
    │   ├── DataError                 a data set that is missing, damaged or unsuitable
    │   ├── MissingError              a missing file of a run
    │   ├── DamagedError              a file of a run with invalid contents
    │   ├── UnreadableError           a file or folder that the operating system cannot read
    │   ├── NewerFormatError          a run or search written by a newer mnist-lab
    │   ├── BusyError                 a run folder that another process is writing
    │   └── SetupError                a backend, device or folder that is not available
    │       └── NoRoomError           a folder that cannot be written, or a full disk
    ├── MachineError         exit 2   an operation that the operating system refused during the work
    ├── TrainingError        exit 1   a run that started and failed
    └── ExportError          exit 1   an exported network that does not predict what its run predicts
"""

import os
from typing import Self

__all__ = [
    "BusyError",
    "ConfigError",
    "DamagedError",
    "DataError",
    "ExportError",
    "InputError",
    "MachineError",
    "MissingError",
    "MnistLabError",
    "NewerFormatError",
    "NoRoomError",
    "SetupError",
    "TooLargeError",
    "TrainingError",
    "UnreadableError",
]


class MnistLabError(Exception):
    """Base of all expected failures.

    Args:
        message: what is wrong, for the user; may have several lines.
        hint: what to do about it, if known.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint)  # both are arguments, so that the error survives pickling
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class InputError(MnistLabError):
    """Something the user gave (an argument, a file, a folder) cannot be used."""

    exit_code = 2


class ConfigError(InputError):
    """A configuration is invalid; the message lists every problem with its position in the file."""


class TooLargeError(ConfigError):
    """A network is too large for the memory of this machine, or too deep."""


class DataError(InputError):
    """A data set is missing, damaged, or does not fit the configuration."""


class SetupError(InputError):
    """A backend is not installed, a device is absent, or a folder cannot be written."""


class MissingError(InputError):
    """A file of a run does not exist."""


class DamagedError(InputError):
    """A file of a run has invalid contents: they do not parse, lack a key, or contradict each other."""


class UnreadableError(InputError):
    """A file exists but cannot be read at the moment: no permission, an I/O error, a stale network file handle.

    The error says nothing about the contents, so the file must be left as it is.
    """

    @classmethod
    def of(cls, error: OSError, path: str | os.PathLike[str]) -> Self:
        """Return the error for `path`, which could not be read because of `error`."""
        return cls(
            f"{os.fspath(path)}: cannot be read ({reason(error)}).",
            "It was left unchanged. Check the disk or the permissions, then repeat the command.",
        )


class NewerFormatError(InputError):
    """A newer mnist-lab wrote the run or the search; this one would misread it."""

    @classmethod
    def of(cls, place: object, written: int, known: int) -> Self:
        """Return the error for what is at `place`, `written` in a format later than the last one `known`."""
        return cls(
            f"{place}: written by a newer mnist-lab (format {written}; this one reads up to {known}).",
            f"Update mnist-lab, or move {place} elsewhere.",
        )


class BusyError(InputError):
    """Another process is writing the run folder; nothing is wrong with it."""


class NoRoomError(SetupError):
    """A folder cannot be written, or the disk is full."""


class MachineError(MnistLabError):
    """The operating system refused something: an I/O error, too many open files, a directory in place of a file."""

    exit_code = 2

    @classmethod
    def of(cls, error: OSError, hint: str | None = None) -> Self:
        """Return the error for an `OSError`, with its files as far as they are known."""
        files = [os.fspath(file) for file in (error.filename, error.filename2) if isinstance(file, str | os.PathLike)]
        return cls(f"{' -> '.join(map(str, files))}: {reason(error)}." if files else f"{reason(error)}.", hint)


class TrainingError(MnistLabError):
    """Training started and failed, for example because the loss became NaN."""


class ExportError(MnistLabError):
    """An exported network does not predict what its run predicts, so it was not written."""


def reason(error: OSError) -> str:
    """Return the operating system's message: `Input/output error`."""
    return error.strerror or first_line(error)


def first_line(error: BaseException) -> str:
    """Return the first line of an exception's message; its type if it has no message."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
