"""The errors that mnist-lab raises on purpose.

Each carries a message for people (what was expected, what was received, where, and what to do) and
the exit code that the command line ends with. Anything else that escapes is a bug.

    MnistLabError            exit 1
    ├── InputError           exit 2   what the user gave cannot be used
    │   ├── ConfigError               a configuration, with file, line and column
    │   ├── DataError                 a data set that is missing, damaged or unfit
    │   ├── NewerFormatError          a run folder that a newer mnist-lab wrote
    │   ├── BusyError                 a run folder that another process is writing
    │   └── SetupError                a backend, device or folder that is not there
    │       └── NoRoomError           a folder that cannot be written, or a full disk
    └── TrainingError        exit 1   a run that began and could not end well
"""


class MnistLabError(Exception):
    """Base of all expected failures.

    Args:
        message: what is wrong, in words for the user; may have several lines.
        hint: what to do about it, if that is known.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint)  # both are arguments, so that the error survives pickling
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class InputError(MnistLabError):
    """Something the user gave (an argument, a file, a folder) cannot be used. Nothing was written."""

    exit_code = 2


class ConfigError(InputError):
    """A configuration is wrong; the message lists every problem with its place in the file."""


class DataError(InputError):
    """A data set is missing, damaged, or does not fit the configuration."""


class SetupError(InputError):
    """A backend is not installed, a device is absent, or a folder cannot be written."""


class NewerFormatError(InputError):
    """A newer mnist-lab wrote the run folder; this one would misread it."""


class BusyError(InputError):
    """Another process is writing the run folder; nothing is wrong, but it is not ours now."""


class NoRoomError(SetupError):
    """Nothing can be written where results go."""


class TrainingError(MnistLabError):
    """Training began and could not go on, for example because the loss became NaN."""
