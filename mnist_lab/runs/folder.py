"""The life cycle of a run folder: started, interrupted, finished, retrained, taken from elsewhere, removed.

`results/<experiment>/seed<seed>-<fingerprint8>/`. `metrics.json` is written last and atomically: a folder that has it
is a finished run, and a crash never loses results. An unfinished run resumes from `checkpoint.npz`. With `--force`, a
finished run stays unchanged until the retrained one, in `.repetition/`, is finished and replaces it.
"""

import io
import os
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from mnist_lab.errors import BusyError, MissingError, NoRoomError, UnreadableError
from mnist_lab.history import Record
from mnist_lab.runs import formats, lock
from mnist_lab.runs.measured import Measured
from mnist_lab.system import atomic

NAME = re.compile(r"seed[0-9]+-[0-9a-f]{8}")
"""The name of a run's folder."""
MARKER = "metrics.json"
"""The file whose presence means that a run is finished."""
CHECKPOINT = "checkpoint.npz"
LAST_CHECKPOINT = "last_checkpoint.npz"
"""The state at the end of a finished run, if it was kept."""
ERROR = "error.txt"
PLOTS = ("accuracy.png", "loss.png", "curves.png", "confusion.png", "predictions.png", "mistakes.png")
"""The plots of a finished run."""
DAMAGED = ".damaged"
REPETITION = ".repetition"
_ARRIVING = ".arriving"
"""The folder to which the archive of a run from elsewhere is unpacked."""
_REPEATED = ".repeated"
"""The name of `.repetition` once it is finished, while its files replace those of the run."""
_NAMES = ".names.json"
"""The file in `.repeated` that lists the names of its files."""


@dataclass(frozen=True)
class RunFolder:
    """One run's folder."""

    path: Path

    @classmethod
    def of(cls, results: Path, experiment: str, seed: int, fingerprint: str) -> "RunFolder":
        """Return the folder in which a run with this seed and fingerprint belongs."""
        return cls(results / experiment / f"seed{seed}-{fingerprint[:8]}")

    @property
    def id(self) -> str:
        """The folder's own name; for `.repetition`, that of the run that is retrained."""
        return self.path.parent.name if self._is_repetition else self.path.name

    @property
    def finished(self) -> bool:
        """Whether the run was completed.

        Raises:
            UnreadableError: that cannot be determined at the moment.
        """
        return formats.exists(self.path / MARKER)

    @property
    def repetition(self) -> "RunFolder":
        """The folder in which a finished run is retrained."""
        return RunFolder(self.path / REPETITION)

    @property
    def current(self) -> "RunFolder":
        """Where the run is being or was last written: `.repetition` if there is one, else the folder itself."""
        return self.repetition if formats.is_folder(self.repetition.path) else self

    @property
    def unsettled(self) -> bool:
        """Whether there is a retraining that was not put in place, or the rest of one."""
        return any(formats.is_folder(self.path / name) for name in (REPETITION, _REPEATED))

    @property
    def interrupted(self) -> bool:
        """Whether the run, or its retraining, was started, is not complete, and can be resumed."""
        return not self.current.finished and formats.is_file(self.current.path / CHECKPOINT)

    @property
    def failed(self) -> bool:
        """Whether the run, or its retraining, ended with an error."""
        return not self.current.finished and formats.is_file(self.current.path / ERROR)

    @property
    def begun(self) -> bool:
        """Whether there is a run in the folder itself, finished or not."""
        return any(formats.exists(self.path / name) for name in (MARKER, "config.yaml", ERROR))

    @property
    def state(self) -> str:
        """The state of the run, in a few words."""
        if DAMAGED in self.id:
            return "damaged"
        unfinished = "interrupted" if self.interrupted else "failed" if self.failed else "unfinished"
        if not self.finished:
            return unfinished
        return "finished" if self.current is self else f"finished; retraining {unfinished}"

    @property
    def plots(self) -> list[str]:
        """The names of the existing plots."""
        return [name for name in PLOTS if (self.path / name).is_file()]

    def size(self) -> tuple[int, int]:
        """Return the number of files, and their total size in bytes."""
        sizes = [file.lstat().st_size for file in self.path.rglob("*") if file.is_symlink() or not file.is_dir()]
        return len(sizes), sum(sizes)

    @property
    def busy(self) -> bool:
        """Whether another process is writing the run."""
        return lock.is_locked(self.path)

    @property
    def in_progress(self) -> bool:
        """Whether a process, here or on another machine, is writing the run, as far as that can be seen."""
        return self.busy or lock.is_leased(self.path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the folder, so that no other process writes it; a dead process holds no lock.

        Raises:
            BusyError: another process holds the lock.
            NoRoomError: the folder cannot be created, written or locked.
        """
        with lock.locked(self.path):
            try:
                atomic.remove_parts(self.path)
                self._settle()
                yield
            finally:
                with suppress(OSError, UnreadableError):
                    if self.finished:  # then the folder contains only the run
                        (self.path / lock.LOCK).unlink(missing_ok=True)

    def settle(self) -> None:
        """Complete or remove what a killed retraining has left, unless another process holds the lock."""
        if self.unsettled:
            with suppress(BusyError, NoRoomError), self.locked():
                pass

    def _settle(self) -> None:
        """Complete what a killed process began: put a retrained run in place, remove a retraining that left nothing."""
        repetition, repeated = self.repetition, self.path / _REPEATED
        if repetition.finished:
            atomic.remove_parts(repetition.path)
            repetition.remove_checkpoint()
            formats.write_json(repetition.path / _NAMES, [file.name for file in repetition._own_files()])
            repetition.path.rename(repeated)
        elif repetition.path.is_dir() and not (self.interrupted or self.failed):
            shutil.rmtree(repetition.path)
        if repeated.is_dir():
            self._supersede(repeated)

    def _supersede(self, repeated: Path) -> None:
        """Put the files of a retrained run in place. Only during these few renames is there no finished run here."""
        if (repeated / MARKER).exists():
            (self.path / MARKER).unlink(missing_ok=True)
        for file in reversed(RunFolder(repeated)._own_files()):
            file.replace(self.path / file.name)
        with suppress(MissingError):  # all steps except the last were done before
            names = formats.read_json(repeated / _NAMES)
            self._unlink(file for file in self._own_files() if file.name not in names)
        shutil.rmtree(repeated)

    def packed(self) -> bytes:
        """Return the files of the run as an uncompressed zip archive: most of them are already compressed."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", strict_timestamps=False) as archive:
            for file in sorted(self._own_files()):
                if file.is_file():
                    archive.write(file, file.name)
        return content.getvalue()

    def unpack(self, content: bytes) -> None:
        """Write the files of an archive to the folder, which is created."""
        self.path.mkdir(parents=True)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(self.path)
        for file in self.path.iterdir():
            atomic.sync(file)

    def take(self, content: bytes) -> None:
        """Replace what is here with a run that was written elsewhere and archived; call it within `locked`.

        A crash at any moment leaves what was here or the new run. An unfinished run does not replace a finished one: it
        becomes its `.repetition`.

        Raises:
            OSError: the disk is full, for example; what was here is kept.
        """
        arrived = RunFolder(self.path / _ARRIVING)
        shutil.rmtree(arrived.path, ignore_errors=True)
        try:
            arrived.unpack(content)
            if arrived.finished or self.finished:
                shutil.rmtree(self.repetition.path, ignore_errors=True)
                arrived.path.rename(self.repetition.path)
                self._settle()
            else:
                self.clear()
                for file in arrived._own_files():
                    file.replace(self.path / file.name)
        finally:
            shutil.rmtree(arrived.path, ignore_errors=True)

    def set_aside(self) -> Path:
        """Rename the folder of a damaged run, so that nothing is lost, and return its new path."""
        asides = (self.path.with_name(f"{self.path.name}{DAMAGED}{number}") for number in count(1))
        return self.path.rename(next(aside for aside in asides if not formats.exists(aside)))

    def clear(self) -> None:
        """Remove the files of an earlier run."""
        self._unlink(self._own_files())

    @staticmethod
    def _unlink(files: Iterable[Path]) -> None:
        for file in files:
            shutil.rmtree(file) if file.is_dir() and not file.is_symlink() else file.unlink()

    def finish(self, measured: Measured) -> "RunFolder":
        """Write `metrics.json` once all else is safe, which marks the run as finished, and return its final folder.

        Call it within `locked`. A retrained run replaces the run.
        """
        for file in self._own_files():
            if file.is_file():
                atomic.sync(file)  # so that a power cut cannot leave a finished run with empty files
        self.write_measured(measured)
        self.remove_checkpoint()
        if not self._is_repetition:
            return self
        repeated = RunFolder(self.path.parent)
        repeated._settle()
        return repeated

    def remove_checkpoint(self) -> None:
        """Remove the checkpoint, so that the run counts as not resumable."""
        (self.path / CHECKPOINT).unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the folder with its contents, the marker first, so that half a run is never taken for a finished one.

        Raises:
            BusyError: another process is writing the run.
            OSError: the folder cannot be removed.
        """
        with self.locked():
            (self.path / MARKER).unlink(missing_ok=True)
            shutil.rmtree(self.path)

    def discard(self, results: Path) -> None:
        """Remove the folder and those between it and `results` that become empty."""
        with suppress(OSError):  # several processes may do so at once
            shutil.rmtree(self.path)
            for parent in self.path.parents:
                if parent == results:
                    break
                parent.rmdir()

    @property
    def _is_repetition(self) -> bool:
        return self.path.name == REPETITION

    def _own_files(self) -> list[Path]:
        """Return the files of the run, the marker first."""
        files = [file for file in self.path.iterdir() if not file.name.startswith(".")]
        return sorted(files, key=lambda file: file.name != MARKER)

    def write_measured(self, measured: Measured) -> None:
        """Write `metrics.json` atomically."""
        formats.write_json(self.path / MARKER, measured.as_dict())

    def read_environment(self) -> dict[str, Any]:
        """Read `environment.json`; raises what the module `formats` says."""
        return formats.read_mapping(self.path / "environment.json")

    def write_history(self, history: list[dict[str, Any]]) -> None:
        """Write all epochs so far."""
        atomic.write_text(self.path / "history.jsonl", "".join(map(formats.line, history)))

    def append_history(self, record: Mapping[str, Any]) -> None:
        """Add one epoch, flushed to the disk."""
        with (self.path / "history.jsonl").open("a", encoding="utf-8") as file:
            file.write(formats.line(record))
            file.flush()
            os.fsync(file.fileno())

    def read_history(self) -> list[Record]:
        """Read all epochs; raises what the module `formats` says."""
        return formats.read_history(self.path / "history.jsonl")
