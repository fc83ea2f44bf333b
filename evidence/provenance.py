"""Where the runs come from: how the test images were used, the machines, and how to repeat a run."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from evidence.comparison import Comparison
from evidence.writeups import short
from mnist_lab.reports import wording
from mnist_lab.runs import Run

FROM_ROOT = "results/published/"
"""Where the evidence is, from the project's README."""


def test_images(compared: Sequence[Comparison]) -> list[str]:
    """What is to be known of seeds and of the test images, a point each."""
    runs = [run for one in compared for run in one.runs]
    seeds = {
        row.experiment.name: row.group.seeds
        for one in compared
        for row in one.done
        if row.group and row.group.seeds != tuple(range(1, row.n + 1))
    }
    text = (
        "The recipes are the published ones; what a write-up leaves open, and where ours departs from it, stands in "
        "the configuration. No seed was chosen by its result: every experiment has the seeds 1 to n"
    )
    if seeds:
        some = (f"`{short(name)}` {', '.join(map(str, which))}" for name, which in seeds.items())
        text += f", but for {'; '.join(some)}"
    text += "."
    lines = [text]
    lines += [f"{one.writeup.title}: {' '.join(wording.reuse(one.section.reuse))}" for one in compared if one.section]
    lines.append(
        f"All {len(runs):,} runs share the same 10,000 test images, as the write-ups do, so these numbers say nothing "
        "about other digits: the interval for another choice of test images is in `report.md`."
    )
    return lines


def machines(compared: Sequence[Comparison]) -> list[list[str]]:
    """What the runs were trained on and with, a row each."""
    by_machine: dict[tuple[str, ...], list[Run]] = {}
    for run in (run for one in compared for run in one.runs):
        by_machine.setdefault(_machine(run.measured.environment), []).append(run)
    rows = []
    for machine, runs in sorted(by_machine.items()):
        writeup = Counter(run.measured.run.experiment.partition("/")[0] for run in runs)
        rows.append([str(len(runs)), ", ".join(f"{name} {n}" for name, n in sorted(writeup.items())), *machine])
    return rows


def _machine(environment: dict[str, Any]) -> tuple[str, ...]:
    backend = environment.get("backend", "")
    devices = ", ".join(environment.get("devices") or [environment.get("device", "")])
    where = f"{devices}, {environment['processor']}" if environment.get("processor") else devices
    versions = [environment.get(name) for name in ("python", "keras", "numpy")]
    commit = str(environment.get("git_commit") or "not recorded")[:7]
    dirty = ", with changes that were not committed" if environment.get("git_dirty") else ""
    return (
        f"{backend} {environment.get(backend, '')}".strip(),
        where,
        str(environment.get("threads", "")),
        ", ".join(str(version) for version in versions if version),
        str(environment.get("platform", "")),
        f"{environment.get('mnist_lab', '')}, {commit}{dirty}",
    )


def example(compared: Sequence[Comparison]) -> str | None:
    """The path of a run's folder; None if nothing was run."""
    run = next((run for one in compared for run in one.runs), None)
    return run and f"{FROM_ROOT}{run.measured.run.experiment}/{run.folder.id}"
