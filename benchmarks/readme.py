"""The block on speed in the project's README, from `results.json`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.contenders import CONTENDERS, REFERENCE
from benchmarks.data import MNIST
from benchmarks.nets import NETS
from benchmarks.plan import SWEEPERS
from benchmarks.report import trainings
from benchmarks.store import Store
from benchmarks.summary import Family, Table, families, tables
from tools.markdown import put, render

TEMPLATE = Path(__file__).parent / "templates" / "speed.md.jinja"
OURS = [name for name in SWEEPERS if CONTENDERS[name].kind == "lab"]
SOFTWARE = {"keras": "Keras", "tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


def in_project_readme(text: str, store: Store) -> str:
    """Return the project's README with the measurements on MNIST."""
    return put(text, "speed", block(store), by="make bench")


def block(store: Store) -> str:
    """Return the sweep and the networks, each for the largest number of epochs measured; on the CPU, else the GPU."""
    nets = [one for one in tables(store) if one.data == MNIST]
    swept = [one for one in families(store) if one.data == MNIST]
    devices = {one.device for one in (*nets, *swept)}
    if not devices:
        return ""
    device = min(devices)
    longest = {one.net: one for one in nets if one.device == device}  # they come in the order of their epochs
    family = next((one for one in reversed(swept) if one.device == device), None)
    machine, versions = store.machine, store.machine["versions"]
    return render(
        TEMPLATE,
        where=machine["gpu"] if device == "gpu" else f"{machine['cpus']} cores ({machine['processor']})",
        software=[f"{SOFTWARE[name]} {versions[name]}" for name in ("keras", "tensorflow", "jax") if name in versions],
        trainings=trainings(),
        family=family and _family(family),
        kinds=list(_kinds(list(longest.values()))),
    ).strip()


def _family(family: Family) -> dict[str, Any]:
    scripts = next((row for row in family.rows if row.name == REFERENCE), None)
    others = [
        {
            "on": _backend(row.name),
            "seconds": f"{row.seconds.median:.0f}",
            "speedup": f"{row.speedup.median:.2f}",
            "on_own": row.speedup_on_own and f"{row.speedup_on_own.median:.2f}",
            "accuracy": f"{row.accuracy.median:.4f}",
            "failed": list(row.failed),
            "ours": row.name in OURS,
        }
        for row in family.rows
        if row.speedup
    ]
    return {
        "epochs": family.epochs,
        "scripts": scripts and f"{scripts.seconds.median:.0f}",
        "accuracy": scripts and f"{scripts.accuracy.median:.4f}",
        "whole": [row for row in others if not row["ours"]],
        "sweeps": [row for row in others if row["ours"]],
    }


def _kinds(nets: Sequence[Table]) -> Iterator[dict[str, Any]]:
    """For dense networks and for CNNs: the range of speedups of each backend."""
    for noun, convolves in (("dense network", False), ("CNN", True)):
        chosen = [one for one in nets if NETS[one.net].convolves == convolves]
        speedups = {
            _backend(name): [row.speedup.median for one in chosen if (row := one.row(name)) and row.speedup]
            for name in OURS
        }
        ranges = {backend: _range(found) for backend, found in speedups.items() if found}
        if ranges:
            yield {"noun": noun, "ranges": ranges, "nets": [one.net for one in chosen]}


def _backend(contender: str) -> str:
    return SOFTWARE[str(CONTENDERS[contender].backend)]


def _range(speedups: Sequence[float]) -> str:
    low, high = f"{min(speedups):.2f}", f"{max(speedups):.2f}"
    return low if low == high else f"{low} to {high}"
