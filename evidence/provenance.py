"""Where the runs come from: how the test images were used, the machines, and how to repeat a run."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from evidence.comparison import Comparison
from evidence.writeups import short
from mnist_lab.report.digest import looks
from mnist_lab.report.markdown import table
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
    lines += [f"{one.writeup.title}: {' '.join(looks(one.chapter.looks))}" for one in compared if one.chapter]
    lines.append(
        f"All {len(runs):,} runs share the same 10,000 test images, as the write-ups do, so these numbers say nothing "
        "about other digits: the interval for another choice of test images is in `report.md`."
    )
    return lines


def machines(compared: Sequence[Comparison]) -> list[str]:
    """What the runs were trained on and with, a row each."""
    by_machine: dict[tuple[str, ...], list[Run]] = {}
    for run in (run for one in compared for run in one.runs):
        by_machine.setdefault(_machine(run.measured.environment), []).append(run)
    rows = []
    for machine, runs in sorted(by_machine.items()):
        writeup = Counter(run.measured.run.experiment.partition("/")[0] for run in runs)
        rows.append([str(len(runs)), ", ".join(f"{name} {n}" for name, n in sorted(writeup.items())), *machine])
    headings = ["Runs", "Of", "Backend", "Device", "Threads", "Python, Keras, NumPy", "Platform", "mnist-lab, commit"]
    lines = table(headings, rows, numbers=[0, 4])
    return [
        *lines,
        "",
        "The times in `metrics.json` and in the reports say what it took there, beside whatever else that machine did; "
        "[the benchmarks](../../benchmarks/) are where times are compared. "
        "Each run's `environment.json` says where it ran.",
    ]


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


def repeat(compared: Sequence[Comparison]) -> list[str]:
    """How to repeat a run, with one that is there."""
    runs = [run for one in compared for run in one.runs]
    if not runs:
        return ["Nothing was run yet."]
    run = runs[0]
    path = f"{FROM_ROOT}{run.measured.run.experiment}/{run.folder.id}"
    return [
        "Every run folder has the `config.yaml` that repeats it, bit for bit on the same machine and versions:",
        "",
        "```console",
        f"mnist-lab reproduce {path}",
        f"mnist-lab run {path}/config.yaml --results again",
        "```",
        "",
        "`reproduce` says whether the result is the same to the bit, within noise or different, and what has changed "
        "since. From the top of a checkout, `make results` writes all that is in this folder beside the runs anew "
        "without training, and `make results IMPORT=results` first takes over finished runs from there.",
    ]
