"""RESULTS.md: every number of it is from results.json."""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

from benchmarks import ablation, growth
from benchmarks.contenders import CONTENDERS, REFERENCE
from benchmarks.nets import NETS
from benchmarks.store import Store
from benchmarks.summary import Measurement, Table, families, line, tables
from mnist_lab.analysis.wording import count
from mnist_lab.report.markdown import table as markdown_table

NONE = "not measured yet"


def text(store: Store) -> str:
    """The whole report."""
    parts = [_head(store), *_nets(store), _ablation(store), _growth(store)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(store: Store) -> str:
    machine = store.machine
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    gpu = f", {machine['gpu']}" if machine["gpu"] else ""
    when = sorted(one["when"][:10] for one in store.measurements)
    lines = [
        "# How fast mnist-lab is",
        "Written by `make bench`; [`results.json`](results.json) holds every measurement, and [`LOG.md`](LOG.md) says "
        "what was tried.",
        f"- **Machine:** {machine['cpus']} processors ({machine['processor']}), {machine['memory_gb']:g} GB{gpu}, "
        f"{machine['system']}; Python {machine['python']}, {versions}.\n"
        f"- **Peak:** {_peak(store)}\n"
        f"- **Data:** {_data(store)}\n"
        f"- **Measured:** {_dates(when)}, {_code(store)}.\n"
        f"- **Quiet?** {_quiet(store)}",
        "An epoch is training and validation, the median of a process's epochs without the first, which compiles; the "
        "checkpoint that mnist-lab writes after each is in the whole process. A whole process is everything from the "
        "shell's point of view: the imports, the data, the training, the test and the files. The scripts and the loop "
        "leave two plots and the saved model, mnist-lab leaves its run folder. Contenders took turns; a time is the "
        "median of the repeats with the lowest and the highest, a ratio is taken repeat by repeat. A repeat is a "
        "seed; by the choice of 10,000 test images alone an accuracy of 0.98 is uncertain by 0.003. The floor is the "
        "arithmetic of an epoch's training (a multiplication and an addition for each weight and place it is used at, "
        "once forwards and twice backwards, and for the first layer once) at the machine's peak.",
        "The scripts validate with the batch size that they train with, as `fit` does; mnist-lab takes 512 images at a "
        "time. A CNN's script is not measured on JAX on a CPU, where convolutions are slow (`LOG.md`).",
    ]
    return "\n\n".join(lines)


def _peak(store: Store) -> str:
    if not store.peaks:
        return NONE + "."
    attempts = count(len(store.peaks), "attempt")
    return f"{max(store.peaks):.0f} GFLOP/s in a float32 matrix product (the best of {attempts})."


def _data(store: Store) -> str:
    names = sorted({one["data"] for one in store.measurements})
    told = "; ".join(names) or NONE
    if all(name == "MNIST" for name in names):
        return f"{told}."
    return f"{told}. **Only accuracies on all of MNIST mean anything:** repeated digits are the same ones many times."


def _dates(days: Sequence[str]) -> str:
    if not days:
        return NONE
    return days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"


def _code(store: Store) -> str:
    commits = {(str(one.get("git_commit"))[:9], one.get("git_dirty")) for one in store.measurements}
    if not commits:
        return "of no commit"
    names = sorted(f"`{commit}`{' with changes' if dirty else ''}" for commit, dirty in commits)
    several = " (measurements of different code: `--fresh` makes them of one)" if len(names) > 1 else ""
    return f"of {', '.join(names)}{several}"


def _quiet(store: Store) -> str:
    others = [one["others"] for one in store.of("nets") if one.get("others") is not None]
    if not others:
        return "Not known."
    busy = f"Other processes took {median(others):.2f} processors while a net was measured (median), at most "
    verdict = "" if max(others) < 0.25 else " **The machine was not quiet: trust the ratios more than the seconds.**"
    return f"{busy}{max(others):.2f}.{verdict}"


def _nets(store: Store) -> Iterator[str]:
    found = tables(store)
    for device, title in (("cpu", "On the CPU"), ("gpu", "On the GPU")):
        own = [table for table in found if table.device == device]
        yield f"## {title}"
        if not own:
            none = " There was no GPU." if device == "gpu" and not store.machine["gpu"] else ""
            yield f"{NONE.capitalize()}.{none}"
            continue
        yield f"![Seconds per epoch of each contender {title[0].lower() + title[1:]}](speed_{device}.png)"
        yield _overview(own)
        for table in own:
            yield _detail(table, several_data=len({table.data for table in found}) > 1)


def _overview(found: Sequence[Table]) -> str:
    """Seconds per epoch of everybody; in brackets how many times as fast as the Keras script on TensorFlow."""
    present = [name for name in CONTENDERS if any(table.row(name) for table in found)]
    header = ["net", *(CONTENDERS[name].title for name in present), "floor"]
    body = []
    for table in found:
        cells = [f"`{table.net}`, {count(table.epochs, 'epoch')}"]
        for name in present:
            row = table.row(name)
            times = f" (**{row.faster.median:.2f}x**)" if row and row.faster else ""
            cells.append(f"{row.epoch.median:.3g}{times}" if row else "")
        body.append([*cells, f"{table.floor:.2g}" if table.floor else ""])
    title = f"Seconds per epoch, and in brackets how many times as fast as the {CONTENDERS[REFERENCE].title}:"
    return f"{title}\n\n{_table(header, body)}"


def _detail(table: Table, *, several_data: bool) -> str:
    header = [
        "contender", "s per epoch", "times as fast", "as the script on its backend", "times the floor",
        "whole process, s", "of the script's", "start-up, s", "peak memory, MB", "test accuracy", "repeats",
    ]  # fmt: skip
    body = [
        [
            row.contender,
            row.epoch.text(3),
            row.faster.text(2) if row.faster else "",
            row.faster_than_own.text(2) if row.faster_than_own else "",
            f"{row.epoch.median / table.floor:.1f}" if table.floor else "",
            row.whole.text(1),
            row.share.text(2) if row.share else "",
            row.startup.text(1),
            f"{row.peak_mb.high:.0f}",
            row.accuracy.text(4),
            str(row.epoch.count),
        ]
        for row in table.rows
    ]
    net = NETS[table.net]
    recipe = "" if table.epochs == net.recipe_epochs else f" of the recipe's {net.recipe_epochs}"
    data = f", {table.data}" if several_data else ""
    floor = f" The floor is {table.floor:.2g} s an epoch." if table.floor else ""
    once = _once([row.epoch.count for row in table.rows])
    title = f"### `{table.net}`, {count(table.epochs, 'epoch')}{recipe}{data}"
    return f"{title}\n\nConfiguration `{net.config}`.{floor}{once}\n\n{_table(header, body)}"


def _ablation(store: Store) -> str:
    title = f"## A family: {trainings()}"
    found = families(store)
    if not found:
        return f"{title}\n\n{NONE.capitalize()}."
    shown = [
        title,
        "The plain scripts run one after the other, each in a process of its own; the sweep is one command.",
    ]
    for family in found:
        header = ["contender", "seconds", "times as fast", "mean test accuracy", "repeats"]
        body = [
            [
                row.contender,
                row.seconds.text(0),
                row.faster.text(2) if row.faster else "",
                row.accuracy.text(4),
                str(row.seconds.count),
            ]
            for row in family.rows
        ]
        length = "" if family.epochs == ablation.RECIPE_EPOCHS else f" of the recipe's {ablation.RECIPE_EPOCHS}"
        weigh = " The fewer the epochs, the more start-up weighs, which a sweep pays once." if length else ""
        once = _once([row.seconds.count for row in family.rows])
        about = f"{count(family.epochs, 'epoch')}{length}, {family.data}, on the {family.device}.{weigh}{once}"
        shown.append(f"{about}\n\n{_table(header, body)}")
    return "\n\n".join(shown)


def trainings() -> str:
    """What the family is."""
    return f"the {len(ablation.EXPERIMENTS)} trainings of `configs/ablation/`"


def _once(counts: Sequence[int]) -> str:
    """That a single measurement has no spread, where there is one."""
    if 1 not in counts:
        return ""
    which = "All was measured once" if set(counts) == {1} else "Where it says 1 repeat, it was measured once"
    return f" {which}: how far another measurement would be from it is not known."


def _growth(store: Store) -> str:
    shown = ["## Growth: what more costs"]
    series = growth_series(store)
    if not series:
        return f"{shown[0]}\n\n{NONE.capitalize()}."
    shown.append("![Time against rows, epochs and runs, with the straight line through each](growth.png)")
    body = []
    for what, found in series.items():
        x, y = [one["size"] for one in found], growth_seconds(found)
        fit = line(x, y)
        kind = "training" if what != "runs" else "whole process"
        slope = f"{fit.slope * 1000:.4g} ms" if fit else "too few points for a line"
        start, straight = (f"{fit.intercept:.2f} s", f"{fit.r2:.4f}") if fit else ("", "")
        body.append([growth.UNITS[what], kind, _points(x, y), slope, start, straight])
    shown.append(_table(["against", "seconds of", "points", "each more costs", "at zero", "R²"], body))
    shown.append(_memory(store))
    return "\n\n".join(part for part in shown if part)


def growth_series(store: Store) -> dict[str, list[Measurement]]:
    """The measurements of each kind of growth, by size; of several devices or data the first."""
    series: dict[str, list[Measurement]] = {}
    for what in growth.SIZES:
        found = list(store.of("growth", subject=what))
        if found:
            like = {key: found[0][key] for key in ("data", "device")}
            same = [one for one in found if all(one[key] == value for key, value in like.items())]
            series[what] = sorted(same, key=lambda one: one["size"])
    return series


def growth_seconds(found: Sequence[Measurement]) -> list[float]:
    """Seconds of each: of the training where there is one, else of the whole process."""
    return [one.get("train_seconds", one["seconds"]) for one in found]


def _memory(store: Store) -> str:
    told = []
    nets = [one for one in store.of("nets", subject="mlp_512") if CONTENDERS[one["contender"]].kind == "lab"]
    if nets:
        most = max(nets, key=lambda one: one["peak_mb"])
        told.append(
            f"Peak memory of `mnist-lab run mlp_512`: {most['peak_mb']:.0f} MB ({CONTENDERS[most['contender']].title})."
        )
    if sweeps := list(store.of("growth", subject="runs")):
        largest: dict[str, Any] = max(sweeps, key=lambda one: one["size"])
        memory, handles = largest["parent_mb"], largest["handles"]
        early = min(10, len(memory)) - 1
        told.append(
            f"A sweep of {count(len(memory), 'run')}: its steering process takes {memory[early]:.1f} MB after "
            f"{count(early + 1, 'run')} and {memory[-1]:.1f} MB after all (at most {max(memory):.1f}), with "
            f"{handles[early]} and {handles[-1]} open files, and {largest['children']} child processes when it is done "
            "(the fork server and its resource tracker, which end with it)."
        )
    return "\n\n".join(told)


def _points(x: Sequence[float], y: Sequence[float]) -> str:
    return ", ".join(f"{size:,}: {seconds:.1f} s" for size, seconds in zip(x, y, strict=True))


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(markdown_table(headings, rows, numbers=range(1, len(headings))))
