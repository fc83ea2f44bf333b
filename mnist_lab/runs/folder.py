"""The run folder: what each file in it is called, and how it is written so that a crash loses nothing.

`results/<experiment>/seed<seed>-<fingerprint8>/`. `metrics.json` is written last and atomically: where it is, the run
is finished. `checkpoint.npz` is there only while a run is unfinished.
"""

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_lab.errors import BusyError, InputError, SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

FORMAT = 1
"""Version of the run folder; goes into `metrics.json`."""

Arrays = dict[str, "NDArray[Any]"]


@dataclass(frozen=True)
class RunFolder:
    """One run's folder."""

    path: Path

    @classmethod
    def of(cls, results: Path, experiment: str, seed: int, fingerprint: str) -> "RunFolder":
        """Where the run with this seed and fingerprint belongs."""
        return cls(results / experiment / f"seed{seed}-{fingerprint[:8]}")

    @property
    def id(self) -> str:
        """The folder's own name."""
        return self.path.name

    @property
    def finished(self) -> bool:
        """Whether the run was completed."""
        return (self.path / "metrics.json").is_file()

    @property
    def interrupted(self) -> bool:
        """Whether the run began, was not completed, and can go on."""
        return not self.finished and (self.path / "checkpoint.npz").is_file()

    @property
    def busy(self) -> bool:
        """Whether another process is writing the run at this moment."""
        import filelock

        if not (self.path / ".lock").exists():
            return False
        try:
            with filelock.FileLock(self.path / ".lock", timeout=0):
                return False
        except filelock.Timeout:
            return True

    def set_aside(self) -> Path:
        """Rename the folder of a damaged run, so that nothing of it is lost; gives its new path."""
        for number in count(1):
            aside = self.path.with_name(f"{self.path.name}.damaged{number}")
            if not aside.exists():
                (self.path / "metrics.json").rename(self.path / "metrics.damaged.json")
                return self.path.rename(aside)
        raise AssertionError

    @contextmanager
    def locked(self) -> "Iterator[None]":
        """Hold the folder, so that no other process writes it; a dead process holds nothing.

        Raises:
            SetupError: the folder cannot be made or written.
            BusyError: another process holds it.
        """
        import filelock

        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(self.path / ".lock")
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise BusyError(f"{self.path}: another process is writing this run.", "Wait for it to end.") from None
        except OSError as error:
            raise SetupError(
                f"{self.path}: cannot be written ({error.strerror}).", "Choose another folder with --results."
            ) from None
        try:
            for part in self.path.glob(".*"):  # of a process that was killed while it wrote
                if part.name != ".lock":
                    part.unlink()
            yield
        finally:
            if self.finished:  # else a process that waits could hold a removed file, and a third a new one
                (self.path / ".lock").unlink(missing_ok=True)
            lock.release()

    def clear(self) -> None:
        """Remove what an earlier, unfinished or repeated run left."""
        for file in self.path.iterdir():
            if file.name != ".lock":
                file.unlink() if file.is_file() else shutil.rmtree(file)

    def remove_checkpoint(self) -> None:
        """Remove the checkpoint, so that the run counts as not resumable."""
        (self.path / "checkpoint.npz").unlink(missing_ok=True)

    def discard(self, results: Path) -> None:
        """Remove the folder, and those between it and `results` that are empty then."""
        shutil.rmtree(self.path, ignore_errors=True)
        for parent in self.path.parents:
            if parent == results or any(parent.iterdir()):
                break
            parent.rmdir()

    @contextmanager
    def replacing(self, name: str) -> "Iterator[Path]":
        """A file to write, which then takes the place of `name`, or is removed if writing fails."""
        part = self.path / f".part.{name}"
        try:
            yield part
            part.replace(self.path / name)
        finally:
            part.unlink(missing_ok=True)

    def write_text(self, name: str, text: str) -> None:
        """Write a text file atomically."""
        with self.replacing(name) as part:
            part.write_text(text, encoding="utf-8")

    def write_json(self, name: str, value: Mapping[str, Any] | list[Any]) -> None:
        """Write JSON atomically; numbers that are not finite become null, so that any reader can read it."""
        self.write_text(name, json.dumps(_finite(value), indent=2, ensure_ascii=False) + "\n")

    def read_json(self, name: str) -> Any:
        """Read a JSON file of the folder.

        Raises:
            InputError: it is missing or damaged.
        """
        try:
            return json.loads((self.path / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InputError(f"{self.path}: there is no {name}.") from None
        except (OSError, ValueError) as error:
            raise InputError(f"{self.path / name}: damaged ({error}).") from None

    def write_history(self, history: list[dict[str, Any]]) -> None:
        """Write all epochs so far."""
        self.write_text("history.jsonl", "".join(_line(record) for record in history))

    def append_history(self, record: Mapping[str, Any]) -> None:
        """Add one epoch, flushed to the disk."""
        with (self.path / "history.jsonl").open("a", encoding="utf-8") as file:
            file.write(_line(record))
            file.flush()
            os.fsync(file.fileno())

    def read_history(self) -> list[dict[str, Any]]:
        """All epochs; a last line that a crash left half-written is left out."""
        records = []
        for line in (self.path / "history.jsonl").read_text(encoding="utf-8").splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                break
            records.append({key: float("nan") if value is None else value for key, value in record.items()})
        return records

    def write_arrays(self, name: str, arrays: "Mapping[str, NDArray[Any]]", *, compressed: bool = False) -> None:
        """Write an npz atomically."""
        import numpy as np

        with self.replacing(name) as part, part.open("wb") as file:
            save: Any = np.savez_compressed if compressed else np.savez
            save(file, **arrays)
            file.flush()
            os.fsync(file.fileno())

    def read_arrays(self, name: str) -> Arrays:
        """Read an npz of the folder.

        Raises:
            InputError: it is missing or damaged.
        """
        import zipfile

        import numpy as np

        try:
            with np.load(self.path / name, allow_pickle=False) as arrays:
                return dict(arrays)
        except FileNotFoundError:
            raise InputError(f"{self.path}: there is no {name}.") from None
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(f"{self.path / name}: damaged ({error}).") from None


def finished_runs(path: Path) -> list[RunFolder]:
    """The finished runs in or below `path`, in the order of their paths; none if it is not there.

    Raises:
        InputError: `path` is a file.
    """
    if path.is_file():
        raise InputError(f"{path}: expected a folder with runs, this is a file.")
    return [RunFolder(file.parent) for file in sorted(path.rglob("metrics.json"))]


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(_finite(record)) + "\n"


def _finite(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _finite(item) for key, item in value.items()}
        case list() | tuple():
            return [_finite(item) for item in value]
        case float() if value != value or value in (float("inf"), float("-inf")):
            return None
        case _:
            return value
