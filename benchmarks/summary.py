"""The numbers of the report, from measurements: medians with their spread, ratios, floors, fitted lines."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import Any

import numpy as np

from benchmarks.contenders import CONTENDERS, REFERENCE, Contender
from benchmarks.nets import NETS, Net
from benchmarks.store import Store

Measurement = dict[str, Any]
ByRepeat = dict[int, Measurement]


@dataclass(frozen=True)
class Spread:
    """The median of some values, the lowest and the highest."""

    median: float
    low: float
    high: float
    count: int

    def text(self, digits: int) -> str:
        """`1.32 (1.30 to 1.41)`; a single value alone."""
        middle = f"{self.median:.{digits}f}"
        return middle if self.count == 1 else f"{middle} ({self.low:.{digits}f} to {self.high:.{digits}f})"


def spread(values: Sequence[float]) -> Spread:
    """Return the spread of one or more values."""
    return Spread(median(values), min(values), max(values), len(values))


@dataclass(frozen=True)
class Row:
    """One contender on one network.

    Attributes:
        contender: its title.
        name: its name.
        epoch: seconds per epoch.
        speedup: speedup per epoch over the Keras script on TensorFlow, repeat by repeat; None for the script itself.
        speedup_on_own: the same over the Keras script on its own backend; None if that is the same script.
        whole: seconds of the whole process.
        relative_time: time of the whole process divided by the Keras script's, repeat by repeat.
        startup: seconds until the first epoch begins.
        peak_mb: peak memory in 10^6 bytes.
        accuracy: test accuracy.
    """

    contender: str
    name: str
    epoch: Spread
    speedup: Spread | None
    speedup_on_own: Spread | None
    whole: Spread
    relative_time: Spread | None
    startup: Spread
    peak_mb: Spread
    accuracy: Spread


@dataclass(frozen=True)
class Table:
    """All contenders on one network, trained for the same epochs on the same data and device."""

    net: str
    epochs: int
    data: str
    device: str
    floor: float | None
    """Seconds of an epoch's arithmetic at the machine's peak; None on a GPU, whose peak is not measured."""
    rows: tuple[Row, ...]

    def row(self, contender: str) -> Row | None:
        """Return a contender's row."""
        return next((row for row in self.rows if row.name == contender), None)


FAILED = 0.1
"""How far a test accuracy is below the scripts' if a training has failed."""


@dataclass(frozen=True)
class Sweep:
    """One contender on the sweep.

    Attributes:
        contender: its title.
        name: its name.
        seconds: seconds from start-up to the last file.
        speedup: speedup over the Keras scripts, repeat by repeat; None for the scripts themselves.
        speedup_on_own: speedup of mnist-lab over the one Keras script for all on the same backend.
        accuracy: mean test accuracy of all trainings.
        failed: the test accuracies of experiments that are below the scripts' by `FAILED` in every repeat.
    """

    contender: str
    name: str
    seconds: Spread
    speedup: Spread | None
    speedup_on_own: Spread | None
    accuracy: Spread
    failed: dict[str, Spread]


@dataclass(frozen=True)
class Family:
    """All contenders on the sweep, for the same epochs on the same data and device."""

    device: str
    epochs: int
    data: str
    rows: tuple[Sweep, ...]


@dataclass(frozen=True)
class Line:
    """A least-squares line."""

    slope: float
    intercept: float
    r2: float


def line(x: Sequence[float], y: Sequence[float]) -> Line | None:
    """Return the least-squares line through three or more points; None for fewer, which a line always fits."""
    if len(set(x)) < 3:
        return None
    slope, intercept = np.polyfit(x, y, 1)
    rest = np.asarray(y) - (slope * np.asarray(x) + intercept)
    about_mean = np.asarray(y) - np.mean(y)
    return Line(float(slope), float(intercept), float(1 - (rest @ rest) / (about_mean @ about_mean)))


def epoch_seconds(measurement: Measurement) -> float:
    """Seconds of the median epoch, without the first, in which code is compiled, unless it is the only one."""
    seconds = measurement["epoch_seconds"]
    return median(seconds[1:] or seconds)


def tables(store: Store) -> list[Table]:
    """Return a table for each network, number of epochs, data and device."""
    groups: dict[tuple[str, int, str, str], list[Measurement]] = defaultdict(list)
    for measurement in store.of("nets"):
        groups[tuple(measurement[key] for key in ("subject", "size", "data", "device"))].append(measurement)
    order = list(NETS)
    return [
        Table(*key, floor=_floor(NETS[key[0]], key[3], found, store.peaks), rows=_rows(found))
        for key, found in sorted(groups.items(), key=lambda item: (item[0][3], order.index(item[0][0]), item[0][1]))
    ]


def families(store: Store) -> list[Family]:
    """Return a family for each device, number of epochs and data, in this order."""
    groups: dict[tuple[str, int, str], list[Measurement]] = defaultdict(list)
    for measurement in store.of("ablation"):
        groups[tuple(measurement[key] for key in ("device", "size", "data"))].append(measurement)
    return [Family(*key, rows=_sweeps(found)) for key, found in sorted(groups.items())]


def _measured(found: Sequence[Measurement]) -> Iterator[tuple[Contender, ByRepeat, ByRepeat]]:
    """Yield the measured contenders with their own and the reference's measurements (none for the reference itself)."""
    reference = _by_repeat(found, REFERENCE)
    for contender in CONTENDERS.values():
        if own := _by_repeat(found, contender.name):
            yield contender, own, reference if contender.name != REFERENCE else {}


def _sweeps(found: Sequence[Measurement]) -> tuple[Sweep, ...]:
    rows = []
    for contender, own, reference in _measured(found):
        whole = _by_repeat(found, _named("family", contender.backend)) if contender.kind == "lab" else {}
        rows.append(
            Sweep(
                contender.title.replace("Keras script,", "Keras scripts,").replace("mnist-lab", "mnist-lab sweep"),
                contender.name,
                seconds=spread([one["seconds"] for one in own.values()]),
                speedup=_ratios(reference, own, lambda one: one["seconds"]),
                speedup_on_own=_ratios(whole, own, lambda one: one["seconds"]),
                accuracy=spread([mean(one["test_accuracies"].values()) for one in own.values()]),
                failed=_failed(reference, own),
            )
        )
    return tuple(rows)


def _failed(reference: ByRepeat, own: ByRepeat) -> dict[str, Spread]:
    both = [(reference[repeat]["test_accuracies"], own[repeat]["test_accuracies"]) for repeat in reference.keys() & own]
    below = {
        name
        for name in (both[0][1] if both else ())
        if all(theirs[name] - ours[name] > FAILED for theirs, ours in both)
    }
    return {name: spread([ours[name] for _, ours in both]) for name in sorted(below)}


def _rows(found: Sequence[Measurement]) -> tuple[Row, ...]:
    rows = []
    for contender, own, reference in _measured(found):
        script = _named("script", contender.backend) if contender.kind == "lab" else REFERENCE
        on_own = _by_repeat(found, script) if script != REFERENCE else {}
        rows.append(
            Row(
                contender.title,
                contender.name,
                epoch=spread([epoch_seconds(one) for one in own.values()]),
                speedup=_ratios(reference, own, epoch_seconds),
                speedup_on_own=_ratios(on_own, own, epoch_seconds),
                whole=spread([one["seconds"] for one in own.values()]),
                relative_time=_ratios(own, reference, lambda one: one["seconds"]),
                startup=spread([one["startup"] for one in own.values()]),
                peak_mb=spread([one["peak_mb"] for one in own.values()]),
                accuracy=spread([one["test_accuracy"] for one in own.values()]),
            )
        )
    return tuple(rows)


def _by_repeat(found: Sequence[Measurement], contender: str) -> ByRepeat:
    return {one["repeat"]: one for one in found if one["contender"] == contender}


def _named(kind: str, backend: str | None) -> str:
    """Return the contender of a kind on a backend; the reference if there is none."""
    those = (one.name for one in CONTENDERS.values() if (one.kind, one.backend) == (kind, backend))
    return next(those, REFERENCE)


def _ratios(
    over: Mapping[int, Measurement], under: Mapping[int, Measurement], value: Callable[[Measurement], float]
) -> Spread | None:
    """Return the ratio in each repeat that both have."""
    ratios = [value(over[repeat]) / value(under[repeat]) for repeat in over if repeat in under]
    return spread(ratios) if ratios else None


def _floor(net: Net, device: str, found: Sequence[Measurement], peaks: Sequence[float]) -> float | None:
    flops = next((one["flops_per_epoch"] for one in found if "flops_per_epoch" in one), None)
    if device != "cpu" or flops is None or not peaks:
        return None
    # Of three equal parts (forward pass, gradients of weights, gradients of inputs), the first layer needs only two.
    return flops * (1 - net.first_layer / 3) / (max(peaks) * 1e9)
