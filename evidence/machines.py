"""Where runs were trained: one row per machine and set of versions."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from mnist_lab.runs import Run

HEADINGS = (
    "Runs",
    "Experiments",
    "Backend",
    "Device",
    "Threads",
    "Python, Keras, NumPy",
    "Platform",
    "mnist-lab, commit",
)
"""Headings of the table; runs and threads are numbers."""


def write_up(run: Run) -> str:
    """Return the folder of a run's experiment."""
    return run.measured.run.experiment.partition("/")[0]


def machines(runs: Sequence[Run], *, label: Callable[[Run], str] = write_up) -> list[list[str]]:
    """Return the machines and versions that the runs were trained with, one per row, under `HEADINGS`.

    Args:
        runs: in any order.
        label: names what a run belongs to.
    """
    by_machine: dict[tuple[str, ...], list[Run]] = {}
    for run in runs:
        by_machine.setdefault(_machine(run.measured.environment), []).append(run)
    rows = []
    for machine, own in sorted(by_machine.items()):
        names = Counter(map(label, own))
        rows.append([str(len(own)), ", ".join(f"{name} {n}" for name, n in sorted(names.items())), *machine])
    return rows


def _machine(environment: dict[str, Any]) -> tuple[str, ...]:
    backend = environment.get("backend", "")
    devices = ", ".join(environment.get("devices") or [environment.get("device", "")])
    where = f"{devices}, {environment['processor']}" if environment.get("processor") else devices
    versions = [environment.get(name) for name in ("python", "keras", "numpy")]
    commit = str(environment.get("git_commit") or "not recorded")[:7]
    dirty = ", with uncommitted changes" if environment.get("git_dirty") else ""
    return (
        f"{backend} {environment.get(backend, '')}".strip(),
        where,
        str(environment.get("threads", "")),
        ", ".join(str(version) for version in versions if version),
        str(environment.get("platform", "")),
        f"{environment.get('mnist_lab', '')}, {commit}{dirty}",
    )
