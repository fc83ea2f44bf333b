"""The part of the project's README that tells how fast mnist-lab is, from `results.json`."""

from collections.abc import Iterator, Sequence

from benchmarks.contenders import CONTENDERS, REFERENCE
from benchmarks.data import MNIST
from benchmarks.nets import NETS
from benchmarks.plan import SWEEPERS
from benchmarks.report import trainings
from benchmarks.store import Store
from benchmarks.summary import Family, Table, families, tables
from mnist_lab.analysis.wording import count
from mnist_lab.report.markdown import table
from tools.blocks import put


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
    about = (
        "The scripts run one after the other, each in a process that imports TensorFlow anew, as they do by hand; the "
        "sweep imports it once and trains as many runs side by side as there are processors."
    )
    return [*table(headings, rows, numbers=range(1, len(headings))), "", about]


def _nets(nets: Sequence[Table]) -> list[str]:
    """An epoch of the script, how many times as fast one of mnist-lab is, accuracies; then what the table has not."""
    ours = [name for name in SWEEPERS if name != REFERENCE]
    headings = [
        "an epoch of", "script, seconds", *(f"{CONTENDERS[name].title}: times as fast" for name in ours),
        "test accuracy: script, then ours",
    ]  # fmt: skip
    rows = []
    for one in nets:
        script, runs = one.row(REFERENCE), [one.row(name) for name in ours]
        rows.append(
            [
                f"`{one.net}`",
                script.epoch.text(2) if script else "",
                *(row.faster.text(2) if row and row.faster else "" for row in runs),
                ", ".join(f"{row.accuracy.median:.4f}" for row in (script, *runs) if row),
            ]
        )
    return [*table(headings, rows, numbers=range(1, len(headings))), "", " ".join(_besides(nets))]


def _besides(nets: Sequence[Table]) -> Iterator[str]:
    yield f"Accuracies are medians after so many epochs: {', '.join(f'`{one.net}` {one.epochs}' for one in nets)}."
    shares = [
        f"`mnist-lab run {one.net}` {row.share.text(2)}"
        for one in nets
        if (row := one.row("lab-tensorflow")) and row.share and not NETS[one.net].convolves
    ]
    if shares:
        yield (
            "As a whole process, imports, plots and files included, a run on TensorFlow takes so much of its script's "
            f"time: {', '.join(shares)}."
        )
    halves = [
        f"`{one.net}` {row.faster.text(2)} (test accuracy {row.accuracy.median:.4f})"
        for one in nets
        if (row := one.row("lab-bfloat16")) and row.faster
    ]
    if halves:
        yield (
            "With `precision: mixed_bfloat16` an epoch on TensorFlow is so many times as fast as the script's: "
            f"{', '.join(halves)}."
        )
