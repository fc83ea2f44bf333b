"""`results.json`: the machine and all measurements, written after each, so that an interrupted benchmark resumes."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mnist_lab.errors import InputError
from mnist_lab.system import atomic


@dataclass(frozen=True)
class Job:
    """One thing to measure.

    Attributes:
        part: `nets`, `ablation` or `growth`.
        subject: the network; `ablation`; or what grows.
        contender: name of the contender.
        size: number of epochs; for `growth`, number of what grows.
        repeat: number from 1; also the seed.
        data: name of the data.
        device: `cpu` or `gpu`.
    """

    part: str
    subject: str
    contender: str
    size: int
    repeat: int
    data: str
    device: str


class Store:
    """The measurements in one file, from `machine`; None accepts the machine of the file.

    Raises:
        InputError: the file is from another machine or other versions, or is damaged.
    """

    def __init__(self, path: Path, machine: dict[str, Any] | None = None) -> None:
        self.path = path
        self.machine = machine or {}
        self.peaks: list[float] = []
        self.measurements: list[dict[str, Any]] = []
        if path.exists():
            self._read()

    def missing(self, jobs: list[Job]) -> list[Job]:
        """Return the jobs that have not been measured."""
        done = {self._job(measurement) for measurement in self.measurements}
        return [job for job in jobs if job not in done]

    def add(self, job: Job, measured: dict[str, Any]) -> None:
        """Keep a measurement."""
        self.measurements.append(asdict(job) | measured)
        self._write()

    def add_peak(self, gigaflops: float) -> None:
        """Keep the machine's peak; the largest counts."""
        self.peaks.append(gigaflops)
        self._write()

    def of(self, part: str, **like: Any) -> Iterator[dict[str, Any]]:
        """Yield the measurements of a part that have these values."""
        for measurement in self.measurements:
            if measurement["part"] == part and all(measurement[key] == value for key, value in like.items()):
                yield measurement

    @staticmethod
    def _job(measurement: dict[str, Any]) -> Job:
        return Job(**{name: measurement[name] for name in Job.__dataclass_fields__})

    def _read(self) -> None:
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            machine, self.peaks, self.measurements = kept["machine"], kept["matmul_gflops"], kept["measurements"]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{self.path}: not a file of measurements ({error}).", "Use --fresh.") from None
        if self.machine:
            # Installing or removing one package does not affect the times of the others.
            versions, now = machine["versions"], self.machine["versions"]
            machine = machine | {"versions": now | versions}
            self.machine = self.machine | {"versions": versions | now}
        else:
            self.machine = machine
        if machine != self.machine:
            other = [key for key in self.machine if machine.get(key) != self.machine[key]]
            raise InputError(
                f"{self.path}: measured on another machine or with other versions; different: {', '.join(other)}. "
                "Their seconds are not comparable.",
                "Use --fresh to measure everything again, or another --out.",
            )

    def _write(self) -> None:
        kept = {"machine": self.machine, "matmul_gflops": self.peaks, "measurements": self.measurements}
        atomic.write_text(self.path, json.dumps(kept, indent=1) + "\n")
