"""The run folder: what each file in it is called, and how it is written so that a crash loses nothing.

`results/<experiment>/seed<seed>-<fingerprint8>/`. `metrics.json` is written last and atomically: where it is, the run
is finished. `checkpoint.npz` is what an unfinished run goes on from; `.previous/` holds a finished run that is being
repeated by force, until the repetition is finished.
"""

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_lab.errors import BusyError, InputError, NoRoomError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

FORMAT = 1
"""Version of the run folder; goes into `metrics.json`."""

MARKER = "metrics.json"
"""The file whose presence means that a run is finished."""
PLOTS = ("accuracy.png", "loss.png", "curves.png", "confusion.png", "predictions.png", "mistakes.png")
"""The plots of a finished run."""
PART = ".part."
DAMAGED = ".damaged"

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
        return (self.path / MARKER).is_file()

    @property
    def interrupted(self) -> bool:
        """Whether the run began, was not completed, and can go on."""
        return not self.finished and (self.path / "checkpoint.npz").is_file()

    @property
    def begun(self) -> bool:
        """Whether there is anything of a run in it."""
        return any((self.path / name).is_file() for name in (MARKER, "config.yaml", "error.txt"))

    @property
    def state(self) -> str:
        """How far the run is, in a word."""
        if DAMAGED in self.id:
            return "damaged"
        if self.finished:
            return "finished"
        return "interrupted" if self.interrupted else "failed"

    @property
    def plots(self) -> list[str]:
        """The names of the plots that are there."""
        return [name for name in PLOTS if (self.path / name).is_file()]

    def size(self) -> tuple[int, int]:
        """The number of files, and their bytes."""
        sizes = [file.lstat().st_size for file in self.path.rglob("*") if file.is_symlink() or not file.is_dir()]
        return len(sizes), sum(sizes)

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
        except OSError:  # another user's, for example; `locked` says so
            return False

    def set_aside(self) -> Path:
        """Rename the folder of a damaged run, so that nothing of it is lost; gives its new path."""
        asides = (self.path.with_name(f"{self.path.name}{DAMAGED}{number}") for number in count(1))
        return self.path.rename(next(aside for aside in asides if not aside.exists()))

    @contextmanager
    def locked(self) -> "Iterator[None]":
        """Hold the folder, so that no other process writes it; a dead process holds nothing.

        Raises:
            NoRoomError: the folder cannot be made or written.
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
            raise NoRoomError(
                f"{self.path}: cannot be written ({error.strerror}).", "Choose another folder with --results."
            ) from None
        try:
            for part in self.path.glob(f"{PART}*"):  # of a process that was killed while it wrote
                part.unlink()
            if not self.finished and not self.interrupted:
                self.take_back()
            yield
        finally:
            if self.finished:  # else a process that waits could hold a removed file, and a third a new one
                (self.path / ".lock").unlink(missing_ok=True)
            lock.release()

    def put_by(self) -> None:
        """Keep a finished run until the one that replaces it is finished too."""
        self._move(self.path, self._previous, marker_first=True)

    def take_back(self) -> None:
        """Bring back what was put by, if anything was."""
        if self._previous.is_dir():
            self.remove_checkpoint()
            (self.path / "error.txt").unlink(missing_ok=True)
            self._move(self._previous, self.path, marker_first=False)
            self._previous.rmdir()

    def clear(self) -> None:
        """Remove what an earlier, unfinished run left; not what was put by."""
        for file in self._own_files():
            file.unlink() if file.is_file() else shutil.rmtree(file)

    def sync(self) -> None:
        """Have all files on the disk, so that a power cut cannot leave a finished run with empty ones."""
        for file in self._own_files():
            _sync(file)

    def finish(self, metrics: Mapping[str, Any]) -> None:
        """Mark the run as finished: `metrics.json` is written when all else is safe."""
        self.sync()
        self.write_json(MARKER, metrics)
        self.remove_checkpoint()
        shutil.rmtree(self._previous, ignore_errors=True)

    def remove_checkpoint(self) -> None:
        """Remove the checkpoint, so that the run counts as not resumable."""
        (self.path / "checkpoint.npz").unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the folder with all that is in it; the marker first, so that no half of a run passes for a whole one.

        Raises:
            BusyError: another process is writing it.
            OSError: it cannot be removed.
        """
        with self.locked():
            (self.path / MARKER).unlink(missing_ok=True)
            shutil.rmtree(self.path)

    def discard(self, results: Path) -> None:
        """Remove the folder and those between it and `results` that are empty then; a run that was put by stays."""
        with suppress(OSError):  # several processes may do so at once
            if self._previous.is_dir():
                self.take_back()
                return
            shutil.rmtree(self.path)
            for parent in self.path.parents:
                if parent == results:
                    break
                parent.rmdir()

    @property
    def _previous(self) -> Path:
        return self.path / ".previous"

    def _own_files(self) -> list[Path]:
        """What the run has written, the marker first."""
        files = [file for file in self.path.iterdir() if not file.name.startswith(".")]
        return sorted(files, key=lambda file: file.name != MARKER)

    @staticmethod
    def _move(source: Path, target: Path, *, marker_first: bool) -> None:
        """Move files so that a folder with the marker is whole at any moment."""
        target.mkdir(exist_ok=True)
        files = [file for file in source.iterdir() if not file.name.startswith(".")]
        for file in sorted(files, key=lambda file: (file.name == MARKER) != marker_first):
            file.replace(target / file.name)

    @contextmanager
    def replacing(self, name: str) -> "Iterator[Path]":
        """A file to write, which then takes the place of `name`, or is removed if writing fails."""
        part = self.path / f"{PART}{name}"
        try:
            yield part
            _sync(part)
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

    def read_yaml(self, name: str) -> dict[str, Any]:
        """Read a mapping that mnist-lab wrote as YAML, with libyaml where it is there.

        Raises:
            InputError: it is missing or damaged.
        """
        import yaml

        try:
            value = yaml.load((self.path / name).read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except FileNotFoundError:
            raise InputError(f"{self.path}: there is no {name}.") from None
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise InputError(f"{self.path / name}: damaged ({error}).") from None
        if not isinstance(value, dict):
            raise InputError(f"{self.path / name}: damaged (not a mapping).")
        return value

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
        """All epochs; what comes after a line that a crash left half-written, or that is none, is left out."""
        records = []
        for line in (self.path / "history.jsonl").read_text(encoding="utf-8").splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                break
            if not isinstance(record, dict) or "epoch" not in record:
                break
            records.append({key: float("nan") if value is None else value for key, value in record.items()})
        return records

    def write_arrays(self, name: str, arrays: "Mapping[str, NDArray[Any]]", *, compressed: bool = False) -> None:
        """Write an npz atomically."""
        import numpy as np

        with self.replacing(name) as part, part.open("wb") as file:
            save: Any = np.savez_compressed if compressed else np.savez
            save(file, **arrays)

    def read_arrays(self, name: str) -> Arrays:
        """Read an npz of the folder.

        Raises:
            InputError: it is missing or damaged.
        """
        import zipfile
        import zlib

        import numpy as np

        try:
            with np.load(self.path / name, allow_pickle=False) as arrays:
                return dict(arrays)
        except FileNotFoundError:
            raise InputError(f"{self.path}: there is no {name}.") from None
        except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
            # RuntimeError: one wrong byte, and zipfile takes it for an encrypted file.
            raise InputError(f"{self.path / name}: damaged ({error}).") from None


def finished_runs(path: Path) -> list[RunFolder]:
    """The finished runs in or below `path`, in the order of their paths; none if it is not there.

    Raises:
        InputError: `path` is a file.
    """
    if path.is_file():
        raise InputError(f"{path}: expected a folder with runs, this is a file.")
    found = []
    for folder, below, files in os.walk(path):
        if MARKER in files:
            found.append(Path(folder))
        # What is in a run is its own; a hidden folder, such as that of the repetitions, has to be asked for.
        below[:] = [] if MARKER in files else [name for name in below if not name.startswith(".")]
    return [
        RunFolder(folder) for folder in sorted(found) if not (folder.name.startswith(".") or DAMAGED in folder.name)
    ]


def _sync(file: Path) -> None:
    if file.is_file():
        with file.open("rb") as opened:
            os.fsync(opened.fileno())


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
