"""The part of the project's README that tells how fast mnist-lab is, from `results.json`."""

from collections.abc import Sequence

from benchmarks.data import MNIST
from benchmarks.nets import CONTENDERS, REFERENCE
from benchmarks.plan import SWEEPERS
from benchmarks.report import trainings
from benchmarks.store import Store
from benchmarks.summary import Family, Table, families, tables
from evidence.blocks import put
from mnist_lab.analysis.wording import count
from mnist_lab.report.markdown import table


def in_project_readme(text: str, store: Store) -> str:
    """The project's README with what has been measured; nothing stands there of other data than MNIST."""
    return put(text, "speed", block(store), by="make bench")


def block(store: Store) -> str:
    """The family and the nets, each for the most epochs it was measured with; on the CPU, else on the GPU."""
    nets = [one for one in tables(store) if one.data == MNIST]
    swept = [one for one in families(store) if one.data == MNIST]
    devices = {one.device for one in (*nets, *swept)}
    if not devices:
        return ""
    device = min(devices)
    longest = {one.net: one for one in nets if one.device == device}  # they come in the order of their epochs
    lines = [_machine(store, device)]
    if family := next((one for one in reversed(swept) if one.device == device), None):
        lines += ["", *_family(family)]
    if longest:
        lines += ["", *_nets(list(longest.values()))]
    return "\n".join(lines)


def _machine(store: Store, device: str) -> str:
    machine, versions = store.machine, store.machine["versions"]
    where = machine["gpu"] if device == "gpu" else f"{machine['cpus']} processors ({machine['processor']})"
    software = [f"{title} {versions[name]}" for name, title in _SOFTWARE.items() if name in versions]
    return (
        f"How long that takes beside plain Keras scripts on TensorFlow, measured on {where} with "
        f"{', '.join(software)}: "
        "the median of the repeats with the lowest and the highest, and where there is but one number it was measured "
        "once. Every contender, accuracy and repeat is in [benchmarks/RESULTS.md](benchmarks/RESULTS.md)."
    )


_SOFTWARE = {"keras": "Keras", "tensorflow": "TensorFlow", "jax": "JAX"}


def _family(family: Family) -> list[str]:
    headings = [
        f"{trainings()}, {count(family.epochs, 'epoch')} each", "seconds", "times as fast", "mean test accuracy",
    ]  # fmt: skip
    rows = [
        [row.contender, row.seconds.text(0), row.faster.text(2) if row.faster else "", row.accuracy.text(4)]
        for row in family.rows
    ]
    return table(headings, rows, numbers=range(1, len(headings)))


def _nets(nets: Sequence[Table]) -> list[str]:
    """Seconds of an epoch of the script, and how many times as fast an epoch of mnist-lab is."""
    ours = [name for name in SWEEPERS if name != REFERENCE]
    headings = ["an epoch of", "script, seconds", *(f"{CONTENDERS[name].title}: times as fast" for name in ours)]
    rows = []
    for one in nets:
        script = one.row(REFERENCE)
        ratios = [(row := one.row(name)) and row.faster for name in ours]
        rows.append(
            [
                f"`{one.net}`",
                script.epoch.text(2) if script else "",
                *(ratio.text(2) if ratio else "" for ratio in ratios),
            ]
        )
    return table(headings, rows, numbers=range(1, len(headings)))
