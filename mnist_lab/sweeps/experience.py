"""How long runs take on this machine, estimated from finished runs."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from math import log
from statistics import median

from mnist_lab.runs import Measured
from mnist_lab.system.hardware import processor_model

LATEST = 20
"""Number of latest runs that count, since they best reflect how busy the machine is."""
FEWEST_EPOCHS = 3
"""Number of epochs from which the median one does not include compiling, which the first does."""
NEAREST = 3
SIMILAR = log(2)
"""Largest difference between the logarithms of two networks' work per image at which one predicts the other's time."""


@dataclass(frozen=True)
class Experience:
    """The latest finished runs on this machine with the same backend, device and number of threads."""

    runs: tuple[Measured, ...]

    @classmethod
    def of(cls, finished: Iterable[Measured], *, backend: str, device: str, threads: int) -> "Experience":
        """Return the experience from those `finished` runs that were trained on this machine.

        The machine is recognized by the model and number of its processors.
        """
        machine = {"processor": processor_model(), "processors": os.cpu_count()}
        here = machine | {"backend": backend, "device": device, "threads": threads}
        known = [run for run in finished if all(run.environment.get(name) == value for name, value in here.items())]
        return cls(tuple(sorted(known, key=lambda run: run.run.finished)[-LATEST:]))

    def of_same(self, *fingerprints: str | None) -> float | None:
        """Return the median duration, in seconds, of the runs with one of these fingerprints."""
        return _median(run.seconds.total for run in self.runs if run.run.fingerprint in fingerprints)

    def of_similar(self, flops: int, images: int) -> float | None:
        """Return the duration, in seconds, estimated from the runs with the most similar work per image.

        Both `flops` and `images` are those of all epochs together.
        """
        known = [(_distance(run, flops / images), run) for run in self._telling if run.flops and flops]
        near = sorted((pair for pair in known if pair[0] <= SIMILAR), key=lambda pair: pair[0])[:NEAREST]
        rate = _median(run.median_training_seconds / (run.flops or 1) for _, run in near)
        return None if rate is None else flops * rate + (self.overhead or 0)

    @property
    def overhead(self) -> float | None:
        """Median seconds of a run besides its epochs: building, compiling, testing, plotting."""
        return _median(run.seconds.total - run.median_training_seconds for run in self._telling)

    @property
    def _telling(self) -> list[Measured]:
        """The runs that tell how long an epoch takes."""
        return [run for run in self.runs if run.epochs >= FEWEST_EPOCHS]


def _distance(run: Measured, flops_per_image: float) -> float:
    return abs(log((run.flops or 1) / (run.epochs * run.dataset.train)) - log(flops_per_image))


def _median(values: Iterable[float]) -> float | None:
    known = list(values)
    return median(known) if known else None
